// From radiance to sRGB bytes, the camera's way: exposure, white balance, a shoulder for the
// highlights, contrast, saturation, vignette, flare, gamma.
vec3 developed(vec3 radiance) {
    vec2 place = gl_FragCoord.xy / ground.w - 0.5;
    vec3 colour = radiance * balance.rgb * tone.x * (1.0 - lens.x * 2.0 * dot(place, place));
    colour = colour + lens.y;
    float grey_level = dot(colour, vec3(0.2126, 0.7152, 0.0722));
    colour = max(mix(vec3(grey_level), colour, lens.z > 0.5 ? 0.0 : tone.z), 0.0);
    colour = colour * (1.0 + colour * 0.12) / (1.0 + colour * 0.75);  // shoulder: 1 at about 2
    colour = pow(min(colour, 1.0), vec3(tone.w / 2.2));
    colour = mix(colour, colour * colour * (3.0 - 2.0 * colour), tone.y - 1.0);
    return clamp(colour * (1.0 + balance.w * vec3(0.12, 0.0, -0.16)), 0.0, 1.0);
}
