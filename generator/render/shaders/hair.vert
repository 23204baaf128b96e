#version 410 core
// Shells of one strand grid: instance 0 is farthest out, so that it hides the others cheaply. Or,
// WITHIN, the inner side of that one.
#include "sample.glsl"
#include "light.glsl"
layout(location = 0) in vec3 root;
layout(location = 1) in vec3 outward;
layout(location = 2) in vec3 normal;
layout(location = 3) in vec3 tangent;  // from root to tip
layout(location = 4) in vec2 ends;     // metres from the parting and to the tip
layout(location = 5) in vec2 strand;   // around in turns, 0 at the root to 1 at the tip
const float SHELLS = 4.0;
const float DEEP = 0.016;  // metres between the outermost shell and the innermost, at most
out vec3 v_light;
out vec3 v_gloss;
out vec4 v_strand;  // around, along, shell 0 to 1, facing
out vec2 v_ends;

void main() {
    float shell = max(SHELLS - 1.0 - float(gl_InstanceID) + 0.3, 0.0) / (SHELLS - 0.7);
    float off = length(outward);
    vec3 position = root + outward * (1.0 - (1.0 - shell) * min(1.0, DEEP / max(off, 1e-5)));
    gl_Position = world_to_clip * vec4(position, 1.0);
    vec3 view = normalize(camera.xyz - position);
#ifdef WITHIN
    vec3 facing = -normal;
#else
    vec3 facing = normal;
#endif
    float through = 0.5 * hair_ends.y * strand.y;  // light comes through what hangs free
    vec3 light = ambient(facing) * 0.8;
    vec3 shine = vec3(0.0);
    for (int i = 0; i < 3; ++i) {
        vec3 to_lamp = lamp_direction[i].xyz;
        float cosine = dot(facing, to_lamp);
        float lit = wrapped(max(cosine, -through * cosine), lamp_direction[i].w + 0.1);
        float along = dot(tangent, normalize(to_lamp + view));
        light += lamp_colour[i].rgb * lit;
        float ring = max(1.0 - along * along, 0.0);
        ring *= ring, ring *= ring, ring *= ring, ring *= ring, ring *= ring;  // to the 32nd
        shine += lamp_colour[i].rgb * lit * ring;
    }
    v_light = light * mix(0.45, 1.0, shell);
    v_gloss = shine;
    v_strand = vec4(strand, shell, dot(facing, view));
    v_ends = ends;
}
