#version 410 core
#include "sample.glsl"
#include "tone.glsl"
uniform sampler2D noise;
in vec3 v_world;
in vec3 v_normal;
in vec3 v_light;
in vec4 v_map;
out vec4 pixel;

void main() {
    float hairs = texture(noise, vec2(v_map.x * 28.0, 0.02 * v_map.w) + seed.xy).b;
    float tip = v_map.w / (0.35 + 0.65 * lid.y);
    if (hairs < 0.25 + 0.75 * tip) discard;
    pixel = vec4(developed(vec3(0.02, 0.014, 0.012) * v_light), 1.0);
}
