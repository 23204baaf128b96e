"""Sheets on which every index of a layout can be read and judged: a layout drawn on a head."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import ARKIT_UNITS, FaceModel, Float32
from dlm.generator.sketch import View, sketch
from dlm.landmark_specs import LandmarkSpec
from dlm.landmark_specs.pictures import Panel, Picture, draw_panel

EXPRESSIONS: Mapping[str, Mapping[str, float]] = {
    "neutral": {},
    "eyes closed": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    "mouth open": {"jawOpen": 0.6},
    "smile": {
        "mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "mouthUpperUpLeft": 0.4,
        "mouthUpperUpRight": 0.4, "cheekSquintLeft": 0.6, "cheekSquintRight": 0.6,
    },
    "pucker": {"mouthPucker": 1.0},
    "brows up": {
        "browInnerUp": 1.0, "browOuterUpLeft": 1.0, "browOuterUpRight": 1.0,
        "eyeWideLeft": 1.0, "eyeWideRight": 1.0,
    },
}  # fmt: skip
POSES: Mapping[str, tuple[float, float]] = {  # degrees of yaw and pitch
    "front": (0, 0), "45 left": (45, 0), "45 right": (-45, 0), "profile": (-90, 0),
    "head down": (0, -25),
}  # fmt: skip

_FACE = View(centre=(0.0, -0.022, 0.0), width=0.225)
_PANELS = 9  # of an index sheet
_LEFT_EYE, _MOUTH = ("eye_left", "lid_left"), ("lip", "mouth")
_EYE_WIDTH, _MOUTH_WIDTH, _NOSE_WIDTH = 0.048, 0.072, 0.056
_CLOSE_UPS = (  # title, expression, points it is about, metres across, degrees
    ("left eye", "neutral", _LEFT_EYE, _EYE_WIDTH, 0.0),
    ("left eye, closed", "eyes closed", _LEFT_EYE, _EYE_WIDTH, 0.0),
    ("nose", "neutral", ("nose",), _NOSE_WIDTH, 0.0),
    ("right eye", "neutral", ("eye_right", "lid_right"), _EYE_WIDTH, 0.0),
    ("mouth", "neutral", _MOUTH, _MOUTH_WIDTH, 0.0),
    ("mouth, open", "mouth open", _MOUTH, _MOUTH_WIDTH, 0.0),
    ("mouth, smile", "smile", _MOUTH, _MOUTH_WIDTH, 0.0),
    ("mouth, pucker", "pucker", _MOUTH, _MOUTH_WIDTH, 0.0),
    ("mouth, open, 45 degrees", "mouth open", _MOUTH, _MOUTH_WIDTH, -45.0),
    ("mouth, pucker, profile", "pucker", _MOUTH, _MOUTH_WIDTH, -90.0),
)


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
    """Return one picture of the `index_panels` that shows what every index is."""
    panels = index_panels(spec, model, panel)
    return _grid([draw_panel(one, spec, numbers=True) for one in panels], 3)


def index_panels(spec: LandmarkSpec, model: FaceModel, panel: int = 900) -> list[Panel]:
    """Return nine views that show between them what every index is.

    Front, 45 degrees and profile; then close-ups of eyes, nose and mouth, with the eyes closed
    and the mouth open. What a layout has no points of makes room for more of the mouth.
    """
    shapes = {name: posed(model, units) for name, units in EXPRESSIONS.items()}
    neutral = shapes["neutral"]
    indices = _indices(spec, model)
    views = [
        ("front", neutral, _FACE),
        ("45 degrees", neutral, View(yaw=-45, centre=_FACE.centre, width=_FACE.width)),
        ("profile", neutral, View(yaw=-90, centre=(0.0, -0.022, -0.03), width=_FACE.width)),
    ]
    for title, expression, words, width, yaw in _CLOSE_UPS:
        shape = shapes[expression]
        centre = _centre(spec, shape[indices], words)
        if centre is not None:
            views.append((title, shape, View(yaw=yaw, centre=centre, width=width)))
    return [
        _panel(spec, model, shape, view, panel, f"{spec.name}: {title}")
        for title, shape, view in views[:_PANELS]
    ]


def review_sheet(spec: LandmarkSpec, model: FaceModel, panel: int = 640) -> Picture:
    """Return POSES (columns) by EXPRESSIONS (rows), points without numbers."""
    drawn = []
    for name, units in EXPRESSIONS.items():
        shape = posed(model, units)
        for pose, (yaw, pitch) in POSES.items():
            view = View(yaw=yaw, pitch=pitch, centre=(0.0, -0.03, -0.02), width=0.22)
            one = _panel(spec, model, shape, view, panel, f"{spec.name}: {name}, {pose}")
            drawn.append(draw_panel(one, spec, numbers=False))
    return _grid(drawn, len(POSES))


def _indices(spec: LandmarkSpec, model: FaceModel) -> NDArray[np.int32]:
    topology = model.topology
    return spec.vertex_indices(model.name, topology.hash, topology.vertex_count)


def _centre(
    spec: LandmarkSpec, places: Float32, words: Sequence[str]
) -> tuple[float, float, float] | None:
    """Return the middle of the points whose names begin with one of `words`; None without any."""
    chosen = [k for k, name in enumerate(spec.names) if name.startswith(tuple(words))]
    if not chosen:
        return None
    middle = (places[chosen].min(axis=0) + places[chosen].max(axis=0)) / 2
    return float(middle[0]), float(middle[1]), float(middle[2])


def _panel(
    spec: LandmarkSpec, model: FaceModel, shape: Float32, view: View, size: int, title: str
) -> Panel:
    drawn = sketch(model, shape, view, size)
    indices = _indices(spec, model)
    return Panel(title, drawn.image, drawn.pixels[indices], drawn.visible[indices])


def _grid(panels: Sequence[Picture], columns: int) -> Picture:
    blank = np.full_like(panels[0], 255)
    full = [*panels, *[blank] * (-len(panels) % columns)]
    rows = [np.concatenate(full[k : k + columns], axis=1) for k in range(0, len(full), columns)]
    return np.concatenate(rows, axis=0)
