uniform sampler2DArray bank;  // backgrounds; RGB is the square root of radiance

// What lies at `place` of a layer, which is mirrored at its edges without end.
vec3 banked(vec2 place, float layer, float level) {
    vec2 folded = 1.0 - abs(1.0 - mod(place, 2.0));
    return textureLod(bank, vec3(folded, mod(layer, float(textureSize(bank, 0).z))), level).rgb;
}
