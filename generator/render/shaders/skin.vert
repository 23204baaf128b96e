#version 410 core
#include "sample.glsl"
#include "light.glsl"
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec3 rest;
layout(location = 3) in vec4 mask_a;  // lips, inner mouth, upper lid, lower lid
layout(location = 4) in vec4 mask_b;  // lash line, brow, nose, nostril
layout(location = 5) in vec4 mask_c;  // cheek, ear, scalp, beard
layout(location = 6) in vec4 mask_d;  // moustache, neck, shirt, cavity
layout(location = 7) in vec4 occlusion_a;
layout(location = 8) in vec4 occlusion_b;
layout(location = 9) in float occlusion_c;
out vec3 v_light;
out vec3 v_gloss;
out vec3 v_tint;
out vec4 v_rest;
out vec4 v_mask;

void main() {
    gl_Position = world_to_clip * vec4(position, 1.0);
    vec3 view = normalize(camera.xyz - position);
    float open = clamp(0.56419 * occlusion_a.x, 0.0, 1.0)  /* half a sphere is fully open */;
    vec3 light = ambient(normal) * mix(0.15, 1.0, open);
    vec3 shine = vec3(0.0);
    for (int i = 0; i < 3; ++i) {
        float seen = visible_towards(lamp_direction_head[i].xyz, occlusion_a, occlusion_b, occlusion_c);
        seen = mix(1.0, seen, sky.w);
        vec3 to_lamp = lamp_direction[i].xyz;
        light += lamp_colour[i].rgb * seen * wrapped(dot(normal, to_lamp), lamp_direction[i].w);
        float facing = max(dot(normal, normalize(to_lamp + view)), 0.0);
        shine += lamp_colour[i].rgb * seen * pow(facing, gloss.y);
    }
    v_light = light;
    v_gloss = shine;
    v_tint = vec3(1.0);
    v_rest = vec4(rest, mask_c.z);
    v_mask = vec4(mask_a.x, mask_b.y, mask_c.w, mask_d.z);
}
