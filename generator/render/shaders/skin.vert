#version 410 core
#include "sample.glsl"
#include "light.glsl"
#include "beard.glsl"
#include "rim.glsl"
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 map;     // metres around and up, along and across the brow
layout(location = 3) in vec4 mask_a;  // lips, inner mouth, upper lid, lower lid
layout(location = 4) in vec4 mask_b;  // lash line, brow, nose, nostril
layout(location = 5) in vec4 mask_c;  // cheek, ear, scalp, beard
layout(location = 6) in vec4 mask_d;  // moustache, neck, shirt, cavity
layout(location = 7) in vec4 occlusion_a;
layout(location = 8) in vec4 occlusion_b;
layout(location = 9) in vec2 last;  // of the occlusion, and the form: -1 hollow to 1 ridge
const float FORM = 0.26;  // what ridges catch of the light, and hollows lose
const float RIM_SHADE = 0.75;  // some light comes through hair
out vec4 v_light;  // w: specular
out vec4 v_tint;   // w: scalp
out vec4 v_map;
out vec4 v_mask;   // lips, beard, shirt, lash line
#ifdef SHADOW
out float v_key;   // share of the key lamp that falls on the skin where nothing hides it
out vec3 v_seen;   // the place in that lamp's clip space
#endif

// Pigment by region: what the cheek's albedo is multiplied with.
vec3 tint() {
    vec3 result = vec3(1.0);
    float flushed = face.y * (0.8 * mask_c.x + 0.7 * mask_b.z + 0.9 * mask_c.y + 0.25 * mask_a.z);
    result *= mix(vec3(1.0), vec3(1.09, 0.80, 0.84), min(flushed, 1.0));
    result *= mix(vec3(1.0), vec3(0.74, 0.66, 0.72), face.z * mask_a.w);
    result *= mix(vec3(1.0), vec3(0.88, 0.76, 0.76), mask_a.z);
    result *= mix(vec3(1.0), make_up.rgb, make_up.w * mask_a.z);
    float fold = 4.0 * mask_a.z * (1.0 - mask_a.z) * (1.0 - mask_b.x);
    result *= 1.0 - 0.65 * lid.w * fold;
    result *= mix(vec3(1.0), vec3(0.6, 0.32, 0.3), mask_a.y);
    return result * mix(1.0, 0.12, mask_b.w);
}

void main() {
    gl_Position = world_to_clip * vec4(position, 1.0);
    vec3 view = normalize(camera.xyz - position);
    float open = clamp(0.56419 * occlusion_a.x, 0.0, 1.0);  // half a sphere is fully open
    open *= 1.0 - 0.5 * mask_a.y;
    float sunken = 1.0 - smoothstep(0.25, 0.95, open);  // every light is weaker in a hollow
    float haired = 0.85 * hair_shape.z * smoothstep(0.4, 0.75, mask_c.z);  // lit as hair is
    float roofed = (1.0 - mask_d.z) * smoothstep(-0.35, -0.2, map.y) * (1.0 - haired);
    vec2 above = rim_at(map.x);
    open *= 1.0 - roofed * rim_dims(map.y, above);
    vec3 around = ambient(normal);
    vec3 light = around * (0.1 + 0.9 * open);
    float away = 1.0 - max(dot(normal, view), 0.0);
    vec3 shine = around * open * 0.6 * away * away * away * away;
    for (int i = 0; i < 3; ++i) {
        float seen = visible_towards(lamp_direction_head[i].xyz, occlusion_a, occlusion_b, last.x);
        seen = mix(1.0, seen, sky.w) * (1.0 - 0.4 * mask_a.y);
        vec3 to_lamp = lamp_direction[i].xyz;
        float wrap = lamp_direction[i].w, cosine = dot(normal, to_lamp);
        if (lamp_colour[i].w > 0.0)
            seen *= 1.0 - RIM_SHADE * roofed
                * rim_hides(map.xy, above.y, lamp_direction_head[i].xyz, cosine, wrap);
        // Light that has passed under the skin comes out red: the terminator is wider in red.
        vec3 spread = vec3(wrapped(cosine, wrap + 0.11), vec2(wrapped(cosine, wrap)));
#ifdef SHADOW
        if (i == 0) {  // its picture of the head knows better
            seen = 1.0 - 0.4 * mask_a.y;
            v_key = seen * spread.g;
        }
#endif
        light += lamp_colour[i].rgb * seen * spread;
        float facing = max(dot(normal, normalize(to_lamp + view)), 0.0);
        shine += lamp_colour[i].rgb * seen * pow(facing, gloss.y) * (gloss.y + 8.0) * 0.04;
    }
    float wet = 1.0 + 1.2 * mask_b.z + 1.5 * mask_a.x - 0.9 * mask_d.z - 0.5 * mask_c.y;
    shine *= gloss.x * 0.035 * max(wet, 0.0);
    float kept = (1.0 - 0.4 * sunken * (1.0 - mask_d.z)) * (1.0 + FORM * last.y);
    light *= kept;
#ifdef SHADOW
    v_key *= kept * (1.0 - haired);
    v_seen = (world_to_shadow * vec4(position, 1.0)).xyz;
#endif
    v_light = vec4(light, dot(shine, vec3(0.2126, 0.7152, 0.0722)));
    v_tint = vec4(tint(), mask_c.z);
    v_map = map;
    v_mask = vec4(mask_a.x, beard_here(map.x, mask_c.w, mask_d.x), mask_d.z, mask_b.x);
}
