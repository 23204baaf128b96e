"""Layers: what lies at each pixel, beside the picture and exactly aligned with it.

While the picture is drawn, the stencil keeps which thing each pixel shows (`LayerPass.mark`):
whatever discards or hides a fragment there, does so here. Then the head alone is drawn once more,
plainly, for what its surface knows: part of the face, texture coordinates, normal; it counts where
the stencil says that the head is seen.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from OpenGL import GL

from dlm.datasets.layers import CLASSES
from dlm.errors import RenderError
from dlm.generator.models.base import FaceModel, Float32
from dlm.generator.render import gpu
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

    def __init__(self, model: FaceModel, size: int) -> None:
        self._size, self._parts = size, model.surface.parts
        still = [paint_map(model), *np.split(masks(model), 4, axis=1), model.topology.uv]
        count = model.topology.vertex_count
        self._mesh = gpu.Mesh((3, 3), still, model.surface.triangles, count)
        self._program = gpu.Program("layer.vert", "layer.frag", {})
        self._target = _target(size)
        GL.glEnable(GL.GL_STENCIL_TEST)
        GL.glStencilOp(GL.GL_KEEP, GL.GL_KEEP, GL.GL_REPLACE)

    @staticmethod
    def mark(what: Mark) -> None:
        """Have the stencil keep that what is drawn from now on is `what`."""
        GL.glStencilMask(0 if what == Mark.SEEN_THROUGH else 0xFF)
        GL.glStencilFunc(GL.GL_ALWAYS, int(what), 0xFF)

    def draw(
        self, marks: NDArray[np.uint8], vertices: Float32, normals: Float32, camera: Camera
    ) -> dict[str, NDArray[Any]]:
        """Return segmentation, normals and uv as `dlm.datasets.layers` has them.

        `marks` (H, W) is the stencil of the picture; the uniform block holds its sample.
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
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._target)
        GL.glDisable(GL.GL_STENCIL_TEST)
        GL.glClear(GL.GL_COLOR_BUFFER_BIT | GL.GL_DEPTH_BUFFER_BIT)
        self._program.use()
        for part, (start, stop) in self._parts.items():
            if not part.startswith("lashes"):
                GL.glUniform1f(self._program.location("skin"), float(part == "skin"))
                self._mesh.draw(start, stop)
        read = []
        GL.glEnable(GL.GL_STENCIL_TEST)
        for k in range(2):
            GL.glReadBuffer(GL.GL_COLOR_ATTACHMENT0 + k)
            pixels = np.empty((self._size, self._size, 4), np.float32)
            GL.glReadPixels(0, 0, self._size, self._size, GL.GL_RGBA, GL.GL_FLOAT, pixels)
            read.append(pixels)
        return read[0], read[1]


def _target(size: int) -> int:
    """Return a framebuffer of two float pictures and a depth of its own."""
    target = int(GL.glGenFramebuffers(1))
    GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, target)
    places = [GL.GL_COLOR_ATTACHMENT0, GL.GL_COLOR_ATTACHMENT1]
    for place, kind in [*((place, GL.GL_RGBA32F) for place in places),
                        (GL.GL_DEPTH_ATTACHMENT, GL.GL_DEPTH_COMPONENT32F)]:  # fmt: skip
        buffer = GL.glGenRenderbuffers(1)
        GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, buffer)
        GL.glRenderbufferStorage(GL.GL_RENDERBUFFER, kind, size, size)
        GL.glFramebufferRenderbuffer(GL.GL_FRAMEBUFFER, place, GL.GL_RENDERBUFFER, buffer)
    GL.glDrawBuffers(2, places)
    if GL.glCheckFramebufferStatus(GL.GL_FRAMEBUFFER) != GL.GL_FRAMEBUFFER_COMPLETE:
        raise RenderError(f"the driver refuses layers of {size} px", "renderer")
    return target
