#version 410 core
#include "sample.glsl"
#include "tone.glsl"
#include "marks.glsl"
uniform sampler2D noise;  // slow, fine, strands, spots; each uniform in level
in vec3 v_light;
in vec3 v_gloss;
in vec4 v_strand;  // around, along, shell 0 to 1, facing
in vec2 v_ends;    // metres from the parting and to the tip
out vec4 pixel;
#ifdef WITHIN
const float KEPT = 0.5, BARE_TIPS = 0.5;  // of the light; from within one sees no sky through it
#else
const float KEPT = 1.0, BARE_TIPS = 0.95;
#endif

void main() {
    float curl = hair_shape.y;
    float lean = (seed.z - 0.5) * 0.09 * v_strand.y * v_strand.y;
    vec2 place = vec2((v_strand.x + lean) * 15.0, v_strand.y * mix(0.3, 2.0, curl)) + seed.zw;
    place.x += 0.05 * curl * sin(v_strand.y * (20.0 + 30.0 * seed.z) + 30.0 * v_strand.x);
    float lock = texture(noise, place).b;
    float fuzz = texture(noise, vec2((v_strand.x + lean) * 40.0, v_strand.y * 7.0) + seed.wz).g;
    float uneven = texture(noise, vec2((v_strand.x + lean) * 3.0, 0.2 * v_strand.y) + seed.wz).b;
    float thin = 1.0 - smoothstep(0.0, 0.008 + 0.3 * hair_ends.x, v_ends.y - hair_ends.x * uneven);
    float strands = mix(mix(lock, fuzz, 0.35), fuzz, max(0.0, curl - 0.4) * 1.2);
    strands = mix(strands, fuzz, 0.5 * thin);
    float parting = 1.0 - smoothstep(0.001, 0.0035, v_ends.x + 0.003 * fuzz);
    float bare = BARE_TIPS * thin - 0.16;
#ifndef WITHIN
    float across = min(0.4 + 1.6 * v_strand.w, 1.0);  // seen along it hair is dense
    bare += v_strand.z * across * (0.72 - 0.36 * hair.w + 0.4 * parting);
#endif
    if (strands < bare) discard;
    vec3 base = mix(hair.rgb, hair_tip.rgb, v_strand.y * v_strand.y) * (0.36 + 1.06 * strands) * (0.75 + 0.5 * uneven);
    base = mix(base, 0.6 * albedo.rgb, 0.7 * parting);
    vec3 shine = v_gloss * hair_tip.w * 0.15 * (strands * strands) * (1.0 - 0.7 * curl);
    pixel = vec4(developed(KEPT * (base * v_light + shine * (0.3 + hair_tip.rgb))), MARK_HAIR);
}
