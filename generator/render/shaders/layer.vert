#version 410 core
// What lies at each pixel of the head, for datasets: part, texture coordinates, normal.
#include "sample.glsl"
#include "beard.glsl"
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 map;     // metres around and up, along and across the brow
layout(location = 3) in vec4 mask_a;  // lips, inner mouth, upper lid, lower lid
layout(location = 4) in vec4 mask_b;  // lash line, brow, nose, nostril
layout(location = 5) in vec4 mask_c;  // cheek, ear, scalp, beard
layout(location = 6) in vec4 mask_d;  // moustache, neck, shirt, cavity
layout(location = 7) in vec2 uv;
out vec3 v_normal;
out vec4 v_map;
out vec4 v_place;  // lips, inner mouth, nose, ear
out vec3 v_cover;  // scalp, beard, shirt
out vec3 v_uv;     // u, v, and u with its seam in front

void main() {
    gl_Position = world_to_clip * vec4(position, 1.0);
    v_normal = normal;
    v_map = map;
    v_place = vec4(mask_a.xy, max(mask_b.z, mask_b.w), mask_c.y);
    v_cover = vec3(mask_c.z, beard_here(map.x, mask_c.w, mask_d.x), mask_d.z);
    v_uv = vec3(uv, fract(uv.x + 0.5));
}
