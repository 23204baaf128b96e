"""Faces people make: a mouth, a pair of eyes and brows that belong together.

Units drawn independently look like nobody (jaws gape, lids flutter), so a draw picks a mouth, then
eyes and brows whose chances depend on it, and every unit follows the intensity of its part. The
shares and ranges are set so that lid opening, mouth opening, mouth width and the height of the
mouth's corners spread over the inter-ocular distance as they do on in-the-wild photographs: the
commonest mouth is a smile with the upper teeth, then a closed one.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import ARKIT_UNITS, Float32
from dlm.generator.sampling.identity import growth
from dlm.generator.sampling.streams import one_of

_INDEX = {name: k for k, name in enumerate(ARKIT_UNITS)}
_OTHER_SIDE = [_INDEX[name.replace("Left", "%").replace("Right", "Left").replace("%", "Right")]
               for name in ARKIT_UNITS]  # fmt: skip
_SIDE = np.array([name.endswith("Left") * 1.0 - name.endswith("Right") for name in ARKIT_UNITS])

# Part -> (share, {unit or pair: (low, high)}); all units of a part rise with one intensity.
Part = tuple[float, Mapping[str, tuple[float, float]]]

_MOUTHS: Mapping[str, Part] = {
    "closed": (0.24, {"mouthSmile": (-0.05, 0.2), "mouthPress": (0.0, 0.2),
                      "mouthShrugLower": (0.0, 0.2), "mouthFrown": (-0.1, 0.12)}),
    "parted": (0.035, {"jawOpen": (0.02, 0.12), "mouthUpperUp": (0.0, 0.25),
                       "mouthLowerDown": (0.0, 0.25)}),
    "smile_closed": (0.105, {"mouthSmile": (0.2, 0.95), "mouthDimple": (-0.2, 0.4),
                             "mouthPress": (-0.15, 0.2), "mouthPucker": (-0.05, 0.45),
                             "cheekSquint": (0.0, 0.35)}),
    "smile_teeth": (0.225, {"mouthSmile": (0.4, 1.0), "mouthUpperUp": (0.2, 0.7),
                            "jawOpen": (0.02, 0.22), "mouthStretch": (-0.1, 0.6),
                            "mouthLowerDown": (0.1, 0.65), "mouthDimple": (-0.1, 0.9),
                            "cheekSquint": (0.1, 0.6), "noseSneer": (0.0, 0.15)}),
    "laugh": (0.105, {"mouthSmile": (0.6, 1.0), "jawOpen": (0.15, 0.65),
                      "mouthUpperUp": (0.3, 0.8), "mouthLowerDown": (0.2, 0.8),
                      "mouthStretch": (0.0, 0.7), "mouthDimple": (0.0, 1.0),
                      "cheekSquint": (0.3, 0.9), "noseSneer": (0.0, 0.3)}),
    "smirk": (0.02, {"mouthSmileLeft": (0.3, 0.8), "mouthSmileRight": (-0.1, 0.4),
                     "mouthDimpleLeft": (0.0, 0.8), "mouthLeft": (-0.1, 0.3),
                     "mouthUpperUpLeft": (-0.3, 0.4), "jawOpen": (-0.1, 0.1)}),
    "twisted": (0.012, {"mouthLeft": (0.2, 0.8), "mouthPress": (0.0, 0.5),
                        "mouthPucker": (-0.3, 0.5)}),
    "speech_spread": (0.055, {"jawOpen": (0.04, 0.3), "mouthStretch": (0.0, 0.6),
                              "mouthLowerDown": (0.1, 0.7), "mouthUpperUp": (0.0, 0.5)}),
    "speech_round": (0.035, {"jawOpen": (0.03, 0.35), "mouthFunnel": (0.1, 0.6),
                             "mouthPucker": (-0.1, 0.5)}),
    "pursed": (0.02, {"mouthPucker": (0.25, 0.95), "mouthFunnel": (0.0, 0.2)}),
    "pressed": (0.04, {"mouthPress": (0.1, 0.9), "mouthRollLower": (0.0, 0.9),
                       "mouthRollUpper": (0.0, 0.65), "mouthClose": (0.0, 0.03)}),
    "frown": (0.028, {"mouthFrown": (0.2, 0.95), "mouthShrugLower": (0.0, 0.7),
                      "mouthShrugUpper": (0.0, 0.4),
                      "mouthPress": (0.0, 0.3)}),
    "open": (0.04, {"jawOpen": (0.15, 0.75), "mouthUpperUp": (0.0, 0.8),
                    "mouthLowerDown": (0.0, 0.8), "mouthStretch": (0.0, 1.0),
                    "mouthDimple": (-0.2, 0.5), "mouthFunnel": (-0.3, 0.3)}),
    "gape": (0.016, {"jawOpen": (0.55, 1.0), "mouthUpperUp": (0.0, 0.7),
                     "mouthStretch": (-0.1, 0.7), "mouthPucker": (-0.4, 0.4),
                     "mouthSmile": (-0.3, 0.6)}),
    "disgust": (0.012, {"noseSneer": (0.4, 0.9), "mouthUpperUp": (0.3, 0.8),
                        "mouthFrown": (0.0, 0.4)}),
    "puffed": (0.008, {"cheekPuff": (0.3, 0.9), "mouthPucker": (0.0, 0.3)}),
    "tongue": (0.004, {"tongueOut": (0.5, 1.0), "jawOpen": (0.3, 0.5)}),
}  # fmt: skip

_EYES: Mapping[str, Part] = {
    "open": (0.765, {"eyeWide": (0.0, 0.75), "eyeSquint": (0.0, 0.1)}),
    "wide": (0.05, {"eyeWide": (0.6, 1.0)}),
    "narrow": (0.12, {"eyeSquint": (0.15, 0.75), "eyeBlink": (0.0, 0.25)}),
    "half_closed": (0.04, {"eyeBlink": (0.25, 0.75)}),
    "closed": (0.02, {"eyeBlink": (0.97, 1.0)}),
    "wink": (0.005, {"eyeBlinkLeft": (0.9, 1.0), "eyeSquintLeft": (0.2, 0.6),
                    "cheekSquintLeft": (0.2, 0.6)}),
}  # fmt: skip

_BROWS: Mapping[str, Part] = {
    "rest": (0.50, {"browInnerUp": (0.0, 0.15), "browDown": (0.0, 0.15)}),
    "raised": (0.20, {"browInnerUp": (0.2, 0.9), "browOuterUp": (0.2, 0.9)}),
    "drawn": (0.14, {"browDown": (0.2, 0.9)}),
    "worried": (0.09, {"browInnerUp": (0.3, 0.9), "browDown": (0.0, 0.4)}),
    "one_up": (0.07, {"browOuterUpLeft": (0.3, 0.9), "browDownRight": (0.0, 0.5)}),
}  # fmt: skip

# How much likelier an eye or brow part is beside a mouth (1 where not named).
_BESIDE: Mapping[str, Mapping[str, float]] = {
    "smile_teeth": {"narrow": 1.2, "wide": 0.4, "closed": 0.6, "drawn": 0.3, "worried": 0.3},
    "laugh": {"narrow": 1.8, "closed": 1.8, "wide": 0.3, "drawn": 0.5},
    "smile_closed": {"narrow": 1.4, "drawn": 0.4},
    "frown": {"drawn": 3.0, "worried": 3.0, "narrow": 1.5},
    "open": {"wide": 3.0, "raised": 3.0},
    "disgust": {"narrow": 3.0, "drawn": 3.0},
}
_SIDED = 0.12  # standard deviation of the log of left against right
_SMILING_SQUINT = 0.65  # the most that a full smile narrows the eyes
_BENT = np.radians(8.0)  # pitch from which a head counts as bent down
_TINGED = 0.3  # share of mouths with a little of another one
_UNMIXED = dict.fromkeys(("frown", "gape", "disgust", "puffed", "tongue"), 0.0)  # never
_LOPSIDED = 0.10  # share of faces whose two sides differ visibly


def sample_expression(rng: np.random.Generator) -> Float32:
    """Draw (52,) weights in 0 to 1, in the order of ARKIT_UNITS; the eyeLook units stay 0."""
    weights = np.zeros(len(ARKIT_UNITS))
    mouth = _pick(rng, _MOUTHS, {})
    odds = _BESIDE.get(mouth, {})
    for parts, name in ((_MOUTHS, mouth), (_EYES, _pick(rng, _EYES, odds)),
                        (_BROWS, _pick(rng, _BROWS, odds))):  # fmt: skip
        np.maximum(weights, _drawn(rng, parts[name][1]), out=weights)
    if mouth not in _UNMIXED:
        _tinge(rng, weights)
    _narrow_with_smile(rng, weights)
    _shift_sideways(rng, weights)
    weights *= _sides(rng)
    if rng.random() < 0.5:
        weights = weights[_OTHER_SIDE]
    # Lids that an unequal pair would leave ajar stay shut.
    shut = weights[[_INDEX["eyeBlinkLeft"], _INDEX["eyeBlinkRight"]]]
    if shut.min() > 0.8:
        weights[[_INDEX["eyeBlinkLeft"], _INDEX["eyeBlinkRight"]]] = 1.0
    return np.clip(weights, 0, 1).astype(np.float32)


def on_face_of(years: float, weights: Float32) -> Float32:
    """Return `weights` (52,) that move a small face as they would an adult's.

    Units are metres of skin; on a toddler's full smile an adult's would tear the cheeks. Blinks are
    shares of the opening of the eyes.
    """
    share = np.full(len(weights), growth(years) ** 1.5, np.float32)
    share[[_INDEX["eyeBlinkLeft"], _INDEX["eyeBlinkRight"]]] = 1.0
    return weights * share


def sample_gaze(rng: np.random.Generator, head: Float32) -> Float32:
    """Draw (2, 2) radians [left, right][yaw, pitch] in the head's frame.

    `head` is the head's yaw, pitch and roll before the camera. Two thirds of the people look into
    the camera as far as their eyes turn (so against the head's turn), the others somewhere near,
    or, mostly with a head bent down, at something below; the two eyes meet at a distance of 0.4 m
    or more.
    """
    limits = np.radians([32.0, 22.0])
    into_camera = -np.asarray(head[:2], dtype=np.float64)
    pastime = rng.random()
    if pastime < 0.65:
        aim = into_camera + rng.normal(size=2) * np.radians(2.0)
    elif pastime < (0.85 if head[1] < -_BENT else 0.68):
        aim = np.radians([0.0, -15.0]) + rng.normal(size=2) * np.radians([7.0, 6.0])
    else:
        aim = 0.4 * into_camera + rng.normal(size=2) * np.radians([11.0, 7.0])
    reachable = limits * np.tanh(aim / limits)
    squint = np.arctan(0.03 / rng.uniform(0.4, 6.0))  # half the distance of the eyes over its aim
    gaze = np.stack([reachable, reachable])
    gaze[:, 0] += [-squint, squint]
    return gaze.astype(np.float32)


def _pick(rng: np.random.Generator, parts: Mapping[str, Part], odds: Mapping[str, float]) -> str:
    names = list(parts)
    return names[one_of(rng, (parts[name][0] * odds.get(name, 1.0) for name in names))]


def _drawn(
    rng: np.random.Generator, units: Mapping[str, tuple[float, float]]
) -> NDArray[np.float64]:
    """Draw a part's units: half of the way with one intensity, the rest on their own."""
    weights = np.zeros(len(ARKIT_UNITS))
    intensity = rng.random()
    for unit, (low, high) in units.items():
        level = 0.5 * intensity + 0.5 * rng.random()
        names = [unit] if unit in _INDEX else [f"{unit}Left", f"{unit}Right"]
        weights[[_INDEX[name] for name in names]] = low + (high - low) * level
    return np.maximum(weights, 0)


def _tinge(rng: np.random.Generator, weights: NDArray[np.float64]) -> None:
    """Mix a little of another mouth into some: between the named ones there are no gaps."""
    if rng.random() < _TINGED:
        other = _drawn(rng, _MOUTHS[_pick(rng, _MOUTHS, _UNMIXED)][1])
        np.maximum(weights, rng.uniform(0.0, 0.4) * other, out=weights)


def _narrow_with_smile(rng: np.random.Generator, weights: NDArray[np.float64]) -> None:
    """Let cheeks that a smile raises push the lids together, on some more than on others."""
    depth = _SMILING_SQUINT * rng.random()
    for side in ("Left", "Right"):
        smile, squint = weights[_INDEX[f"mouthSmile{side}"]], _INDEX[f"eyeSquint{side}"]
        weights[_INDEX[f"eyeWide{side}"]] *= 1 - 0.8 * smile
        weights[squint] = max(weights[squint], depth * smile)


def _sides(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a factor for each unit: the two sides of a face never move quite alike."""
    spread = 2.8 * _SIDED if rng.random() < _LOPSIDED else _SIDED
    lean, flip = rng.normal(scale=spread), rng.random() < 0.5
    own = rng.normal(scale=0.6 * spread, size=len(ARKIT_UNITS))
    return np.asarray(np.exp(_SIDE * (lean * (-1 if flip else 1)) + np.abs(_SIDE) * own))


def _shift_sideways(rng: np.random.Generator, weights: NDArray[np.float64]) -> None:
    """Let mouth and jaw stand a little aside, and the jaw forward, on some faces."""
    if rng.random() < 0.3:
        side = "Left" if rng.random() < 0.5 else "Right"
        mouth = _INDEX[f"mouth{side}"]
        weights[mouth] = max(weights[mouth], rng.uniform(0.0, 0.25))
        # An open jaw that moved so far would show the teeth of one side alone.
        far = 0.25 * max(1 - 3 * weights[_INDEX["jawOpen"]], 0.2)
        weights[_INDEX[f"jaw{side}"]] = rng.uniform(0.0, far)
        weights[_INDEX["jawForward"]] = rng.uniform(0.0, 0.3)
