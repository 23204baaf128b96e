"""Layers: what lies at each pixel, beside the picture and exactly aligned with it.

The picture's alpha says which thing each pixel shows: whatever discards or hides a fragment there,
does so here. The head alone is drawn once more, plainly, for what its surface knows: part of the
face, texture coordinates, normal; it counts where the picture shows the head.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.datasets.layers import CLASSES
from dlm.generator.models.base import FaceModel, Float32
from dlm.generator.render.gpu import SOLID, Gpu
from dlm.generator.render.marks import Mark
from dlm.generator.render.statics import masks, paint_map
from dlm.generator.scene import Camera

_CLASS_OF = {
    Mark.NOTHING: "background", Mark.SKIN: "skin", Mark.EYES: "eyes", Mark.MOUTH: "inner_mouth",
    Mark.LASHES: "eyes", Mark.HAIR: "hair", Mark.HEADWEAR: "headwear", Mark.GLASSES: "glasses",
    Mark.FACEWEAR: "facewear", Mark.OCCLUDER: "occluder",
    Mark.CLOTHES: "clothes",
}  # fmt: skip
_CLASSES = np.array([CLASSES.index(_CLASS_OF[mark]) for mark in sorted(_CLASS_OF)], np.uint8)
_HEAD = (Mark.SKIN, Mark.EYES, Mark.MOUTH)


class LayerPass:
    """Draws the layers of one head model at one size."""

    def __init__(self, gpu: Gpu, model: FaceModel, size: int) -> None:
        self._gpu, self._parts = gpu, model.surface.parts
        still = [paint_map(model), *np.split(masks(model), 4, axis=1), model.topology.uv]
        count = model.topology.vertex_count
        self._mesh = gpu.mesh((3, 3), still, model.surface.triangles, count)
        self._program = gpu.program("layer.vert", "layer.frag")
        pictures = [gpu.picture(size, "float") for _ in range(2)]
        self._target = gpu.target(size, pictures, gpu.depth(size))

    def draw(
        self, marks: NDArray[np.uint8], vertices: Float32, normals: Float32, camera: Camera
    ) -> dict[str, NDArray[Any]]:
        """Return segmentation, normals and uv as `dlm.datasets.layers` has them.

        `marks` (H, W) is the alpha of the picture; the uniform block holds its sample.
        """
        self._mesh.moving[:, :3], self._mesh.moving[:, 3:] = vertices, normals
        self._mesh.update()
        place, facing = self._paint()
        segmentation = _CLASSES[marks]
        skin = marks == Mark.SKIN
        segmentation[skin] = place[skin, 2]
        head = np.isin(marks, _HEAD)[..., None]
        in_camera = facing[..., :3] @ camera.world_to_camera[:3, :3].T
        return {
            "segmentation": segmentation,
            "normals": np.where(head, in_camera, np.float32(0)),
            "uv": np.where(head, place[..., :2], np.float32(np.nan)),
        }

    def _paint(self) -> tuple[Float32, Float32]:
        self._target.clear()
        self._target.use()
        self._gpu.set(SOLID)
        for part, (start, stop) in self._parts.items():
            if not part.startswith("lashes"):
                self._program.set("skin", float(part == "skin"))
                self._mesh.draw(self._program, start, stop)
        return self._target.read(0), self._target.read(1)
