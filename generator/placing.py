"""The columns of a row that depend on the layout: points, visibility, box.

Rendering and relabelling both take them from here, so that they agree bit for bit.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.datasets.recipe import CONTOURS
from dlm.errors import SpecError
from dlm.generator import labels
from dlm.generator.contour import Slider
from dlm.generator.models.base import FaceModel, Float32
from dlm.generator.scene import Pose
from dlm.landmark_specs import LandmarkSpec

FIXED, VISIBLE = CONTOURS


class Placer:
    """Places the points of one layout on posed heads of one model."""

    def __init__(self, model: FaceModel, spec: LandmarkSpec, contour: str = FIXED) -> None:
        """Raises SpecError where the layout does not fit the model or names no contour to slide."""
        topology = model.topology
        self._vertices = spec.vertex_indices(model.name, topology.hash, topology.vertex_count)
        if contour not in CONTOURS:
            raise SpecError(f"unknown contour policy {contour!r}", "--contour",
                            f"choose {' or '.join(CONTOURS)}")  # fmt: skip
        if contour == VISIBLE and not spec.contour:
            raise SpecError("names no groups that may slide to the visible outline",
                            f"spec {spec.name!r}",
                            "list them under contour:, or leave out --contour visible")  # fmt: skip
        self._slider = Slider(model, spec, self._vertices) if contour == VISIBLE else None

    def columns(
        self, poses: Sequence[Pose], heads: Float32, visible: NDArray[np.uint8]
    ) -> dict[str, Any]:
        """Return points, visibility and box of n posed heads.

        `heads` (n, V, 3) metres in the head's frame, `visible` (n, ceil(V / 8)) packed bits.
        """
        placed = [self._place(*sample) for sample in zip(poses, heads, visible, strict=True)]
        points, seen = (np.array(column) for column in zip(*placed, strict=True))
        boxes = np.array([labels.tight_box(pixels) for pixels in points])
        return {"points": points, "visibility": seen, "box": boxes}

    def _place(
        self, pose: Pose, head: Float32, visible: NDArray[np.uint8]
    ) -> tuple[Float32, NDArray[np.uint8]]:
        """Return points (P, 2) and visibility (P,) of one head (V, 3)."""
        size = pose.camera.size
        world = labels.to_world(pose, head[self._vertices])
        pixels, _ = labels.project(pose.camera, world)
        seen = labels.point_visibility(visible, self._vertices, pixels, size)
        if self._slider is not None:
            moved, around = self._slider.place(pose, head)
            pixels[self._slider.points] = moved
            seen[self._slider.points] = labels.point_visibility(visible, around, moved, size)
        return pixels, seen
