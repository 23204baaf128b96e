#version 410 core
// A sheet held between the camera and the face; its outline is cut in held.frag.
#include "sample.glsl"
#include "light.glsl"
layout(location = 0) in vec3 position;
layout(location = 1) in vec2 place;
out vec2 v_place;
out vec3 v_across;
out vec3 v_up;
out vec3 v_toward;

void main() {
    gl_Position = world_to_clip * vec4(position, 1.0);
    v_place = place;
    v_toward = normalize(camera.xyz - position);
    v_across = normalize(cross(vec3(0.0, 1.0, 0.0), v_toward));
    v_up = cross(v_toward, v_across);
}
