#version 410 core
#include "sample.glsl"
#include "tone.glsl"
#include "marks.glsl"
#include "noise.glsl"
#include "brow.glsl"
#include "surface.glsl"
uniform sampler2D surface_light;  // w: specular
uniform usampler2D surface_skin;
out vec4 pixel;

const float FACE_MIDDLE = -0.03;  // metres up: eyes and brows lie above, nose and mouth below
vec4 v_map, v_mask, v_tint;        // read in main

// The noise at `place`, which repeats `density` times a metre: averaged where a pixel spans many
// texels, though not so far that strokes grey out.
vec4 grained(vec2 place, float density) {
    float texels = float(NOISE_SIDE) * density / camera.w;
    return grain_at(place, int(clamp(log2(texels) - 0.2, 0.0, 2.0)));
}

// Coverage of the brow by hairs: its band, broken into strokes that lean outwards.
float brow_cover() {
    vec2 band = brow_band(v_map);
    float inside = band.x, middle = band.y;
    float lean = mix(0.35, 2.6, smoothstep(0.0, 0.8, v_map.z / brow_shape.z));
    vec2 stroke = vec2((abs(v_map.x) - middle * lean) * 48.0, v_map.y * 14.0) + seed.zw;
    float hairs = grained(stroke, 48.0).b;
    return inside * mix(smoothstep(0.75 - brow.w, 1.1 - 0.6 * brow.w, hairs), 1.0, 0.45 * brow.w)
        * (0.55 + 0.45 * brow.w);
}

// Coverage by bristles: dots where they are shaved, strokes where they are grown, and the shadow
// of roots below the skin; the edge is ragged.
float bristles(float ragged) {
    float grown = smoothstep(0.001, 0.006, beard_shape.y);
    float dots = grained(v_map.xy * 60.0 + seed.wz, 60.0).g;
    vec2 lie = vec2(v_map.x * 90.0 + v_map.y * 20.0 + 0.3 * ragged, v_map.y * 26.0);
    float strokes = grained(lie + seed.wz, 90.0).b;
    float here = smoothstep(0.05, 0.75, v_mask.y * (1.0 + 0.45 * ragged));
    float amount = here * (0.25 + 0.75 * beard.w);
    float hairs = smoothstep(0.95 - amount, 1.25 - amount, mix(dots, strokes, grown));
    float shaved = amount * (0.5 * hairs + 0.28);
    return here * mix(shaved, here * mix(hairs, 1.0, 0.45 + 0.5 * beard.w), grown);
}

// Dark furrows: across the forehead, beside the eyes, under them; stronger with age.
float furrows(float slow) {
    vec2 p = v_map.xy;
    float warp = slow * 5.0 + 30.0 * p.x * p.x * 8.0;
    float forehead = smoothstep(0.034, 0.045, p.y) * (1.0 - smoothstep(0.06, 0.085, p.y))
        * (1.0 - smoothstep(0.035, 0.055, abs(p.x)));
    float lines = pow(0.5 + 0.5 * sin(p.y * 620.0 + warp), 6.0) * forehead;
    vec2 corner = vec2(abs(p.x) - 0.041, p.y + 0.002);
    float crow = pow(0.5 + 0.5 * sin(atan(corner.y, corner.x) * 17.0 + slow * 3.0), 4.0)
        * smoothstep(0.0, 0.008, corner.x) * (1.0 - smoothstep(0.016, 0.03, length(corner)));
    return lines * 0.5 + crow * 0.7;
}

// 1 where `d` is nought, falling to 0 at `width`: cheaper than a Gaussian and as soft.
float bump(float d, float width) {
    float t = max(1.0 - d * d / (width * width), 0.0);
    return t * t;
}

// Where the lids' edges run on the head at rest, metres up at `x` around: upper, lower.
vec2 lid_edges(float x) {
    vec2 away = x - vec2(0.0265, 0.0255);
    return vec2(0.0022, -0.0062) + vec2(-38.0, 33.0) * away * away;
}

