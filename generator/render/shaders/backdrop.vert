#version 410 core
// One triangle that covers the picture, behind everything.
out vec2 v_place;
void main() {
    vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    v_place = 0.5 * corner;
    gl_Position = vec4(corner, 1.0, 1.0);
}
