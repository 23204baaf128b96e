#version 410 core
// kind 0 frame, 1 lens, 2 peak.
#include "sample.glsl"
#include "light.glsl"
#include "tone.glsl"
uniform sampler2DArray bank;
uniform float kind;
uniform vec4 glass;  // colour of the lenses; w: how much of a mirror they are
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
        float across = dot(v_world, head_to_world[0].xyz);  // a lens bends back to the side
        vec3 curved = normalize(head_to_world[2].xyz + 4.4 * across * head_to_world[0].xyz);
        vec3 mirrored = reflect(-view, dot(curved, view) < 0.0 ? -curved : curved);
        float layer = mod(backdrop.x + 3.0, float(textureSize(bank, 0).z));
        vec3 room = textureLod(bank, vec3(mirrored.xy * 0.6 + seed.xy, layer), 2.0).rgb;
        vec3 around = mix(ground.rgb, sky.rgb, smoothstep(-0.3, 0.4, mirrored.y));
        shine += around * (0.25 + room * room) * glass.w;
        float alpha = clamp(things.w + glare * 0.6, 0.0, 1.0);
        vec3 tint = glass.rgb * light * things.w;
        pixel = vec4(developed((tint + shine) / max(alpha, 0.05)), alpha);
    }
}
