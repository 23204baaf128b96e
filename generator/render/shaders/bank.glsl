uniform sampler2DArray bank;  // backgrounds; RGB is the square root of radiance
#ifdef PANORAMA
const float COLUMNS = 1024.0, MARGIN = 32.0;  // generator/environment.py

// What a layer shows of a direction in the world; `turn` about the vertical, 0 to 1.
vec3 banked_towards(vec3 d, float turn, float layer, float level) {
    float around = fract(atan(d.x, -d.z) / 6.2831853 + turn);
    float along = (around * COLUMNS + MARGIN) / (COLUMNS + 2.0 * MARGIN);
    float down = acos(clamp(normalize(d).y, -1.0, 1.0)) / 3.1415927;
    return textureLod(bank, vec3(along, down, layer), level).rgb;
}
#endif

// What lies at `place` of a layer, which is mirrored at its edges without end.
vec3 banked(vec2 place, float layer, float level) {
    vec2 folded = 1.0 - abs(1.0 - mod(place, 2.0));
    return textureLod(bank, vec3(folded, mod(layer, float(textureSize(bank, 0).z))), level).rgb;
}
