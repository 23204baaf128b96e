// How much of a beard of the sample's kind grows at a place of the skin, 0 to 1; `around` metres
// around the head from its middle.
float beard_here(float around, float beard_mask, float moustache_mask) {
    float chin = 1.0 - smoothstep(0.018, 0.034, abs(around));
    float kind = beard_shape.x;
    if (kind < 0.5) return 0.0;
    if (kind < 1.5) return max(beard_mask, moustache_mask) * 0.85;
    if (kind < 2.5) return moustache_mask;
    if (kind < 3.5) return max(moustache_mask, beard_mask * chin);
    return max(moustache_mask, beard_mask);
}
