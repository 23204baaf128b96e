"""What a head wears and what is held before it, drawn over it."""

from dataclasses import dataclass, replace

import numpy as np

from dlm.generator.look.factors import Hair, Look, Wardrobe
from dlm.generator.models.base import FaceModel, Float32, Int32
from dlm.generator.render.accessories import (
    CORNERS,
    Fit,
    Fitter,
    Glasses,
    Peak,
    held_sheet,
    sheet_of,
    thumb_side,
)
from dlm.generator.render.combing import BENT_STEPS, CROPPED_STEPS, steps
from dlm.generator.render.gpu import (
    DARK_PANE,
    INSIDE,
    PANE,
    SHEET,
    SOLID,
    Defines,
    Gpu,
    Mesh,
    Program,
)
from dlm.generator.render.hair_field import (
    HAT_STEPS,
    RIM_ABOVE,
    RIM_BINS,
    HairField,
    Strands,
    hanging,
)
from dlm.generator.render.skull_paths import Line
from dlm.generator.render.worn import STUFFS, UNDER_CUPS, Piece, Worn
from dlm.generator.scene import Scene

HAIRLESS = ("bald", "shaved")
SHELLS = 4  # as shaders/hair.vert counts them
SHORT, FLAT = 0.15, 0.012  # hair that hangs and stands off (m) no more hides its own inside
UNDER_HAT = 0.002  # metres that hair may stand off below a hat
BEHIND_RIM = -0.025  # metres beyond the hairline to which it then reaches over the forehead
STRAND = (3, 3, 3, 3, 2)  # floats of a vertex, as shaders/hair.vert has them
HELD = (
    "hand",
    "fist",
    "microphone",
    "cup",
    "phone",
    "board",
    "paper",
)  # as shaders/held.frag counts them
FRAME, CLEAR, DARK, PEAK = 0.0, 1.0, 2.0, 3.0  # as shaders/thing.frag counts them


