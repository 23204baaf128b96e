// Light on a vertex. Every mesh is fine beside the pixels, so light is summed at the vertices and
// interpolated. `occlusion` are nine coefficients of the head's own visibility function in real
// spherical harmonics, in the head's frame (render/occlusion.py).
float visible_towards(vec3 d, vec4 s0, vec4 s1, float s2) {
    float v = 0.282095 * s0.x + 0.488603 * (d.y * s0.y + d.z * s0.z + d.x * s0.w)
        + 1.092548 * (d.x * d.y * s1.x + d.y * d.z * s1.y + d.x * d.z * s1.w)
        + 0.315392 * (3.0 * d.z * d.z - 1.0) * s1.z + 0.546274 * (d.x * d.x - d.y * d.y) * s2;
    return smoothstep(0.05, 0.5, v);
}

float wrapped(float cosine, float wrap) {
    return pow(max((cosine + wrap) / (1.0 + wrap), 0.0), 1.2);
}

vec3 ambient(vec3 normal) {
    return mix(ground.rgb, sky.rgb, 0.5 + 0.5 * normal.y)
        + side.rgb * max(dot(normal, side_direction.xyz), 0.0);
}

// Irradiance on an unshadowed surface: for hair, cloth and things.
vec3 open_light(vec3 normal) {
    vec3 total = ambient(normal);
    for (int i = 0; i < 3; ++i)
        total += lamp_colour[i].rgb * wrapped(dot(normal, lamp_direction[i].xyz), lamp_direction[i].w);
    return total;
}
