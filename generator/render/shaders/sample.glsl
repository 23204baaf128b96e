// One sample's numbers: filled by name from render/uniforms.py. Only vec4 and mat4, so that
// the std140 layout is plain. Directions are in the world unless they end in _head.
layout(std140) uniform Sample {
    mat4 world_to_clip;
    mat4 world_to_shadow;    // the key lamp's clip space
    mat4 head_to_world;      // rotation of the head; its transpose takes the world to the head
    vec4 camera;             // position in the world; w: pixels a metre at the head
    vec4 sky;                // ambient from above; w: shadow strength
    vec4 ground;             // ambient from below; w: side of the picture in pixels
    vec4 side;               // ambient from one side; w: reach of the key's penumbra, 0 none
    vec4 side_direction;     // w: unused
    vec4 lamp_direction[3];  // w: wrap
    vec4 lamp_direction_head[3];
    vec4 lamp_colour[3];     // w: specular share
    vec4 tone;               // exposure, contrast, saturation, gamma
    vec4 balance;            // white balance; w: sepia tint
    vec4 lens;               // vignette, flare, grey, unused
    vec4 albedo;             // of the cheek; w: melanin
    vec4 lips;               // multiplies the albedo; w: strength
    vec4 face;               // lip line, flush, under eye, freckles
    vec4 grain;              // mottle, pores, wrinkles, fold from nose to mouth
    vec4 gloss;              // oil, specular exponent, cornea, unused
    vec4 make_up;            // eye shadow's colour; w: strength
    vec4 lid;                // liner, lashes, lid shade, crease
    vec4 seed;               // skin's place in the noise, hair's place in the noise
    vec4 iris;               // outer ring; w: iris radius (sine of its polar angle)
    vec4 iris_inner;         // around the pupil; w: pupil as a share of the iris
    vec4 sclera;             // w: veins
    vec4 eye_extra;          // limbal ring, shade of a cap's peak, unused
    vec4 ball[2];            // left, right: centre in the world; w: radius
    vec4 ball_axis[2];       // where the pupil points, in the world; w: unused
    vec4 lid_upper[2];       // height of the upper lid's edge in the head, over the ball's
    vec4 lid_lower[2];       // centre: c0 + c1 x + c2 x^2, metres; w: openness 0 to 1
    vec4 hair;               // colour at the roots; w: density
    vec4 hair_tip;           // colour at the tips; w: shine
    vec4 hair_shape;         // hairline, curl, scalp cover 0 to 1, shell thickness in metres
    vec4 hair_ends;          // metres by which its ends differ, how freely it hangs; unused
    vec4 rim[20];            // of hair or hat, as rim.glsl reads it
    vec4 brow;               // colour; w: density
    vec4 brow_shape;         // thickness, arch, length, height in metres
    vec4 beard;              // colour; w: density
    vec4 beard_shape;        // kind 0 none 1 stubble 2 moustache 3 goatee 4 full; length in metres
    vec4 shirt;              // w: pattern, blotches or (negative) stripes a metre, 0 plain
    vec4 shirt_second;       // w: unused
    vec4 backdrop;           // layer, mip level, contrast, level
    vec4 backdrop_place;     // shift, zoom, angle (negative zoom: flipped)
    vec4 backdrop_tint;      // w: unused
    vec4 things;             // colour of glasses' frame; w: lens tint
    vec4 things_second;      // colour of the hat; w: lens glare
};
