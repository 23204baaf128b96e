// The lower edge of hair or hat around the head at rest, and the shade it throws on the skin.
const int RIM_BINS = 40;           // as render/hair_field.py counts them
const float RIM_REACH = 2.1;       // radians to either side
const float RIM_RADIUS = 0.085;    // metres that a radian of `map.x` is long

// Height of the edge at `x` metres around, and how far off the skin it is there.
vec2 rim_at(float x) {
    float place = (x / (RIM_RADIUS * RIM_REACH) * 0.5 + 0.5) * float(RIM_BINS) - 0.5;
    int low = int(clamp(floor(place), 0.0, float(RIM_BINS - 2)));
    vec4 a = rim[low >> 1], b = rim[(low + 1) >> 1];
    vec2 left = (low & 1) == 0 ? a.xy : a.zw, right = (low & 1) == 0 ? a.zw : b.xy;
    return mix(left, right, clamp(place - float(low), 0.0, 1.0));
}

// What of the light from all around the edge takes from skin that is `up` metres high. The farther
// it stands off, the more light comes in under it, and the softer that ends.
float rim_dims(float up, vec2 above) {
    float off = above.y;
    return mix(0.55, 0.25, min(off / 0.035, 1.0))
        * smoothstep(above.x - 0.020 - 0.4 * off, above.x + 0.004 + 0.4 * off, up);
}

// Whether the edge, which is `off` the skin, stands between `place`, metres around and up, and a
// lamp towards `d` in the head, of which the surface sees `cosine`; its shadow is soft as the lamp.
float rim_hides(vec2 place, float off, vec3 d, float cosine, float wrap) {
    float turn = place.x / RIM_RADIUS;
    float reach = min(off / max(cosine, 0.25), 0.03);
    vec2 towards = reach * vec2(d.x * cos(turn) - d.z * sin(turn), d.y);
    float edge = rim_at(place.x + towards.x).x, soft = 0.0015 + wrap * (0.006 + 0.7 * off);
    return smoothstep(edge - soft, edge + soft, place.y + towards.y);
}