// What the eyes' surroundings keep of the light: the socket between lid and brow, the fold of the
// upper lid, the lashes' shade beyond the outer corner, and the hollow and the trough below.
float around_eyes(float x, float y) {
    float socket = smoothstep(0.006, 0.012, y) * (1.0 - smoothstep(0.014, 0.024, y))
        * smoothstep(0.014, 0.024, x) * (1.0 - smoothstep(0.040, 0.054, x));
    float inner = bump(length(vec2(x - 0.0135, 0.6 * y - 0.002)), 0.009);
    float kept = 1.0 - lid.w * (0.36 * socket + 0.12 * inner);
    vec2 edge = lid_edges(x);
    float along = smoothstep(0.0145, 0.019, x) * (1.0 - smoothstep(0.037, 0.042, x));
    float fold = bump(y - edge.x - 0.0028 - 0.0022 * fract(seed.x * 13.0), 0.0013);
    kept *= 1.0 - 0.7 * lid.w * fold * along;
    float wing = bump(length(vec2(0.6 * (x - 0.0400), y + 0.0016)), 0.0046);
    kept *= 1.0 - (0.55 + 0.3 * lid.y) * wing;
    float below = edge.y - y;
    kept *= 1.0 - (0.05 + 0.14 * face.z) * smoothstep(-0.001, 0.001, below)
        * (1.0 - smoothstep(0.006, 0.014, below)) * along;
    float trough = bump(y + 0.0095 + 0.5 * (x - 0.014), 0.0035)
        * smoothstep(0.012, 0.016, x) * (1.0 - smoothstep(0.024, 0.034, x));
    return kept * (1.0 - 0.3 * face.z * trough);
}

// The same around the mouth: the fold from the nose, the nose's shade on the lip, the line where
// the lips meet and their corners; below the lower lip skin scatters light into the hollow.
float around_mouth(float x, float y) {
    float down = clamp((-0.038 - y) / 0.042, 0.0, 1.0);
    float fold = x - 0.0145 - 0.0145 * sqrt(down);
    float ends = smoothstep(0.0, 0.2, down) * (1.0 - smoothstep(0.5, 0.9, down));
    float kept = 1.0 - grain.w * ends * (0.16 * bump(fold, 0.0038) + 0.24 * bump(fold + 0.002, 0.009));
    kept *= 1.0 - 0.1 * bump(y + 0.054, 0.009) * (1.0 - smoothstep(0.006, 0.018, x));
    float span = 1.0 - smoothstep(0.0165, 0.0205, x);
    float meet = 0.4 * bump(y + 0.0673, 0.0014) * span + bump(length(vec2(x - 0.0195, y + 0.0675)), 0.0036);
    kept *= 1.0 + 0.16 * bump(y + 0.0800, 0.0065) * (1.0 - smoothstep(0.006, 0.018, x));
    float upper = smoothstep(0.3, 0.75, v_mask.x) * smoothstep(-0.069, -0.066, y);
    return kept * (1.0 - 0.6 * face.x * min(meet, 1.0)) * (1.0 - 0.12 * upper);
}

// What hollows and folds keep of the light, painted where vertices are too coarse for them.
float hollows() {
    float x = abs(v_map.x), y = v_map.y;
    float kept = 1.0;
#ifdef EYES
    if (y > FACE_MIDDLE) kept *= around_eyes(x, y);
#endif
#ifdef MOUTH
    if (y <= FACE_MIDDLE) kept *= around_mouth(x, y);
#endif
    return kept;
}

// What small forms, finer than the mesh, keep and add of the key lamp's light: more from the side,
// on old and on rough skin. `high` is the height here, in the noise.
float relief(float high) {
    vec2 ahead = v_map.xy + 0.014 * (lamp_direction_head[0].xy + vec2(0.0, 0.25));
    float slope = high - textureLod(noise, ahead * 4.0 + seed.xy, 0.0).r;
    slope *= 1.25 - 0.75 * abs(slope);  // no form is so steep that it looks like dirt
    float amount = (0.12 + 0.4 * grain.y * grain.y + 0.4 * grain.z) * (1.0 - v_mask.z);
    return 1.0 + min(amount, 0.6) * slope;
}

vec3 skin_albedo(vec4 coarse, vec4 fine) {
    vec3 base = albedo.rgb * v_tint.rgb * hollows();
    float uneven = (coarse.r - 0.5) * grain.x;
    base *= exp(vec3(-0.2, -0.4, -0.75) * uneven);
    float spots = smoothstep(1.0 - 0.16 * face.w, 1.0 - 0.1 * face.w, fine.a) * step(0.01, face.w);
    base *= mix(vec3(1.0), vec3(0.62, 0.45, 0.36), spots * 0.5);
    base *= 1.0 + (fine.g - 0.5) * 0.2 * grain.y;
#ifdef EYES
    base *= 1.0 - 0.55 * grain.z * furrows(coarse.r);
#endif
#ifdef MOUTH
    float lip = smoothstep(0.3, 0.75, v_mask.x);
    base *= mix(vec3(1.0), lips.rgb, lip * lips.w) * (1.0 - 0.18 * lip * fine.b);
#endif
    return base;
}

