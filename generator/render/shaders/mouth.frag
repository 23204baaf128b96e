#version 410 core
// Teeth and tongue: light reaches them from the front alone.
#include "sample.glsl"
#include "tone.glsl"
#include "marks.glsl"
uniform float teeth;
in vec3 v_world;
in vec3 v_normal;
in vec3 v_light;
in vec4 v_map;
out vec4 pixel;

void main() {
    vec3 eyes = 0.5 * (ball[0].xyz + ball[1].xyz);
    float ahead = dot(v_world - eyes, head_to_world[2].xyz);
    float reach = smoothstep(-0.036, 0.002, ahead);
    vec3 ivory = mix(vec3(0.5, 0.41, 0.28), vec3(0.74, 0.7, 0.63), fract(seed.x * 7.0));
    vec3 base = mix(vec3(0.36, 0.13, 0.12), ivory, teeth);
    float facing = mix(0.25, 1.0, smoothstep(-0.5, 0.8, dot(normalize(v_normal), head_to_world[2].xyz)));
    // Teeth are 8 mm wide in the middle, narrower and darker to the sides.
    float side = abs(v_map.x), gap = abs(fract((side + 9.0 * side * side) / 0.0078) - 0.5);
    float aside = smoothstep(0.010, 0.022, side);
    base *= 1.0 - teeth * (0.28 * (1.0 - aside) * smoothstep(0.4, 0.5, gap) + 0.8 * aside);
    // The lower arch stands in the shade of lip and upper arch.
    base *= 1.0 - 0.4 * teeth * (1.0 - smoothstep(-0.0700, -0.0670, v_map.y));
    // Gums scallop where the crowns end, nine millimetres from their edges.
    float crown = abs(v_map.y + 0.0685) - 0.0088 + 0.006 * gap * gap;
    base = mix(base, vec3(0.42, 0.17, 0.16), teeth * smoothstep(-0.0008, 0.0008, crown));
    pixel = vec4(developed(base * v_light * facing * mix(0.03, 0.72, reach)), MARK_MOUTH);
}
