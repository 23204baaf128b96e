"""A sheet that shows what a head model can do: the mean head, people, and their faces."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dlm.generator.layout_sheets import EXPRESSIONS, posed
from dlm.generator.models.base import ARKIT_UNITS, FaceModel, Float32
from dlm.generator.sampling.expression import sample_expression, sample_gaze
from dlm.generator.sketch import View, sketch
from dlm.landmark_specs.pictures import Picture

_COLUMNS = 6
_CENTRE = (0.0, -0.03, -0.02)
_YAWS = (0, -30, -60, -90, 180, 30)


def model_sheet(model: FaceModel, seed: int, panel: int = 320) -> Picture:
    """Return rows of the mean head from all sides, its expressions, people, people with faces."""
    rng = np.random.default_rng(seed)
    people = [model.sample_identity(rng) for _ in range(_COLUMNS)]
    identity = np.stack([person.coefficients for person in people])
    faces = np.stack([sample_expression(rng) for _ in people])
    gaze = np.stack([sample_gaze(rng, np.zeros(3, np.float32)) for _ in people])
    neck = np.zeros((_COLUMNS, 3), np.float32)
    titles = [f"{person.traits['age']:.0f} years" for person in people]
    neutral = model.vertices(identity, np.zeros((_COLUMNS, len(ARKIT_UNITS)), np.float32),
                             np.zeros_like(gaze), neck)  # fmt: skip
    alive = model.vertices(identity, faces, gaze, neck)
    named = list(EXPRESSIONS.items())[1:]
    rows = [
        [_panel(model, model.template, yaw, f"yaw {yaw}", panel) for yaw in _YAWS],
        [_panel(model, posed(model, units), 0, name, panel) for name, units in named],
        [_panel(model, v, 0, t, panel) for v, t in zip(neutral, titles, strict=True)],
        [_panel(model, v, -35, t, panel) for v, t in zip(neutral, titles, strict=True)],
        [_panel(model, v, 0, t, panel) for v, t in zip(alive, titles, strict=True)],
    ]
    blank = np.full((panel, panel, 3), 255, np.uint8)
    filled = [row + [blank] * (_COLUMNS - len(row)) for row in rows]
    return np.concatenate([np.concatenate(row, axis=1) for row in filled])


def _panel(model: FaceModel, vertices: Float32, yaw: float, title: str, size: int) -> Picture:
    view = View(yaw=yaw, centre=_CENTRE, width=0.29)
    picture = Image.fromarray(sketch(model, vertices, view, size).image)
    font = ImageFont.load_default(size / 20)
    ImageDraw.Draw(picture).text((6, 4), title, fill=(0, 0, 0), font=font)
    return np.asarray(picture)
