// What lies at a pixel of the skin, as four words: software rasterisers pay for every picture that
// is drawn into. Metres around and up reach half a metre either way, in steps of 15 micrometres.
struct Skin {
    vec4 map;   // metres around and up, along and across the brow
    vec4 tint;  // w: scalp
    vec4 mask;  // lips, beard, shirt, lash line
};

uvec4 words_of(Skin skin) {
    return uvec4(packUnorm2x16(skin.map.xy + 0.5),
        packUnorm2x16(vec2(0.25 + 0.25 * skin.map.z, 0.5 + skin.map.w)),
        packUnorm4x8(skin.tint), packUnorm4x8(skin.mask));
}

Skin skin_of(uvec4 words) {
    vec2 brow = unpackUnorm2x16(words.y);
    vec4 map = vec4(unpackUnorm2x16(words.x) - 0.5, 4.0 * brow.x - 1.0, brow.y - 0.5);
    return Skin(map, unpackUnorm4x8(words.z), unpackUnorm4x8(words.w));
}
