#version 410 core
// Parts are counted as in datasets/layers.py.
#include "sample.glsl"
#include "brow.glsl"
const float SKIN = 1.0, BROWS = 2.0, NOSE = 4.0, LIPS = 5.0, INNER_MOUTH = 6.0, EARS = 7.0;
const float HAIR = 8.0, BEARD = 9.0, CLOTHES = 10.0;
uniform float skin;  // 1 on the skin, 0 on eyeballs, teeth, tongue
in vec3 v_normal;
in vec4 v_map;
in vec4 v_place;
in vec3 v_cover;
in vec3 v_uv;
layout(location = 0) out vec4 place;  // u, v, part
layout(location = 1) out vec4 facing;

float part() {
    if (v_cover.z > 0.5) return CLOTHES;
    if (v_place.w > 0.5) return EARS;
    if (v_place.y > 0.5) return INNER_MOUTH;
    if (v_place.x > 0.5) return LIPS;
    if (beard_shape.x > 1.5 && v_cover.y > 0.4) return BEARD;  // stubble is skin
    if (brow_band(v_map).x > 0.4) return BROWS;
    if (hair_shape.z > 0.5 && v_cover.x > 0.575) return HAIR;
    return v_place.z > 0.5 ? NOSE : SKIN;
}

void main() {
    bool seam = fwidth(v_uv.x) > fwidth(v_uv.z) + 1e-5;  // where u jumps from 1 to 0
    float u = seam ? fract(v_uv.z + 0.5) : v_uv.x;
    place = vec4(u, v_uv.y, skin > 0.5 ? part() : 0.0, 1.0);
    facing = vec4(normalize(v_normal), 0.0);
}
