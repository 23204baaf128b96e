#version 410 core
// kind 0 surgical mask, 1 woven cloth, 2 wool in folds, 3 plastic, 4 metal.
#include "sample.glsl"
#include "light.glsl"
#include "tone.glsl"
#include "marks.glsl"
uniform sampler2D noise;
uniform float kind;
uniform vec4 colour;
in vec3 v_world;
in vec3 v_normal;
in vec2 v_place;
out vec4 pixel;

void main() {
    vec3 view = normalize(camera.xyz - v_world);
    vec3 normal = normalize(v_normal);
    normal = dot(normal, view) < 0.0 ? -normal : normal;
    vec3 base = colour.rgb, shine = vec3(0.0);
    float weave = texture(noise, v_place * vec2(3.0, 2.0) + seed.xy).g;
    if (kind < 0.5) {
        float pleat = fract(v_place.y * 4.0 + 0.15 * v_place.x * v_place.x);
        normal = normalize(normal + vec3(0.0, 0.5 * smoothstep(0.7, 1.0, pleat) - 0.12, 0.0));
        float hem = max(step(v_place.y, 0.05), max(step(0.95, v_place.y), step(0.95, abs(v_place.x))));
        base = mix(base * (1.0 - 0.22 * smoothstep(0.86, 1.0, pleat)), vec3(0.75), 0.7 * hem);
    } else if (kind < 1.5) {
        base *= 0.85 + 0.3 * weave;
        base *= 1.0 - 0.2 * smoothstep(0.03, 0.0, abs(v_place.x));
    } else if (kind < 2.5) {
        float fold = texture(noise, vec2(v_place.x * 0.7, v_place.y * 1.6) + seed.zw).r;
        normal = normalize(normal + vec3(0.0, 1.1 * (fold - 0.5), 0.0));
        base *= (0.8 + 0.4 * weave) * (0.72 + 0.5 * fold);
    } else {
        vec3 mirrored = reflect(-view, normal);
        vec3 around = mix(ground.rgb, sky.rgb, smoothstep(-0.25, 0.35, mirrored.y));
        float spot = pow(max(dot(mirrored, lamp_direction[0].xyz), 0.0), 40.0);
        float metal = step(3.5, kind);
        shine = around * mix(vec3(0.04), base * 0.5, metal) + spot * lamp_colour[0].rgb * mix(0.5, 0.2, metal);
        base *= 1.0 - 0.9 * metal;
    }
    float mark = kind < 1.5 ? MARK_FACEWEAR : kind < 2.5 ? MARK_CLOTHES : MARK_HEADWEAR;
    pixel = vec4(developed(base * open_light(normal) * 0.95 + shine), mark);
}
