#version 410 core
// kind 0 open hand, 1 fist, 2 microphone, 3 cup, 4 phone, 5 board, 6 paper; place runs from -1 to
// 1, y down. Hands and what they hold are capsules and slabs seen from before: at each place the
// one that stands highest is seen, and its own roundness shades it.
#include "sample.glsl"
#include "light.glsl"
#include "tone.glsl"
#include "marks.glsl"
uniform sampler2D noise;
uniform float kind;
uniform vec4 sheet;   // in hand's units: half of its width and height, from its top to the middle
uniform vec4 card;    // half width and height of a board or paper
uniform float mirror; // 1 or -1: where the thumb is
uniform vec4 colour;  // the hand's skin; of a board or paper: its own
uniform vec4 second;  // sleeve and thing; what is written on a paper
in vec2 v_place;
in vec3 v_across;
in vec3 v_up;
in vec3 v_toward;
out vec4 pixel;

vec4 seen = vec4(0.0);  // the way out of what is seen, its height, what it is made of
const float SKIN = 1.0, SLEEVE = 2.0, DARK = 3.0, THING = 4.0, STRIPE = 5.0;

void see(vec2 out_of, float height, float stuff) {
    if (height > seen.z) seen = vec4(out_of, height, stuff);
}

// A capsule from `a` to `b` whose radius goes from x to y, lifted towards the camera.
void capsule(vec2 p, vec2 a, vec2 b, vec2 radius, float lift, float stuff) {
    vec2 along = b - a;
    float share = clamp(dot(p - a, along) / dot(along, along), 0.0, 1.0);
    float r = mix(radius.x, radius.y, share);
    vec2 away = (p - a - along * share) / r;
    float under = 1.0 - dot(away, away);
    if (under > 0.0) see(away, lift + r * sqrt(under), stuff);
}

// A flat thing with round corners and edges.
void slab(vec2 p, vec2 middle, vec2 half_size, float corner, float height, float stuff) {
    vec2 q = abs(p - middle) - half_size + corner;
    float away = length(max(q, 0.0)) + min(max(q.x, q.y), 0.0);
    float rim = smoothstep(0.5 * corner, corner, away);
    if (away < corner) see(sign(p - middle) * max(q, 0.0) / corner * rim * 0.9, height, stuff);
}

// Wrist and forearm from `from` down to the end of the sheet, the sleeve below `cuff`.
void forearm(vec2 p, vec2 from, float cuff) {
    capsule(p, from, vec2(from.x, 1.25 * sheet.y), vec2(0.5, 0.72), 0.0, p.y > cuff ? SLEEVE : SKIN);
    if (p.y > cuff) capsule(p, vec2(from.x, cuff + 0.3), vec2(from.x, 1.25 * sheet.y), vec2(0.62, 0.85), 0.05, SLEEVE);
}

void open_hand(vec2 p) {
    float spread = 0.03 + 0.09 * seed.x;
    for (int k = 0; k < 4; ++k) {
        float at = float(k) - 1.5;
        float reach = 1.5 - 0.16 * abs(at + 0.4) - (k == 0 ? 0.22 : 0.0);
        vec2 root = vec2(0.37 * at, 0.42 + 0.05 * abs(at));
        vec2 knuckle = root + vec2(spread * at, -0.62 * reach);
        capsule(p, root, knuckle, vec2(0.21, 0.19), 0.1, SKIN);
        capsule(p, knuckle, knuckle + vec2((spread - 0.03) * at, -0.42 * reach), vec2(0.185, 0.15), 0.1, SKIN);
    }
    slab(p, vec2(0.0, 0.85), vec2(0.78, 0.72), 0.5, 0.17, SKIN);
    capsule(p, vec2(0.5, 1.25), vec2(0.95, 0.65), vec2(0.33, 0.23), 0.05, SKIN);
    capsule(p, vec2(0.95, 0.65), vec2(1.02, 0.15), vec2(0.21, 0.17), 0.08, SKIN);
    forearm(p, vec2(0.0, 1.55), 2.1 + 0.8 * seed.y);
}

void fist(vec2 p) {
    for (int k = 0; k < 4; ++k) {
        float at = float(k) - 1.5;
        vec2 top = vec2(0.38 * at, -0.62 + 0.06 * at * at);
        capsule(p, top, vec2(0.35 * at, 0.0), vec2(0.22, 0.21), 0.22, SKIN);
        capsule(p, vec2(0.35 * at, 0.05), vec2(0.31 * at, 0.42), vec2(0.2, 0.17), 0.14, SKIN);
    }
    slab(p, vec2(0.0, 0.35), vec2(0.8, 0.75), 0.5, 0.2, SKIN);
    capsule(p, vec2(0.62, 0.75), vec2(0.7, 0.2), vec2(0.28, 0.23), 0.18, SKIN);
    capsule(p, vec2(0.7, 0.2), vec2(0.3, -0.08), vec2(0.21, 0.18), 0.25, SKIN);
    forearm(p, vec2(0.0, 1.05), 1.7 + 0.9 * seed.y);
}

// Four fingers about something upright, from `edge` inwards, and the hand behind it.
void grip(vec2 p, float edge, float top, float reach) {
    for (int k = 0; k < 4; ++k) {
        float y = top + 0.36 * float(k);
        float tip = edge - reach * (1.0 - 0.12 * abs(float(k) - 1.2));
        capsule(p, vec2(edge, y + 0.06), vec2(tip, y), vec2(0.2, 0.16), 0.45, SKIN);
    }
    slab(p, vec2(edge + 0.12, top + 0.55), vec2(0.28, 0.75), 0.25, 0.02, SKIN);
    forearm(p, vec2(edge + 0.1, top + 1.5), top + 2.1);
}

