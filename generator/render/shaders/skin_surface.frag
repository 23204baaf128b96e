#version 410 core
// What lies at each pixel of the skin, for skin_shade.frag. Triangles are hardly larger than
// pixels: a software rasteriser shades many more fragments than pixels, so it must be cheap here.
#include "surface.glsl"
#ifdef SHADOW
#include "sample.glsl"
#include "shadow.glsl"
#include "noise.glsl"
in float v_key;
#endif
in vec4 v_light;
in vec4 v_tint;
in vec4 v_map;
in vec4 v_mask;
layout(location = 0) out vec4 surface_light;
layout(location = 1) out uvec4 surface_skin;

void main() {
    surface_light = v_light;
#ifdef SHADOW
    ivec2 speck = 3 * ivec2(gl_FragCoord.xy) & (NOISE_SIDE - 1);  // a penumbra has grain, no stripes
    float turn = 3.1415927 * texelFetch(noise, speck, 0).g;
    float hidden = 1.0 - key_share(window_to_shadow * vec4(gl_FragCoord.xyz, 1.0), turn);
    surface_light.rgb = max(v_light.rgb - hidden * v_key * lamp_colour[0].rgb, 0.05 * v_light.rgb);
    surface_light.w *= 1.0 - 0.9 * hidden;
#endif
    surface_skin = words_of(Skin(v_map, v_tint, v_mask));
}
