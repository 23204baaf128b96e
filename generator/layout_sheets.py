"""Sheets on which every index of a layout can be read and judged: a layout drawn on a head."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dlm.generator.models.base import ARKIT_UNITS, FaceModel, Float32
from dlm.generator.sketch import View, sketch
from dlm.landmark_specs import LandmarkSpec
from dlm.landmark_specs.pictures import Picture, draw_dots, draw_lines, draw_numbers

EXPRESSIONS: Mapping[str, Mapping[str, float]] = {
    "neutral": {},
    "eyes closed": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    "mouth open": {"jawOpen": 0.6},
    "smile": {
        "mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "mouthUpperUpLeft": 0.4,
        "mouthUpperUpRight": 0.4, "cheekSquintLeft": 0.6, "cheekSquintRight": 0.6,
    },
    "brows up, pucker": {
        "browInnerUp": 1.0, "browOuterUpLeft": 1.0, "browOuterUpRight": 1.0, "mouthPucker": 1.0,
        "eyeWideLeft": 1.0, "eyeWideRight": 1.0,
    },
}  # fmt: skip
POSES: tuple[tuple[float, float], ...] = ((0, 0), (45, 0), (90, 0), (0, 20), (-25, -20))

_FACE = View(centre=(0.0, -0.022, 0.0), width=0.225)
_EYE_WIDTH, _MOUTH_WIDTH, _NOSE_WIDTH = 0.048, 0.072, 0.056


def posed(model: FaceModel, units: Mapping[str, float]) -> Float32:
    """Return the mean person's vertices (V, 3) with these expression units."""
    expression = np.zeros((1, len(ARKIT_UNITS)), np.float32)
    for unit, weight in units.items():
        expression[0, ARKIT_UNITS.index(unit)] = weight
    identity = np.zeros((1, model.identity_size), np.float32)
    straight = np.zeros((1, 2, 2), np.float32)
    vertices = model.vertices(identity, expression, straight, np.zeros((1, 3), np.float32))
    return np.asarray(vertices[0])


def index_sheet(spec: LandmarkSpec, model: FaceModel, panel: int = 900) -> Picture:
    """Return one picture that shows what every index is.

    Front, 45 degrees and profile; then close-ups of the eyes, nose and mouth, with the eyes
    closed and the mouth open.
    """
    neutral = posed(model, {})
    shut = posed(model, EXPRESSIONS["eyes closed"])
    gaping = posed(model, EXPRESSIONS["mouth open"])
    indices = _indices(spec, model)

    def around(shape: Float32, words: Sequence[str], width: float, yaw: float = 0) -> View:
        return View(yaw=yaw, centre=_centre(spec, shape[indices], words), width=width)

    eye, mouth = ("eye_left", "lid_left"), ("lip", "mouth")
    panels = [
        ("front", neutral, _FACE),
        ("45 degrees", neutral, View(yaw=-45, centre=_FACE.centre, width=_FACE.width)),
        ("profile", neutral, View(yaw=-90, centre=(0.0, -0.022, -0.03), width=_FACE.width)),
        ("left eye", neutral, around(neutral, eye, _EYE_WIDTH)),
        ("left eye, closed", shut, around(neutral, eye, _EYE_WIDTH)),
        ("nose", neutral, around(neutral, ("nose",), _NOSE_WIDTH)),
        ("right eye", neutral, around(neutral, ("eye_right", "lid_right"), _EYE_WIDTH)),
        ("mouth", neutral, around(neutral, mouth, _MOUTH_WIDTH)),
        ("mouth, open", gaping, around(gaping, mouth, _MOUTH_WIDTH)),
    ]
    drawn = [
        _panel(spec, model, shape, view, panel, f"{spec.name}: {title}", numbers=True)
        for title, shape, view in panels
    ]
    return _grid(drawn, 3)


def review_sheet(spec: LandmarkSpec, model: FaceModel, panel: int = 640) -> Picture:
    """Return POSES (columns) by EXPRESSIONS (rows), points without numbers."""
    drawn = []
    for name, units in EXPRESSIONS.items():
        shape = posed(model, units)
        for yaw, pitch in POSES:
            view = View(yaw=yaw, pitch=pitch, centre=(0.0, -0.022, -0.02), width=0.2)
            title = f"{spec.name}: {name}, yaw {yaw:g}, pitch {pitch:g}"
            drawn.append(_panel(spec, model, shape, view, panel, title, numbers=False))
    return _grid(drawn, len(POSES))


def _indices(spec: LandmarkSpec, model: FaceModel) -> NDArray[np.int32]:
    topology = model.topology
    return spec.vertex_indices(model.name, topology.hash, topology.vertex_count)


def _centre(
    spec: LandmarkSpec, places: Float32, words: Sequence[str]
) -> tuple[float, float, float]:
    """Return the middle of the points whose names begin with one of `words`, else the face's."""
    chosen = [k for k, name in enumerate(spec.names) if name.startswith(tuple(words))]
    if not chosen:
        return _FACE.centre
    middle = (places[chosen].min(axis=0) + places[chosen].max(axis=0)) / 2
    return float(middle[0]), float(middle[1]), float(middle[2])


def _panel(
    spec: LandmarkSpec, model: FaceModel, shape: Float32, view: View, size: int, title: str,
    *, numbers: bool,
) -> Picture:  # fmt: skip
    drawn = sketch(model, shape, view, size)
    indices = _indices(spec, model)
    places, shown = drawn.pixels[indices], drawn.visible[indices]
    picture = Image.fromarray(drawn.image)
    pen = ImageDraw.Draw(picture)
    draw_lines(pen, places, spec, shown)
    draw_dots(pen, places, spec, shown, size / 450)
    if numbers:
        draw_numbers(pen, places, spec, shown, size / 80)
    pen.text((8, 6), title, fill=(0, 0, 0), font=ImageFont.load_default(size / 45))
    return np.asarray(picture)


def _grid(panels: Sequence[Picture], columns: int) -> Picture:
    rows = [np.concatenate(panels[k : k + columns], axis=1) for k in range(0, len(panels), columns)]
    return np.concatenate(rows, axis=0)
