#version 410 core
#include "sample.glsl"
#include "tone.glsl"
uniform sampler2D noise;
in vec3 v_light;
in vec3 v_gloss;
in vec3 v_tint;
in vec4 v_rest;
in vec4 v_mask;
out vec4 pixel;

void main() {
    vec3 base = albedo.rgb * v_tint;
    pixel = vec4(developed(base * v_light + 0.02 * v_gloss * gloss.x), 1.0);
}
