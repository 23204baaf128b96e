#version 410 core
#include "sample.glsl"
#include "tone.glsl"
#include "marks.glsl"
uniform sampler2D noise;
in vec3 v_world;
in vec3 v_normal;
in vec3 v_light;
in vec4 v_map;
out vec4 pixel;

float edge_below(vec4 curve, vec3 at) {
    return curve.x + at.x * (curve.y + at.x * curve.z) - at.y;
}

void main() {
    int side = v_map.x > 0.0 ? 0 : 1;
    vec3 from_centre = v_world - ball[side].xyz;
    vec3 normal = normalize(from_centre);
    vec3 in_head = transpose(mat3(head_to_world)) * from_centre;
    float cosine = dot(normal, ball_axis[side].xyz);
    float sine = sqrt(max(1.0 - cosine * cosine, 0.0));
    float rho = cosine > 0.0 ? sine / iris.w : 9.0;

    vec3 spoke_axis = normal - cosine * ball_axis[side].xyz;
    float turn = atan(dot(spoke_axis, head_to_world[1].xyz), dot(spoke_axis, head_to_world[0].xyz));
    float fibre = texture(noise, vec2(turn * 0.9, rho * 0.12) + seed.xy).b;
    vec3 ring = mix(iris_inner.rgb, iris.rgb, smoothstep(iris_inner.w, 0.85, rho));
    ring *= 0.4 + 0.7 * fibre;
    ring *= 1.0 - 0.75 * eye_extra.x * smoothstep(0.74, 0.98, rho);
    ring *= smoothstep(iris_inner.w - 0.05, iris_inner.w + 0.05, rho);

    float red = sclera.w * smoothstep(1.2, 2.2, rho) * (0.35 + 0.9 * texture(noise, in_head.xy * 90.0).b);
    vec3 white = sclera.rgb * mix(vec3(1.0), vec3(0.95, 0.62, 0.58), 0.6 * red);
    vec3 base = mix(ring, white, smoothstep(0.94, 1.06, rho));

    float above = edge_below(lid_upper[side], in_head), below = -edge_below(lid_lower[side], in_head);
    float outward = side == 0 ? in_head.x : -in_head.x;
    float lashed = mix(0.45, 1.0, smoothstep(-0.011, -0.003, outward));  // less beside the nose
    float shade = 1.0 - lid.z * 0.78 * lashed * (1.0 - smoothstep(0.0, 0.0042, above));
    shade *= 1.0 - 0.75 * (0.3 + 0.7 * lid.y) * lashed * (1.0 - smoothstep(0.0003, 0.0013, above));
    shade *= 1.0 - 0.35 * (1.0 - smoothstep(0.0, 0.0018, below));
    shade *= 1.0 - 0.5 * smoothstep(0.005, 0.0135, outward) - 0.12 * smoothstep(0.005, 0.0135, -outward);
    shade *= 0.76 * (1.0 - 0.8 * eye_extra.y);  // a ball in its socket sees part of the room

    vec3 view = normalize(camera.xyz - v_world);
    vec3 spark = vec3(0.0);
    vec3 cornea = normalize(mix(normal, ball_axis[side].xyz, rho < 1.1 ? -0.25 : 0.0));
    for (int i = 0; i < 3; ++i) {
        float facing = max(dot(cornea, normalize(lamp_direction[i].xyz + view)), 0.0);
        vec3 glint = lamp_colour[i].rgb / (1.0 + 0.35 * lamp_colour[i].g);  // the lamp's own small image
        spark += glint * smoothstep(0.9972, 0.9988, facing) * 4.0;
    }
    vec3 mirrored = reflect(-view, cornea);
    spark += sky.rgb * 0.09 * smoothstep(0.1, 0.6, mirrored.y) * smoothstep(0.0, 0.003, above);
    pixel = vec4(developed(base * v_light * shade + spark * gloss.z * shade), MARK_EYES);
}
