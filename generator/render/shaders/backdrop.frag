#version 410 core
#include "sample.glsl"
#include "tone.glsl"
#include "marks.glsl"
#include "bank.glsl"
in vec2 v_place;
#ifdef PANORAMA
in vec3 v_ray;
flat in float v_span;
#endif
out vec4 pixel;

void main() {
#ifdef PANORAMA
    // as far out of focus beside the picture as a layer of which 180 texels are seen
    float level = max(backdrop.y + log2(v_span * COLUMNS / 6.2831853 / 180.0), 0.0);
    vec3 found = banked_towards(v_ray, backdrop_place.x, backdrop.x, level);
#else
    float c = cos(backdrop_place.w), s = sin(backdrop_place.w);
    vec2 place = mat2(c, s, -s, c) * v_place * abs(backdrop_place.z);
    place.x *= sign(backdrop_place.z);
    vec3 found = banked(place + backdrop_place.xy, backdrop.x, backdrop.y);
#endif
    found = mix(vec3(0.35), found * found, backdrop.z);
    pixel = vec4(developed(max(found, 0.0) * backdrop_tint.rgb * backdrop.w), MARK_NOTHING);
}
