#version 410 core
// What lies at each pixel of the skin, for skin_shade.frag. Triangles are hardly larger than
// pixels: a software rasteriser shades many more fragments than pixels, so it must be cheap here.
#include "surface.glsl"
#ifdef SHADOW
#include "sample.glsl"
#include "shadow.glsl"
in float v_key;
in vec3 v_seen;
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
    uvec2 here = uvec2(gl_FragCoord.xy);
    uint grain = (here.x * 73856093u ^ here.y * 19349663u) * 2654435769u;  // no stripes in a penumbra
    float hidden = 1.0 - key_share(v_seen, float(grain >> 16) * (3.1415927 / 65536.0));
    surface_light.rgb = max(v_light.rgb - hidden * v_key * lamp_colour[0].rgb, 0.05 * v_light.rgb);
    surface_light.w *= 1.0 - 0.9 * hidden;
#endif
    surface_skin = words_of(Skin(v_map, v_tint, v_mask));
}
