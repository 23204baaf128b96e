#version 410 core
// kind 0 frame, 1 clear lens, 2 dark lens, 3 peak.
#include "sample.glsl"
#include "light.glsl"
#include "tone.glsl"
#include "marks.glsl"
#include "bank.glsl"
uniform float kind;
uniform vec4 glass;  // colour of the lenses; w: how much of a mirror they are
in vec3 v_world;
in vec2 v_place;
layout(location = 0, index = 0) out vec4 pixel;
layout(location = 0, index = 1) out vec4 through;  // share of what is behind that is seen

void main() {
    vec3 normal = normalize(cross(dFdx(v_world), dFdy(v_world)));
    vec3 view = normalize(camera.xyz - v_world);
    normal = dot(normal, view) < 0.0 ? -normal : normal;
    vec3 light = open_light(normal);
    through = vec4(0.0);
    if (kind > 2.5) {
        pixel = vec4(developed(things_second.rgb * light * 0.8), MARK_HEADWEAR);
    } else if (kind < 0.5) {
        float glint = pow(max(dot(normal, normalize(view + lamp_direction[0].xyz)), 0.0), 20.0);
        pixel = vec4(developed(things.rgb * light + glint * 0.1 * lamp_colour[0].rgb), MARK_GLASSES);
    } else {
        float band = smoothstep(0.25, 0.3, fract(v_place.x * 0.6 + v_place.y * 0.35 + seed.x));
        band *= 1.0 - smoothstep(0.5, 0.6, fract(v_place.x * 0.6 + v_place.y * 0.35 + seed.x));
        float glare = things_second.w * band + 0.012;
        vec3 shine = (sky.rgb * 0.5 + side.rgb * 0.3) * glare;
        float across = dot(v_world, head_to_world[0].xyz);  // a lens bends back to the side
        vec3 curved = normalize(head_to_world[2].xyz + 4.4 * across * head_to_world[0].xyz);
        vec3 mirrored = reflect(-view, dot(curved, view) < 0.0 ? -curved : curved);
#ifdef PANORAMA
        vec3 room = banked_towards(mirrored, backdrop_place.x, backdrop.x, 2.0);
        shine += room * room * backdrop.w * glass.w;
#else
        vec3 room = banked(mirrored.xy * 0.6 + seed.xy, backdrop.x + 3.0, 2.0);
        vec3 around = mix(ground.rgb, sky.rgb, smoothstep(-0.3, 0.4, mirrored.y));
        shine += around * (0.25 + room * room) * glass.w;
#endif
        float alpha = clamp(things.w + glare * 0.6, 0.0, 1.0);
        vec3 tint = glass.rgb * light * things.w;
        float dark = step(1.5, kind);
        pixel = vec4(alpha * developed((tint + shine) / max(alpha, 0.05)), dark * MARK_GLASSES);
        through = vec4(vec3(1.0 - alpha), 1.0 - dark);
    }
}
