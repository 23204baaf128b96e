#version 410 core
// kind 0 hand, 1 microphone, 2 cup, 3 board, 4 paper; place runs from -1 to 1, y down.
#include "sample.glsl"
#include "light.glsl"
#include "tone.glsl"
#include "marks.glsl"
uniform sampler2D noise;
uniform float kind;
uniform vec4 colour;
uniform vec4 second;
in vec2 v_place;
in vec3 v_across;
in vec3 v_up;
in vec3 v_toward;
out vec4 pixel;

// Distance into a capsule from `a` to `b`: xy the way out from its axis, z 1 inside.
vec3 capsule(vec2 p, vec2 a, vec2 b, float radius) {
    vec2 along = b - a;
    vec2 nearest = a + along * clamp(dot(p - a, along) / dot(along, along), 0.0, 1.0);
    vec2 away = (p - nearest) / radius;
    return vec3(away, dot(away, away) < 1.0 ? 1.0 : 0.0);
}

vec3 hand(vec2 p) {
    vec3 best = capsule(p, vec2(-0.15, 0.75), vec2(0.2, 0.75), 0.52);
    for (int k = 0; k < 4; ++k) {
        float x = -0.62 + 0.36 * float(k);
        float top = -0.55 - 0.3 * sin(0.6 + 0.75 * float(k));
        vec3 finger = capsule(p, vec2(0.8 * x, 0.55), vec2(x + 0.12 * (seed.x - 0.5), top), 0.175);
        if (finger.z > 0.5) best = finger;
    }
    vec3 thumb = capsule(p, vec2(0.3, 0.8), vec2(0.8, 0.1), 0.19);
    return thumb.z > 0.5 ? thumb : best;
}

void main() {
    vec2 p = v_place;
    vec3 shape = vec3(p.x * 0.2, p.y * 0.2, 1.0);
    vec3 base = colour.rgb;
    if (kind < 0.5) {
        shape = hand(p);
    } else if (kind < 1.5) {
        vec3 ball_part = vec3(p.x, (p.y + 0.45) * 1.2, dot(p + vec2(0.0, 0.45), p + vec2(0.0, 0.45)) < 0.5 ? 1.0 : 0.0);
        vec3 stick = vec3(p.x * 2.4, 0.0, abs(p.x) < 0.36 && p.y > 0.0 ? 1.0 : 0.0);
        shape = ball_part.z > 0.5 ? ball_part * vec3(1.35, 1.1, 1.0) : stick;
        base = ball_part.z > 0.5 ? vec3(0.03) + 0.1 * texture(noise, p * 1.5).g : colour.rgb * 0.3;
    } else if (kind < 2.5) {
        float wide = 0.85 - 0.15 * p.y;
        shape = vec3(p.x / wide, 0.0, abs(p.x) < wide ? 1.0 : 0.0);
        base = abs(p.y - 0.1) < 0.35 ? second.rgb : colour.rgb;
    } else {
        base *= 0.8 + 0.4 * texture(noise, p * 0.4 + seed.xy).r;
        if (kind > 3.5 && fract(p.y * 6.0) > 0.75 && abs(p.x) < 0.8) base = second.rgb;
    }
    if (shape.z < 0.5) discard;
    vec2 tilt = clamp(shape.xy, -0.97, 0.97);
    vec3 normal = normalize(v_across * tilt.x - v_up * tilt.y
        + v_toward * sqrt(max(1.0 - dot(tilt, tilt), 0.06)));
    pixel = vec4(developed(base * open_light(normal) * 0.9), MARK_OCCLUDER);
}
