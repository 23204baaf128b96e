// The shadow of a hard key lamp: what its own depth picture of the head hides from it
// (render/shadow.py). side.w is the penumbra's reach in texels of that picture.
uniform sampler2DShadow shadow_map;

// The share of the key lamp that arrives at `clip`, a place in the lamp's clip space: two soft
// looks on either side of it, turned by `turn`.
float key_share(vec3 clip, float turn) {
    vec3 place = clip * 0.5 + 0.5;
    vec2 inside = step(abs(place.xy - 0.5), vec2(0.49));
    vec2 arm = vec2(cos(turn), sin(turn)) * side.w / vec2(textureSize(shadow_map, 0));
    float lit = texture(shadow_map, vec3(place.xy + arm, place.z))
        + texture(shadow_map, vec3(place.xy - arm, place.z));
    return 1.0 - sky.w * (1.0 - 0.5 * lit) * inside.x * inside.y;
}
