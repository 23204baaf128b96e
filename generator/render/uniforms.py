"""A Scene as the named vec4s and mat4s of shaders/sample.glsl; no GL here, any host may use it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlm.generator.look.factors import Hair, Light, Look, Skin
from dlm.generator.models.base import ARKIT_UNITS, Float32
from dlm.generator.render.hair_field import hanging
from dlm.generator.render.shadow import penumbra, world_to_shadow
from dlm.generator.scene import Scene

Values = dict[str, NDArray[np.float64]]

BEARDS = {"none": 0, "stubble": 1, "moustache": 2, "goatee": 3, "full": 4}
SCALP_COVER = {"bald": 0.0, "shaved": 0.75}  # other styles hide the scalp in full
CAP_SHADE = 0.6  # of the light on brows and eyes that a cap's peak takes
SMILES, SNEERS = (
    [ARKIT_UNITS.index(name + side) for side in ("Left", "Right")]
    for name in ("mouthSmile", "noseSneer")
)
STRAND_SHELL = 0.004  # metres between the first and the last shell of a beard


@dataclass(frozen=True, eq=False)
class EyeState:
    """Where the eyeballs and the edges of the lids are on one posed head; left eye first."""

    centre: Float32  # (2, 3) world
    radius: Float32  # (2,)
    axis: Float32  # (2, 3) unit, world
    upper: Float32  # (2, 3) quadratic of the upper lid's edge over the ball's centre, in the head
    lower: Float32  # (2, 3)
    openness: Float32  # (2,) 0 to 1


def sample_values(
    scene: Scene, rotation: Float32, clip: NDArray[np.float64], eyes: EyeState, rim: Float32
) -> Values:
    """Return every field of the uniform block for `scene`, whose head is turned by `rotation`.

    `rim` (RIM_BINS, 2) is the lower edge of hair or hat, as `hair_field.py` tells it.
    """
    look, camera = scene.look, scene.camera
    place = -camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]
    turn = np.eye(4)
    turn[:3, :3] = rotation
    pixels = camera.fx / max(float(np.linalg.norm(place)), 0.05)
    values = {
        "world_to_clip": clip.T,  # GL reads columns
        "world_to_shadow": world_to_shadow(look.light, rotation).T,
        "head_to_world": turn.T,
        "camera": _four(place, pixels),
        "rim": rim.astype(np.float64),
    }
    return (
        values
        | _light(look.light, rotation, float(camera.size))
        | _sensor(look)
        | _skin(look, scene.expression)
        | _eyes(look, eyes)
        | _hair(look.hair)
        | _things(look)
    )


def _four(values: object, last: float = 0.0) -> NDArray[np.float64]:
    return np.array([*np.ravel(np.asarray(values, dtype=np.float64))[:3], last])


def _light(light: Light, rotation: Float32, size: float) -> Values:
    direction, in_head, colour = np.zeros((3, 3, 4))
    for k, lamp in enumerate(light.lamps[:3]):
        direction[k] = _four(lamp.direction, 0.04 + 0.42 * lamp.softness)
        in_head[k] = _four(np.asarray(lamp.direction) @ rotation)
        colour[k] = _four(lamp.colour, 1.0)
    direction[len(light.lamps) :, 3] = 0.5  # an unlit lamp must not divide by nothing
    return {
        "sky": _four(light.sky, light.shadow),
        "ground": _four(light.ground, size),
        "side": _four(light.side, penumbra(light)),
        "side_direction": _four(light.side_direction),
        "lamp_direction": direction,
        "lamp_direction_head": in_head,
        "lamp_colour": colour,
    }


def _sensor(look: Look) -> Values:
    sensor = look.sensor
    return {
        "tone": np.array([sensor.exposure, sensor.contrast, sensor.saturation, sensor.gamma]),
        "balance": _four(sensor.white_balance, sensor.tint),
        "lens": np.array([sensor.vignette, sensor.flare, float(sensor.grey), 0.0]),
    }


def _smile_fold(skin: Skin, expression: Float32) -> float:
    """Return how deep the fold from nose to mouth is: a smile and age dig it."""
    smile = float(expression[SMILES].mean() + 0.4 * expression[SNEERS].mean())
    own = 0.55 + 0.6 * skin.texture[0]
    return min(own * (0.1 + 0.85 * smile + 0.4 * skin.wrinkles), 1.0)


def _skin(look: Look, expression: Float32) -> Values:
    skin, eyes = look.skin, look.eyes
    return {
        "albedo": _four(skin.albedo, skin.melanin),
        "lips": _four(skin.lips, skin.lip_strength),
        "face": np.array([skin.lip_line, skin.flush, skin.under_eye, skin.freckles]),
        "grain": np.array([skin.mottle, skin.pores, skin.wrinkles, _smile_fold(skin, expression)]),
        "gloss": np.array([skin.oil, min(2.0 / skin.roughness**4, 90.0), eyes.wet, 0.0]),
        "make_up": _four(skin.shadow_colour, skin.shadow),
        "lid": np.array([skin.liner, eyes.lashes, eyes.lid_shade, eyes.lid_crease]),
        "seed": np.array([*skin.texture, *look.hair.texture]),
    }


def _eyes(look: Look, state: EyeState) -> Values:
    eyes = look.eyes
    return {
        "iris": _four(eyes.iris, eyes.iris_radius),
        "iris_inner": _four(eyes.iris_inner, eyes.pupil),
        "sclera": _four(eyes.sclera, eyes.veins),
        "eye_extra": np.array([eyes.limbal, CAP_SHADE * (look.wardrobe.hat == "cap"), 0.0, 0.0]),
        "ball": np.concatenate([state.centre, state.radius[:, None]], axis=1),
        "ball_axis": np.concatenate([state.axis, np.zeros((2, 1))], axis=1),
        "lid_upper": np.concatenate([state.upper, state.openness[:, None]], axis=1),
        "lid_lower": np.concatenate([state.lower, state.openness[:, None]], axis=1),
    }


def _hair(hair: Hair) -> Values:
    cover = SCALP_COVER.get(hair.style, 1.0)
    return {
        "hair": _four(hair.colour, hair.density),
        "hair_tip": _four(hair.tip_colour, hair.shine),
        "hair_shape": np.array([hair.hairline, hair.curl, cover, hair.volume]),
        "hair_ends": np.array([hair.ragged, hanging(hair), 0.0, 0.0]),
        "brow": _four(hair.brow_colour, hair.brow_density),
        "brow_shape": np.array(
            [hair.brow_thickness, hair.brow_arch, hair.brow_length, hair.brow_height]
        ),
        "beard": _four(hair.beard_colour, hair.beard_density),
        "beard_shape": np.array([BEARDS[hair.beard], hair.beard_length, STRAND_SHELL, 0.0]),
    }


def _things(look: Look) -> Values:
    clothes, backdrop = look.wardrobe, look.background
    zoom = -backdrop.zoom if backdrop.flip else backdrop.zoom
    return {
        "shirt": _four(clothes.shirt, clothes.shirt_pattern),
        "shirt_second": _four(clothes.shirt_second),
        "things": _four(clothes.frame_colour, clothes.lens_tint),
        "things_second": _four(clothes.hat_colour, clothes.lens_glare),
        "backdrop": np.array(
            [backdrop.layer, backdrop.blur, backdrop.contrast, _backdrop_level(look)]
        ),
        "backdrop_place": np.array([*backdrop.shift, zoom, backdrop.angle]),
        "backdrop_tint": _four(backdrop.tint),
    }


def _backdrop_level(look: Look) -> float:
    """Radiance of white in the background: its level is stated beside the metered face."""
    return 0.5 * look.background.level / max(look.sensor.exposure, 1e-3)
