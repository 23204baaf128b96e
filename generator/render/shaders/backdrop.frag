#version 410 core
#include "sample.glsl"
#include "tone.glsl"
uniform sampler2DArray bank;
in vec2 v_place;
out vec4 pixel;

void main() {
    float c = cos(backdrop_place.w), s = sin(backdrop_place.w);
    vec2 place = mat2(c, s, -s, c) * v_place * abs(backdrop_place.z);
    place.x *= sign(backdrop_place.z);
    float layer = mod(backdrop.x, float(textureSize(bank, 0).z));
    vec3 found = textureLod(bank, vec3(place + backdrop_place.xy, layer), backdrop.y).rgb;
    found = mix(vec3(0.35), found * found, backdrop.z);
    pixel = vec4(developed(max(found, 0.0) * backdrop_tint.rgb * backdrop.w), 1.0);
}
