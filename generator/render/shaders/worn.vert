#version 410 core
// Cloth and small things on the head, with smooth normals; place: u from -1 to 1, v from top down.
#include "sample.glsl"
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 place;
out vec3 v_world;
out vec3 v_normal;
out vec2 v_place;

void main() {
    gl_Position = world_to_clip * vec4(position, 1.0);
    v_world = position;
    v_normal = normal;
    v_place = place;
}
