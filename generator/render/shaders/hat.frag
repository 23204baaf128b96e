#version 410 core
// Knitted or woven cloth over the skull, drawn with hair.vert as its one shell.
#include "sample.glsl"
#include "tone.glsl"
#include "marks.glsl"
uniform sampler2D noise;
in vec3 v_light;
in vec3 v_gloss;
in vec4 v_strand;  // azimuth, along, shell 0 to 1, facing
out vec4 pixel;

void main() {
    float knit = texture(noise, vec2(v_strand.x * 9.0, v_strand.y * 3.0)).g;
    float seam = 1.0 - 0.25 * smoothstep(0.46, 0.5, abs(fract(v_strand.x * 6.0) - 0.5));
    float rim = 1.0 - 0.2 * smoothstep(0.8, 0.82, v_strand.y);
    vec3 base = things_second.rgb * (0.85 + 0.3 * knit) * seam * rim;
    base *= mix(0.12, 1.0, smoothstep(-0.15, 0.05, v_strand.w));  // hardly any light gets inside
    pixel = vec4(developed(base * v_light * 1.1), MARK_HEADWEAR);
}
