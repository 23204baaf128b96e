uniform sampler2D noise;  // slow, fine, strands, spots; each uniform in level
const int NOISE_SIDE = 256;

// The nearest grain at `place` (1 is a whole tile) on the mip level `level`. Detail that is finer
// than a pixel is noise all the same: reading one texel is several times cheaper than blending four.
vec4 grain_at(vec2 place, int level) {
    ivec2 texel = ivec2(floor(place * float(NOISE_SIDE))) >> level;
    return texelFetch(noise, texel & ((NOISE_SIDE >> level) - 1), level);
}
