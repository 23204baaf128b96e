#version 410 core
#include "sample.glsl"
#include "tone.glsl"
#include "marks.glsl"
#include "bank.glsl"
in vec2 v_place;
out vec4 pixel;

void main() {
    float c = cos(backdrop_place.w), s = sin(backdrop_place.w);
    vec2 place = mat2(c, s, -s, c) * v_place * abs(backdrop_place.z);
    place.x *= sign(backdrop_place.z);
    vec3 found = banked(place + backdrop_place.xy, backdrop.x, backdrop.y);
    found = mix(vec3(0.35), found * found, backdrop.z);
    pixel = vec4(developed(max(found, 0.0) * backdrop_tint.rgb * backdrop.w), MARK_NOTHING);
}
