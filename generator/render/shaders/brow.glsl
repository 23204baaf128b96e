// Where a brow is: a tapered band along its middle line. `map`: metres around and up, along and
// across the brow. Returns how far inside (0 to 1), and metres across it from its own middle.
vec2 brow_band(vec4 map) {
    float s = map.z / brow_shape.z;
    float arch = brow_shape.y * 0.003 * (1.0 - 6.25 * (s - 0.6) * (s - 0.6));
    float average = 0.0062 * (1.0 - 0.66 * smoothstep(0.35, 1.0, s)) * smoothstep(-0.14, 0.1, s);
    float half_width = average * brow_shape.x;
    // The upper edge, where landmarks lie, stays: thick brows reach further down.
    float middle = map.w - brow_shape.w - arch + 0.8 * (half_width - average);
    float inside = 1.0 - smoothstep(0.45, 1.15, abs(middle) / max(half_width, 1e-4));
    return vec2(inside * smoothstep(-0.12, 0.02, s) * (1.0 - smoothstep(0.9, 1.06, s)), middle);
}
