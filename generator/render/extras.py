"""What a head wears and what is held before it, drawn over it by any host of the shaders."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from OpenGL import GL

from dlm.generator.models.base import FaceModel, Float32
from dlm.generator.render import gpu
from dlm.generator.render.accessories import CORNERS, Fitter, Glasses, Peak, held_sheet
from dlm.generator.render.hair_field import HANGING, HairField
from dlm.generator.render.marks import Mark
from dlm.generator.render.worn import STUFFS, Worn
from dlm.generator.scene import Scene

HAIRLESS = ("bald", "shaved")
SHELLS = 4  # as shaders/hair.vert counts them
SHORT = 0.15  # hair that hangs no more than this hides its own inside
UNDER_HAT = 0.006  # metres that hair may stand off below a hat
HELD = ("hand", "microphone", "cup", "board", "paper")  # as shaders/held.frag counts them
MARKS = {"surgical": Mark.FACEWEAR, "cloth": Mark.FACEWEAR, "wool": Mark.CLOTHES,
         "plastic": Mark.HEADWEAR, "metal": Mark.HEADWEAR}  # fmt: skip
FRAME, LENS, PEAK = 0.0, 1.0, 2.0  # as shaders/thing.frag counts them


class Extras:
    """Hair, hats, glasses and occluders: their meshes, kept for life, and how to draw them."""

    def __init__(self, model: FaceModel, units: dict[str, int]) -> None:
        self._field, self._fitter, self._worn = HairField(model), Fitter(model), Worn(model)
        self._glasses, self._peak = Glasses(), Peak()
        grid, triangles = self._field.coordinates(), self._field.triangles()
        self._hair_mesh = gpu.Mesh((3, 3, 3), [grid], triangles, len(grid))
        self._hat_mesh = gpu.Mesh((3, 3, 3), [grid], triangles, len(grid))
        self._glasses_mesh = _things(self._glasses.triangles, self._glasses.vertex_count)
        self._peak_mesh = _things(self._peak.triangles, self._peak.vertex_count)
        quad = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
        self._sheet = gpu.Mesh((3,), [CORNERS.astype(np.float32)], quad, 4)
        self._worn_meshes = {
            grid: gpu.Mesh((3, 3), [grid.place], grid.triangles, grid.count)
            for grid in self._worn.grids
        }
        self._strand = gpu.Program("hair.vert", "hair.frag", units)
        self._cloth = gpu.Program("hair.vert", "hat.frag", units)
        self._thing = gpu.Program("thing.vert", "thing.frag", units)
        self._stuff = gpu.Program("worn.vert", "worn.frag", units)
        self._held = gpu.Program("held.vert", "held.frag", units)

    def draw(
        self, scene: Scene, vertices: Float32, turn: Float32, mark: Callable[[Mark], None]
    ) -> None:
        """Draw all that `scene` has of these onto a head turned by `turn`; tell `mark` what."""
        look = scene.look
        GL.glDisable(GL.GL_CULL_FACE)
        if look.hair.style not in HAIRLESS and look.wardrobe.hat != "headscarf":
            mark(Mark.HAIR)
            self._draw_hair(scene, vertices, turn)
        if look.wardrobe.hat != "none":
            mark(Mark.HEADWEAR)
            self._draw_hat(look.wardrobe.hat, vertices, turn)
        if self._worn.any(look.wardrobe):
            self._draw_worn(scene, vertices, turn, mark)
        if look.wardrobe.glasses != "none":
            self._draw_glasses(scene, vertices, turn, mark)
        mark(Mark.OCCLUDER)
        for thing in look.occluders:
            self._sheet.moving[:] = held_sheet(thing, scene.camera, turn)
            self._sheet.update()
            self._held.use()
            GL.glUniform1f(self._held.location("kind"), float(HELD.index(thing.kind)))
            GL.glUniform4f(self._held.location("colour"), *thing.colour, 1.0)
            GL.glUniform4f(self._held.location("second"), *thing.second, 1.0)
            self._sheet.draw()
        GL.glEnable(GL.GL_CULL_FACE)

    def _draw_hair(self, scene: Scene, vertices: Float32, turn: Float32) -> None:
        hair = scene.look.hair
        if scene.look.wardrobe.hat != "none":
            hair = replace(hair, volume=min(hair.volume, UNDER_HAT), front=0.0)
        strands = self._field.strands(hair, vertices, turn)
        _fill(self._hair_mesh, strands.points, strands.outward, strands.normals)
        self._strand.use()
        GL.glEnable(GL.GL_CULL_FACE)
        self._hair_mesh.draw(copies=SHELLS)
        if HANGING.get(hair.style, 0.0) > SHORT:  # one sees the outermost shell from within
            GL.glCullFace(GL.GL_FRONT)
            self._hair_mesh.draw()
            GL.glCullFace(GL.GL_BACK)
        GL.glDisable(GL.GL_CULL_FACE)

    def _draw_hat(self, hat: str, vertices: Float32, turn: Float32) -> None:
        if hat == "headscarf":
            sheet = self._field.hood(vertices, turn)
        else:
            sheet = self._field.hat(hat == "beanie", vertices, turn)
        _fill(self._hat_mesh, sheet.points, sheet.outward, sheet.normals)
        self._cloth.use()
        self._hat_mesh.draw()
        if hat == "cap":
            edge = (self._field.brow_edge(sheet.points) @ turn).astype(np.float64)
            self._peak_mesh.moving[:] = self._peak.shape(edge) @ turn.T
            self._peak_mesh.update()
            self._thing.use()
            GL.glUniform1f(self._thing.location("kind"), PEAK)
            self._peak_mesh.draw()

    def _draw_worn(
        self, scene: Scene, vertices: Float32, turn: Float32, mark: Callable[[Mark], None]
    ) -> None:
        self._stuff.use()
        crown = self._field.crown(vertices, turn)
        for piece in self._worn.pieces(scene.look, vertices @ turn, crown):
            mesh = self._worn_meshes[piece.grid]
            mesh.moving[:, :3] = piece.sheet.points @ turn.T
            mesh.moving[:, 3:] = piece.sheet.normals @ turn.T
            mesh.update()
            mark(MARKS[piece.stuff])
            GL.glUniform1f(self._stuff.location("kind"), float(STUFFS.index(piece.stuff)))
            GL.glUniform4f(self._stuff.location("colour"), *piece.colour, 1.0)
            mesh.draw()

    def _draw_glasses(
        self, scene: Scene, vertices: Float32, turn: Float32, mark: Callable[[Mark], None]
    ) -> None:
        shape = self._glasses.shape(scene.look.wardrobe, self._fitter.fit(vertices, turn))
        self._glasses_mesh.moving[:] = shape @ turn.T
        self._glasses_mesh.update()
        self._thing.use()
        mark(Mark.GLASSES)
        GL.glUniform1f(self._thing.location("kind"), FRAME)
        self._glasses_mesh.draw(*self._glasses.frame)
        clothes, dark = scene.look.wardrobe, scene.look.wardrobe.glasses == "sun"
        mirror = clothes.lens_mirror if dark else 0.0
        GL.glUniform1f(self._thing.location("kind"), LENS)
        GL.glUniform4f(self._thing.location("glass"), *clothes.lens_colour, mirror)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendFunc(GL.GL_SRC_ALPHA, GL.GL_ONE_MINUS_SRC_ALPHA)
        # One sees through clear lenses: only dark ones write the depth that hides what is behind.
        mark(Mark.GLASSES if dark else Mark.SEEN_THROUGH)
        GL.glDepthMask(dark)
        self._glasses_mesh.draw(*self._glasses.lenses)
        GL.glDepthMask(True)
        GL.glDisable(GL.GL_BLEND)


def _things(triangles: Any, count: int) -> gpu.Mesh:
    """Return a mesh of thing.vert, whose second attribute is its place on the thing."""
    place = np.linspace(0, 1, count, dtype=np.float32)[:, None] * np.ones(2, np.float32)
    return gpu.Mesh((3,), [place], triangles, count)


def _fill(mesh: gpu.Mesh, *parts: Float32) -> None:
    mesh.moving[:] = np.concatenate(parts, axis=1)
    mesh.update()