void microphone(vec2 p) {
    capsule(p, vec2(0.0, 0.0), vec2(0.0, 0.06), vec2(0.5, 0.48), 0.1, DARK);
    slab(p, vec2(0.0, 0.5), vec2(0.42, 0.08), 0.06, 0.12, THING);
    capsule(p, vec2(0.0, 0.55), vec2(0.0, 1.25 * sheet.y), vec2(0.3, 0.2), 0.0, THING);
    grip(p, 0.42, 1.35, 0.75);
}

void cup(vec2 p) {
    float wide = 0.8 - 0.12 * p.y;
    if (abs(p.x) < wide && p.y > -1.05 && p.y < 1.25) {
        see(vec2(p.x / wide, 0.0), 0.3 * sqrt(1.0 - p.x * p.x / (wide * wide)), abs(p.y) < 0.35 ? STRIPE : THING);
    }
    slab(p, vec2(0.0, -1.08), vec2(0.98, 0.09), 0.07, 0.32, STRIPE);
    grip(p, 0.72, -0.3, 1.0);
}

void phone(vec2 p) {
    slab(p, vec2(0.0), vec2(0.92, 1.9), 0.22, 0.1, THING);
    slab(p, vec2(-0.45, -1.42), vec2(0.3, 0.33), 0.14, 0.12, STRIPE);
    for (int k = 0; k < 2; ++k) {
        capsule(p, vec2(-0.45, -1.56 + 0.28 * float(k)), vec2(-0.44, -1.56 + 0.28 * float(k)), vec2(0.1), 0.13, DARK);
    }
    grip(p, 0.95, -0.1, 0.7);
}

// A board or paper: the palm and fingers of the hand below are behind it, the thumb is before it.
void flat_thing(vec2 p) {
    vec2 at = vec2((0.55 - 0.5 * seed.x) * card.x, card.y);
    for (int k = 0; k < 4; ++k) {
        float x = 0.33 * (float(k) - 1.5);
        capsule(p, at + vec2(x, 0.35), at + vec2(0.9 * x, -0.62), vec2(0.2, 0.16), 0.1, SKIN);
    }
    slab(p, at + vec2(0.0, 0.78), vec2(0.72, 0.66), 0.5, 0.15, SKIN);
    slab(p, vec2(0.0), card.xy, 0.02, 1.0, THING);
    capsule(p, at + vec2(0.5, 1.05), at + vec2(0.52, 0.45), vec2(0.33, 0.25), 1.0, SKIN);
    capsule(p, at + vec2(0.52, 0.45), at + vec2(0.3, -0.22), vec2(0.23, 0.18), 1.1, SKIN);
    forearm(p, at + vec2(0.0, 1.45), at.y + 2.0 + 0.8 * seed.y);
}

vec3 card_colour(vec2 place) {
    bool written = kind > 5.5 && fract(place.y * 6.0) > 0.75 && abs(place.x) < 0.8;
    return written ? second.rgb : colour.rgb * (0.8 + 0.4 * texture(noise, place * 0.4 + seed.xy).r);
}

vec3 stuff_colour(vec2 p, float stuff) {
    float grain = texture(noise, p * 0.35 + seed.xy).g;
    if (stuff < 1.5) {
        vec3 own = kind > 4.5 ? albedo.rgb * vec3(0.97, 0.92, 0.9) : colour.rgb;
        vec3 flushed = mix(vec3(1.0), vec3(1.0, 0.9, 0.89), texture(noise, p * 0.2 + seed.yx).r);
        return own * flushed * (0.9 + 0.2 * grain);
    }
    if (stuff < 2.5) return (kind > 4.5 ? shirt.rgb : second.rgb) * (0.8 + 0.4 * grain);
    if (kind > 4.5) return card_colour(vec2(mirror, 1.0) * p / card.xy);
    if (stuff < 3.5) return vec3(0.02) + 0.06 * texture(noise, p * 2.5).g;
    return (stuff > 4.5 ? second.bgr * 0.6 + 0.08 : second.rgb) * (0.9 + 0.2 * grain);
}

void main() {
    vec2 p = vec2(mirror * v_place.x * sheet.x, (v_place.y + 1.0) * sheet.y - sheet.z);
    if (kind < 0.5) open_hand(p + vec2(0.0, 0.1));
    else if (kind < 1.5) fist(p);
    else if (kind < 2.5) microphone(p);
    else if (kind < 3.5) cup(p);
    else if (kind < 4.5) phone(p - vec2(0.0, 0.75));
    else flat_thing(p);
    if (seen.z <= 0.0) discard;
    vec2 tilt = clamp(vec2(mirror, 1.0) * seen.xy, -0.97, 0.97);
    vec3 normal = normalize(v_across * tilt.x - v_up * tilt.y
        + v_toward * sqrt(max(1.0 - dot(tilt, tilt), 0.06)));
    float crease = mix(0.55, 1.0, smoothstep(1.0, 0.6, dot(seen.xy, seen.xy)));
    vec3 base = stuff_colour(p, seen.w);
    pixel = vec4(developed(base * crease * open_light(normal) * 0.9), MARK_OCCLUDER);
}
