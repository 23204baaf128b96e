#version 410 core
// kind 0 frame, 1 lens, 2 peak.
#include "sample.glsl"
#include "light.glsl"
#include "tone.glsl"
uniform float kind;
in vec3 v_world;
in vec2 v_place;
out vec4 pixel;

void main() {
    vec3 normal = normalize(cross(dFdx(v_world), dFdy(v_world)));
    vec3 view = normalize(camera.xyz - v_world);
    normal = dot(normal, view) < 0.0 ? -normal : normal;
    vec3 light = open_light(normal);
    if (kind > 1.5) {
        pixel = vec4(developed(things_second.rgb * light * 0.8), 1.0);
    } else if (kind < 0.5) {
        float glint = pow(max(dot(normal, normalize(view + lamp_direction[0].xyz)), 0.0), 20.0);
        pixel = vec4(developed(things.rgb * light + glint * 0.1 * lamp_colour[0].rgb), 1.0);
    } else {
        float band = smoothstep(0.25, 0.3, fract(v_place.x * 0.6 + v_place.y * 0.35 + seed.x));
        band *= 1.0 - smoothstep(0.5, 0.6, fract(v_place.x * 0.6 + v_place.y * 0.35 + seed.x));
        float glare = things_second.w * band + 0.012;
        vec3 shine = (sky.rgb * 0.5 + side.rgb * 0.3) * glare;
        float alpha = clamp(things.w + glare * 0.6, 0.0, 1.0);
        vec3 tint = mix(vec3(0.02, 0.017, 0.014), things.rgb, 0.06) * light * things.w;
        pixel = vec4(developed((tint + shine) / max(alpha, 0.05)), alpha);
    }
}
