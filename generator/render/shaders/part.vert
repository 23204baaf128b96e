#version 410 core
// Eyeballs, teeth, tongue and lashes.
#include "sample.glsl"
#include "light.glsl"
#include "shadow.glsl"
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 map;
out vec3 v_world;
out vec3 v_normal;
out vec3 v_light;
out vec4 v_map;

void main() {
    gl_Position = world_to_clip * vec4(position, 1.0);
    v_world = position;
    v_normal = normal;
    v_light = open_light(normal);
    if (side.w > 0.0) {
        // What lies deep is lit by the skin around it as well.
        float hidden = 1.0 - key_share((world_to_shadow * vec4(position, 1.0)).xyz, 0.8);
        float key = wrapped(dot(normal, lamp_direction[0].xyz), lamp_direction[0].w);
        v_light -= 0.5 * hidden * key * lamp_colour[0].rgb;
    }
    v_map = map;
}