class Extras:
    """Hair, hats, glasses and occluders: their meshes, kept for life, and how to draw them."""

    def __init__(
        self, gpu: Gpu, model: FaceModel, units: dict[str, int], around: Defines = ()
    ) -> None:
        self._gpu = gpu
        self._field, self._fitter, self._worn = HairField(model), Fitter(model), Worn(model)
        self._glasses, self._peak = Glasses(), Peak()
        self._hat: Strands | None = None
        self._hair_grids = {
            len(along): _strands(gpu, self._field, along) for along in (CROPPED_STEPS, BENT_STEPS)
        }
        self._hair_grid = self._hair_grids[len(CROPPED_STEPS)]
        self._hat_grid = _strands(gpu, self._field, HAT_STEPS)
        self._glasses_mesh = _things(gpu, self._glasses.triangles, self._glasses.vertex_count)
        self._peak_mesh = _things(gpu, self._peak.triangles, self._peak.vertex_count)
        quad = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
        self._sheet = gpu.mesh((3,), [CORNERS.astype(np.float32)], quad, 4)
        self._worn_meshes = {
            grid: gpu.mesh((3, 3), [grid.place], grid.triangles, grid.count)
            for grid in self._worn.grids
        }
        self._strand = gpu.program("hair.vert", "hair.frag", units)
        self._strand_within = gpu.program("hair.vert", "hair.frag", units, ("WITHIN",))
        self._cloth = gpu.program("hair.vert", "hat.frag", units)
        self._thing = gpu.program("thing.vert", "thing.frag", units, around)
        self._stuff = gpu.program("worn.vert", "worn.frag", units)
        self._held = gpu.program("held.vert", "held.frag", units)

    def fit(self, scene: Scene, vertices: Float32, turn: Float32) -> Float32:
        """Lay hair and hat on a head turned by `turn`; return their rim (RIM_BINS, 2)."""
        look, hat = scene.look, scene.look.wardrobe.hat
        self._hat = self._hat_on(look, vertices, turn) if hat != "none" else None
        rim = np.full((RIM_BINS, 2), [RIM_ABOVE, 0.0], np.float32)
        if self._hat:
            _fill(self._hat_grid.mesh, self._hat)
            rim = self._hat.rim
        if _has_hair(look):
            hair = look.hair if hat == "none" else flattened(look.hair)
            if look.wardrobe.headphones:
                hair = replace(hair, volume=min(hair.volume, UNDER_CUPS))
            strands = self._field.strands(hair, vertices, turn)
            self._hair_grid = self._hair_grids[len(steps(hair))]
            _fill(self._hair_grid.mesh, strands)
            rim = np.where(strands.rim[:, :1] < rim[:, :1], strands.rim, rim)
        return rim

    def draw(self, scene: Scene, vertices: Float32, turn: Float32) -> None:
        """Draw all that `scene` has of these onto the head that they were fitted to."""
        look = scene.look
        if _has_hair(look):
            self._draw_hair(look.hair)
        self._gpu.set(SHEET)
        if self._hat:
            self._draw_hat(self._hat, look.wardrobe.hat, turn)
        pieces = self._pieces(look, vertices, turn)
        self._draw_worn(pieces, turn)
        if look.wardrobe.glasses != "none":
            mask = [piece.sheet.points for piece in pieces if piece.grid is self._worn.mask.grid]
            self._draw_glasses(look.wardrobe, self._fitter.fit(vertices, turn, mask), turn)
        for thing in look.occluders:
            scale = self._fitter.scale(vertices)
            self._sheet.moving[:] = held_sheet(thing, scene.camera, turn, scale)
            self._sheet.update()
            self._held.set("kind", float(HELD.index(thing.kind)))
            sheet = sheet_of(thing)
            self._held.set("sheet", *sheet.half, sheet.from_top, 0.0)
            self._held.set("card", *sheet.card, 0.0, 0.0)
            self._held.set("mirror", thumb_side(thing))
            self._held.set("colour", *thing.colour, 1.0)
            self._held.set("second", *thing.second, 1.0)
            self._sheet.draw(self._held)

    def cast(self, look: Look, program: Program) -> None:
        """Draw hair and hat, one coarse shell each, as what hides light."""
        self._gpu.set(SHEET)
        if _has_hair(look):
            self._hair_grid.mesh.draw(program, *self._hair_grid.casts)
        if self._hat:
            self._hat_grid.mesh.draw(program, *self._hat_grid.casts)

    def _draw_hair(self, hair: Hair) -> None:
        self._gpu.set(SOLID)
        grid = self._hair_grid
        grid.mesh.draw(self._strand, *grid.seen, copies=SHELLS)
        if hanging(hair) > SHORT or hair.volume > FLAT:
            self._gpu.set(INSIDE)  # one sees the outermost shell from within
            grid.mesh.draw(self._strand_within, *grid.seen)

    def _hat_on(self, look: Look, vertices: Float32, turn: Float32) -> Strands:
        if look.wardrobe.hat == "headscarf":
            return self._field.hood(vertices, turn)
        return self._field.hat(look.wardrobe.hat == "beanie", look.hair, vertices, turn)

    def _draw_hat(self, sheet: Strands, hat: str, turn: Float32) -> None:
        self._hat_grid.mesh.draw(self._cloth, *self._hat_grid.seen)
        if hat == "cap":
            edge = (self._field.brow_edge(sheet.points) @ turn).astype(np.float64)
            self._peak_mesh.moving[:] = self._peak.shape(edge) @ turn.T
            self._peak_mesh.update()
            self._thing.set("kind", PEAK)
            self._peak_mesh.draw(self._thing)

    def _pieces(self, look: Look, vertices: Float32, turn: Float32) -> list[Piece]:
        """Return what `look` wears of cloth, rings and shells, in the head's frame."""
        if not self._worn.any(look.wardrobe):
            return []
        crown = self._field.crown(vertices, turn) if look.wardrobe.headphones else None
        return self._worn.pieces(look, vertices @ turn, crown)

    def _draw_worn(self, pieces: list[Piece], turn: Float32) -> None:
        for piece in pieces:
            mesh = self._worn_meshes[piece.grid]
            mesh.moving[:, :3] = piece.sheet.points @ turn.T
            mesh.moving[:, 3:] = piece.sheet.normals @ turn.T
            mesh.update()
            self._stuff.set("kind", float(STUFFS.index(piece.stuff)))
            self._stuff.set("colour", *piece.colour, 1.0)
            mesh.draw(self._stuff)

    def _draw_glasses(self, clothes: Wardrobe, fit: Fit, turn: Float32) -> None:
        shape = self._glasses.shape(clothes, fit)
        self._glasses_mesh.moving[:] = shape @ turn.T
        self._glasses_mesh.update()
        self._thing.set("kind", FRAME)
        self._glasses_mesh.draw(self._thing, *self._glasses.frame)
        # One sees through clear lenses: only dark ones write the depth that hides what is behind.
        dark = clothes.glasses == "sun"
        self._gpu.set(DARK_PANE if dark else PANE)
        self._thing.set("kind", DARK if dark else CLEAR)
        self._thing.set("glass", *clothes.lens_colour, clothes.lens_mirror if dark else 0.0)
        self._glasses_mesh.draw(self._thing, *self._glasses.lenses)
        self._gpu.set(SHEET)


def _has_hair(look: Look) -> bool:
    return look.hair.style not in HAIRLESS and look.wardrobe.hat != "headscarf"


def flattened(hair: Hair) -> Hair:
    """Return the hairdo under a hat."""
    low = min(hair.volume, UNDER_HAT)
    return replace(hair, volume=low, front=BEHIND_RIM, combed="back")


@dataclass(frozen=True, eq=False)
class _StrandGrid:
    """Hair or a hat as a mesh, and which of its triangles are seen, and which cast a shadow."""

    mesh: Mesh
    seen: tuple[int, int]
    casts: tuple[int, int]


def _strands(gpu: Gpu, field: HairField, along: Line) -> _StrandGrid:
    """Return a grid of hair.vert, whose strands have their nodes at `along` (J,)."""
    place, nodes = field.coordinates(along), len(along)
    fine, coarse = field.triangles(nodes), field.triangles(nodes, apart=2)
    triangles = np.concatenate([fine, coarse])
    mesh = gpu.mesh(STRAND, [place], triangles, len(place))
    return _StrandGrid(mesh, (0, len(fine)), (len(fine), len(triangles)))


def _things(gpu: Gpu, triangles: Int32, count: int) -> Mesh:
    """Return a mesh of thing.vert, whose second attribute is its place on the thing."""
    place = np.linspace(0, 1, count, dtype=np.float32)[:, None] * np.ones(2, np.float32)
    return gpu.mesh((3,), [place], triangles, count)


def _fill(mesh: Mesh, sheet: Strands) -> None:
    parts = (sheet.points, sheet.outward, sheet.normals, sheet.tangents, sheet.ends)
    mesh.moving[:] = np.concatenate(parts, axis=1)
    mesh.update()
