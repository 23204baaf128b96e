#version 410 core
// What lies at each pixel of the skin, for skin_shade.frag. Triangles are hardly larger than
// pixels: a software rasteriser shades many more fragments than pixels, so it must be cheap here.
#include "surface.glsl"
in vec4 v_light;
in vec4 v_tint;
in vec4 v_map;
in vec4 v_mask;
layout(location = 0) out vec4 surface_light;
layout(location = 1) out uvec4 surface_skin;

void main() {
    surface_light = v_light;
    surface_skin = words_of(Skin(v_map, v_tint, v_mask));
}
