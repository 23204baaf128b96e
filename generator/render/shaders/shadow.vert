#version 410 core
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
uniform mat4 clip;
uniform float lift;  // along the normal: skin sinks by it, else it would shade itself
void main() { gl_Position = clip * vec4(position + lift * normal, 1.0); }
