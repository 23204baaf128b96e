#version 410 core
// Glasses, hats and what is held before the face: flat-shaded things in the open light.
#include "sample.glsl"
#include "light.glsl"
layout(location = 0) in vec3 position;
layout(location = 1) in vec2 place;
out vec3 v_world;
out vec2 v_place;

void main() {
    gl_Position = world_to_clip * vec4(position, 1.0);
    v_world = position;
    v_place = place;
}
