"""The face on the page: a person, an expression and a gaze, from what the sliders say."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from dlm.generator.models.base import ARKIT_UNITS, FaceModel, Float32
from dlm.generator.sampling.expression import sample_expression
from dlm.generator.sampling.streams import Factor, stream

SEED = 1  # of the persons and expressions that the page draws by number
AREAS: Mapping[str, tuple[str, ...]] = {  # folders of sliders: beginnings of unit names
    "Brows": ("brow",),
    "Eyes": ("eye",),
    "Jaw": ("jaw",),
    "Mouth": ("mouth", "tongue"),
    "Cheeks and nose": ("cheek", "nose"),
}
PRESETS: Mapping[str, Mapping[str, float]] = {
    "neutral": {},
    "blink": {"eyeBlinkLeft": 1, "eyeBlinkRight": 1},
    "open": {"jawOpen": 0.8},
    "smile": {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9, "cheekSquintLeft": 0.5,
              "cheekSquintRight": 0.5},
    "pucker": {"mouthPucker": 1},
    "brows up": {"browInnerUp": 1, "browOuterUpLeft": 1, "browOuterUpRight": 1},
    "frown": {"browDownLeft": 1, "browDownRight": 1, "noseSneerLeft": 0.6,
                   "noseSneerRight": 0.6},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Face:
    """What the sliders say. Person 0 is the mean face."""

    person: int = 0
    strength: float = 1.0  # how far from the mean face towards the person, 1 is the person
    expression: Mapping[str, float] = field(default_factory=dict)  # unit -> 0 to 1
    gaze_yaw: float = 0.0  # degrees, positive to the subject's left
    gaze_pitch: float = 0.0  # degrees, positive up

    def with_unit(self, unit: str, value: float) -> "Face":
        """Return the face with one expression unit set."""
        return replace(self, expression={**self.expression, unit: value})


def coefficients(model: FaceModel, face: Face) -> tuple[Float32, Float32, Float32]:
    """Return identity (I,), expression (52,) and gaze (2, 2) radians of a face."""
    identity = np.zeros(model.identity_size, dtype=np.float32)
    if face.person:
        person = model.sample_identity(stream(SEED, face.person, Factor.IDENTITY))
        identity = (person.coefficients * np.float32(face.strength)).astype(np.float32)
    expression = np.array([face.expression.get(unit, 0.0) for unit in ARKIT_UNITS], np.float32)
    gaze = np.radians([[face.gaze_yaw, face.gaze_pitch]] * 2).astype(np.float32)
    return identity, expression, gaze


def posed(model: FaceModel, face: Face) -> Float32:
    """Return the (V, 3) vertices of a face in the head's frame, in metres."""
    identity, expression, gaze = (part[None] for part in coefficients(model, face))
    neck = np.zeros((1, 3), dtype=np.float32)
    vertices: Float32 = model.vertices(identity, expression, gaze, neck)[0]
    return vertices


def drawn_expression(number: int) -> dict[str, float]:
    """Return expression `number`, drawn as datasets draw theirs."""
    values = sample_expression(stream(SEED, number, Factor.EXPRESSION))
    return {
        unit: round(float(value), 3)
        for unit, value in zip(ARKIT_UNITS, values, strict=True)
        if value
    }


def units_of(area: str) -> list[str]:
    """Return the expression units of one of the AREAS."""
    return [unit for unit in ARKIT_UNITS if unit.startswith(AREAS[area])]
