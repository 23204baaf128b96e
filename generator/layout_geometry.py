"""A head's geometry for the checks of a layout: the mean head, and random people's points."""

import numpy as np

from dlm.generator.models.base import FaceModel
from dlm.generator.sampling.expression import sample_expression
from dlm.landmark_specs.checks import Geometry
from dlm.landmark_specs.spec import Int32

_PARTS = ("skin", "eye_left", "eye_right")
_BATCH = 8


def layout_geometry(model: FaceModel, indices: Int32, faces: int, seed: int = 0) -> Geometry:
    """Return the geometry that `checks.check` judges vertices `indices` (P,) by."""
    rng = np.random.default_rng(seed)
    drawn = []
    for start in range(0, faces, _BATCH):
        count = min(_BATCH, faces - start)
        identity = np.stack([model.sample_identity(rng).coefficients for _ in range(count)])
        expression = np.stack([sample_expression(rng) for _ in range(count)])
        gaze = np.zeros((count, 2, 2), np.float32)
        posed = model.vertices(identity, expression, gaze, np.zeros((count, 3), np.float32))
        drawn.append(posed[:, indices])
    allowed = [model.topology.part_vertices(p) for p in _PARTS if p in model.topology.parts]
    return Geometry(
        template=model.template,
        faces=np.concatenate(drawn),
        visible_parts=np.unique(np.concatenate(allowed)),
    )
