"""Contour points that follow the visible outline of the face, as human annotators place the jaw.

On the side that turns away the jaw lies hidden behind the cheek, and people mark the cheek's
outline instead; on the near side they mark the edge of the jawbone, which lies behind the frontal
outline. Each contour point has a path over the skin (`contour_paths`), from the cheek to a little
behind its fixed vertex, and goes where the path reaches farthest out in the picture: there the
outline touches it, or there it ends. The mean over the path weighted by exp(reach / SOFTNESS) is
taken in place of the one farthest node, so that points move smoothly with the pose.

Nothing is drawn: posed vertices and a camera are enough. The idea of marching landmarks is that of
Zhu et al., High-fidelity pose and expression normalization for face recognition, CVPR 2015.
Shapes: C contour points, S nodes a path, P points of the layout, V vertices.
"""

import numpy as np

from dlm.errors import SpecError
from dlm.generator import labels
from dlm.generator.contour_paths import INNER, OUTER, may_slide, trace
from dlm.generator.models.base import FaceModel, Float32, Int32
from dlm.generator.scene import Pose, rotation
from dlm.landmark_specs import LandmarkSpec

SOFTNESS = 0.00015  # metres of reach; on a cheek's curve it averages over some 2 mm of skin

_NEAR = np.array([-2, -1, 0, 1])  # nodes by which a point is seen: on the outline, those inside it


class Slider:
    """Slides the contour points of one layout on one head model.

    Raises SpecError where a contour point lies amid the face.
    """

    def __init__(self, model: FaceModel, spec: LandmarkSpec, vertices: Int32) -> None:
        groups = [spec.groups[name] for name in spec.contour]
        self.points: Int32 = np.unique(np.concatenate(groups)).astype(np.int32)
        lost = self.points[~may_slide(model, vertices[self.points])]
        if len(lost):
            raise SpecError(f"point {spec.names[lost[0]]!r} cannot slide to the outline of a face",
                            f"spec {spec.name!r}",
                            "list under contour: groups near the edge of the face")  # fmt: skip
        self._paths = trace(model, vertices[self.points])
        self._weight = self._paths.weight

    def place(self, pose: Pose, vertices: Float32) -> tuple[Float32, Int32]:
        """Return the pixels (C, 2) of the contour points of a posed head (V, 3), head's frame,
        and the vertices near each (C, n), of which one must be seen for the point to be.
        """
        nodes = np.asarray(self._paths.mixtures @ vertices)
        pixels, _ = labels.project(pose.camera, labels.to_world(pose, nodes))
        count, length = self._weight.shape
        right, up = _picture_axes(pose)
        away = self._paths.outward[:, :1] * right + self._paths.outward[:, 1:] * up
        tracks = pixels.reshape(count, length, 2)
        metres = pose.camera.world_to_camera[2, 3] / np.float32(pose.camera.fx)  # a pixel's
        reach = (tracks[..., 0] * away[:, :1] + tracks[..., 1] * away[:, 1:]) * metres
        at = _softly_farthest(reach, self._weight)
        first = np.minimum(at.astype(np.intp), length - 2)
        share = (at - first)[:, None].astype(np.float32)
        row = np.arange(count)
        mixed = nodes.reshape(count, length, 3)
        mixed = mixed[row, first] * (1 - share) + mixed[row, first + 1] * share
        placed, _ = labels.project(pose.camera, labels.to_world(pose, mixed))
        near = np.maximum(first[:, None] + _NEAR, 0)
        return placed, self._paths.corners[row[:, None], near].reshape(count, -1)


def _softly_farthest(reach: Float32, length: Float32) -> Float32:
    """Return the mean node (C,) of paths (C, S) that reach so far out, metres, and stand for so
    much length of path.
    """
    farthest = np.where(length > 0, reach, -np.inf).max(axis=1, keepdims=True)
    weight = length * np.exp(np.minimum(reach - farthest, 0) / np.float32(SOFTNESS))
    nodes = np.arange(INNER + 1 + OUTER, dtype=np.float32)
    return np.asarray((weight * nodes).sum(axis=1) / weight.sum(axis=1))


def _picture_axes(pose: Pose) -> tuple[Float32, Float32]:
    """Return where the subject's left and up point in the picture, unit and square: (2,), (2,)."""
    turned = pose.camera.world_to_camera[:2, :3] @ rotation(*pose.head)[:, 1]
    up = turned / max(float(np.hypot(*turned)), 1e-6)
    return np.array([-up[1], up[0]], np.float32), np.asarray(up, dtype=np.float32)
