#version 410 core
// What lies at each pixel of the skin, for skin_shade.frag. Triangles are hardly larger than
// pixels: a software rasteriser shades many more fragments than pixels, so it must be cheap here.
in vec4 v_light;
in vec4 v_tint;
in vec4 v_map;
in vec4 v_mask;
layout(location = 0) out vec4 surface_light;
layout(location = 1) out vec4 surface_map;
layout(location = 2) out vec4 surface_tint;
layout(location = 3) out vec4 surface_mask;

void main() {
    surface_light = v_light;
    surface_map = v_map;
    surface_tint = v_tint;
    surface_mask = v_mask;
}