vec3 cloth() {
    vec2 p = vec2(v_map.x, v_map.y);
    float blotch = (grained(p * shirt.w * 0.12 + seed.yx, 0.12 * abs(shirt.w)).r - 0.6) * 3.0;
    float wave = shirt.w > 0.0 ? blotch : sin(p.y * shirt.w * 6.28);
    float second = abs(shirt.w) < 0.5 ? 0.0 : smoothstep(-0.2, 0.2, wave);
    vec3 weave = mix(shirt.rgb, shirt_second.rgb, second);
    return weave * (0.85 + 0.3 * grained(p * 9.0 + seed.xy, 9.0).r);
}

void main() {
    ivec2 here = ivec2(gl_FragCoord.xy);
    Skin skin = skin_of(texelFetch(surface_skin, here, 0));
    v_map = skin.map;
    v_mask = skin.mask;
    v_tint = skin.tint;
    vec4 lit = texelFetch(surface_light, here, 0);
    vec4 coarse = textureLod(noise, v_map.xy * 4.0 + seed.xy, 0.0);
    vec4 fine = grained(v_map.xy * 22.0 + seed.yx, 22.0);
    lit.rgb *= relief(coarse.r);
    lit *= 1.0 - eye_extra.y * smoothstep(-0.03, 0.015, v_map.y) * (1.0 - v_mask.z);
    vec3 base = skin_albedo(coarse, fine);
    float jitter = (coarse.g - 0.5) * 0.5 + (fine.b - 0.5) * 0.6;
    float cover = 0.0;
#ifdef EYES
    cover = brow_cover();
    base = mix(base, brow.rgb, cover);
#endif
#ifdef MOUTH
    vec3 bristle = mix(min(beard.rgb, 0.6 * base), beard.rgb, smoothstep(0.001, 0.006, beard_shape.y));
    bristle *= 0.65 + 0.7 * fine.b;
    base = mix(base, bristle, bristles(coarse.g + fine.r - 1.0));
#endif
    float scalp = smoothstep(0.4, 0.75, v_tint.w + jitter * 0.45 - 0.12 * hair_shape.x);
    base = mix(base, hair.rgb * (0.6 + 0.6 * fine.b), scalp * hair_shape.z);
#ifdef EYES
    float outer = abs(v_map.x);
    float upper = smoothstep(-0.002, 0.002, v_map.y);
    float lash = smoothstep(0.03, mix(0.45, 0.28, smoothstep(0.02, 0.035, outer)), v_mask.w)
        * (0.55 + 0.3 * lid.y + 0.5 * lid.x) * mix(0.5, 1.0, upper)
        * mix(0.4, 1.0, smoothstep(0.016, 0.024, outer));
    // Where lids shut, the seam between them lies at the upper one's edge, under its lashes.
    float shut = 1.0 - smoothstep(0.1, 0.5, lid_upper[v_map.x > 0.0 ? 0 : 1].w);
    float seam = bump(v_map.y - lid_edges(outer).x - 0.0012, 0.0032) * smoothstep(0.0145, 0.017, outer)
        * (1.0 - smoothstep(0.036, 0.040, outer));
    lash = max(lash, shut * seam * (0.6 + 0.4 * lid.y));
    base = mix(base, vec3(0.018, 0.012, 0.01), min(lash, 0.97));
    float caruncle = bump(length(vec2(0.5 * (outer - 0.0166), v_map.y + 0.0034)), 0.0017);
    base = mix(base, vec3(0.52, 0.25, 0.21) * (0.5 + sclera.r), 0.5 * caruncle);
#endif
    float worn = 0.0;
#ifdef CLOTH
    worn = smoothstep(0.48, 0.51, v_mask.z);  // the mask rises by 1 in 5 cm: see statics.py
    base *= 1.0 - 0.4 * smoothstep(0.36, 0.5, v_mask.z);  // under the collar's edge
    float seam_of_collar = bump(v_mask.z - 0.82, 0.03);
    base = mix(base, cloth() * (1.0 - 0.35 * seam_of_collar), worn);
#endif
    float matte = 1.0 - max(worn, max(cover, scalp * hair_shape.z));
    float shine = lit.a * matte * (0.6 + 0.8 * fine.g);
    pixel = vec4(developed(base * lit.rgb + shine * normalize(lit.rgb + 0.01) * 1.73), MARK_SKIN);
}
