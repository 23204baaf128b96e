#version 410 core
#ifdef PANORAMA
#include "sample.glsl"
out vec3 v_ray;          // from the camera, in the world
flat out float v_span;   // width of the picture at a distance of one
#endif
// One triangle that covers the picture, behind everything.
out vec2 v_place;
void main() {
    vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    v_place = 0.5 * corner;
#ifdef PANORAMA
    mat4 to_world = inverse(world_to_clip);
    vec4 far = to_world * vec4(corner, 1.0, 1.0), middle = to_world * vec4(0.0, 0.0, 1.0, 1.0);
    vec4 edge = to_world * vec4(1.0, 0.0, 1.0, 1.0);
    v_ray = far.xyz / far.w - camera.xyz;
    vec3 ahead = middle.xyz / middle.w;
    v_span = 2.0 * length(edge.xyz / edge.w - ahead) / length(ahead - camera.xyz);
#endif
    gl_Position = vec4(corner, 1.0, 1.0);
}
