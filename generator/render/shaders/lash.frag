#version 410 core
#include "sample.glsl"
#include "tone.glsl"
#include "marks.glsl"
uniform sampler2D noise;
in vec3 v_world;
in vec3 v_normal;
in vec3 v_light;
in vec4 v_map;
out vec4 pixel;

void main() {
    float tip = v_map.w / (0.25 + 0.65 * lid.y) * (v_map.y < -0.001 ? 1.7 : 1.0);
    tip *= mix(2.6, 1.0, smoothstep(0.018, 0.028, abs(v_map.x)));  // short beside the nose
    float fan = v_map.x * (1.0 - 0.12 * v_map.w);
    float hairs = texture(noise, vec2(fan * 130.0, 0.04 * v_map.w) + seed.xy).b;
    if (hairs < 0.1 + 0.8 * tip) discard;
    pixel = vec4(developed(vec3(0.02, 0.014, 0.012) * v_light), MARK_LASHES);
}
