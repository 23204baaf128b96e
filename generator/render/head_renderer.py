"""The drawing order: a posed head and a Scene onto any host's Gpu, and the Frame read back.

Meshes are made once and updated in place; there is one picture without multisampling; nothing is
flipped by a copy. The alpha of the picture says what each pixel shows (`marks.py`).
"""

from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from dlm.generator.look.factors import Look
from dlm.generator.look.sensor import sensed
from dlm.generator.models.base import FaceModel, Float32
from dlm.generator.models.normals import vertex_normals
from dlm.generator.render import prepared, projection, shadow
from dlm.generator.render.bands import Bands
from dlm.generator.render.base import Frame
from dlm.generator.render.extras import Extras
from dlm.generator.render.eyes import EyeFinder
from dlm.generator.render.gpu import (
    ON_WHAT_IS_THERE,
    SHEET,
    SOLID,
    WHERE_NOTHING_IS,
    Gpu,
    Kind,
    Program,
    block_fields,
    shader_source,
)
from dlm.generator.render.hem import Hem
from dlm.generator.render.layers import LayerPass
from dlm.generator.render.occlusion import visibility_harmonics
from dlm.generator.render.statics import masks, paint_map
from dlm.generator.render.uniforms import sample_values
from dlm.generator.sampling.streams import Factor, stream
from dlm.generator.scene import Scene, rotation

if TYPE_CHECKING:
    from dlm.generator.backgrounds import Backgrounds

SURFACE: dict[str, Kind] = {  # what lies at each pixel of the skin, drawn first and shaded then
    "surface_light": "half",
    "surface_skin": "words",
}
UNITS = {name: unit for unit, name in enumerate(("noise", "bank", "shadow_map", *SURFACE))}
PROBE_SIDE = 192


class HeadRenderer:
    """Draws one head model at one size; one a process, for life."""

    def __init__(
        self,
        gpu: Gpu,
        model: FaceModel,
        size: int,
        backgrounds: "Backgrounds | None" = None,
        *,
        layers: bool = False,
    ) -> None:
        self.host, self.driver = gpu.name, gpu.driver
        self._gpu, self._model, self._size, self._backgrounds = gpu, model, size, backgrounds
        self._parts = model.surface.parts
        self._eyes, self._bands, self._hem = EyeFinder(model), Bands(model), Hem(model)
        occlusion = prepared.occlusion(model, gpu.driver, self._occlusion)
        still = [paint_map(model), *np.split(masks(model), 4, axis=1)]
        still += [occlusion[:, :4], occlusion[:, 4:8]]
        still += [np.concatenate([occlusion[:, 8:], prepared.bulges(model)], axis=1)]
        casting = shadow.casting(model)
        self._casting = (len(model.surface.triangles), len(model.surface.triangles) + len(casting))
        triangles = np.concatenate([model.surface.triangles, casting])
        self._head = gpu.mesh((3, 3), still, triangles, len(occlusion))
        self._posed = np.empty((6, len(occlusion)), np.float32)  # what moves, each number in a row
        self._block = gpu.block(block_fields(shader_source("sample.glsl")))
        gpu.texture(UNITS["noise"], prepared.detail())
        gpu.texture(UNITS["bank"], backgrounds.bank() if backgrounds else prepared.backgrounds())
        self._shadow = shadow.KeyShadow(gpu, UNITS["shadow_map"])
        self._skin = gpu.program("skin.vert", "skin_surface.frag")
        self._shadowed = gpu.program("skin.vert", "skin_surface.frag", UNITS, ("SHADOW",))
        self._shades: dict[tuple[str, ...], Program] = {}
        around = ("PANORAMA",) if backgrounds and backgrounds.lights else ()
        self._backdrop = gpu.program("backdrop.vert", "backdrop.frag", UNITS, around)
        self._eye, self._mouth, self._lash = (
            gpu.program("part.vert", f"{name}.frag", UNITS) for name in ("eye", "mouth", "lash")
        )
        self._extras = Extras(gpu, model, UNITS, around)
        self._layers = LayerPass(gpu, model, size) if layers else None
        depth = gpu.depth(size)
        self._depth = gpu.target(size, (), depth)
        surface = [gpu.picture(size, kind, UNITS[name]) for name, kind in SURFACE.items()]
        self._surface = gpu.target(size, surface, depth)
        self._picture = gpu.target(size, [gpu.picture(size, "bytes")], depth)

    def draw(self, scene: Scene, vertices: Float32, normals: Float32) -> Frame:
        """Draw `vertices` (V, 3), metres in the world, with unit `normals` (V, 3)."""
        turn = rotation(*scene.head)
        self._posed[:3], self._posed[3:] = vertices.T, normals.T
        vertices = self._posed[:3].T
        self._hem.lengthen(vertices)
        near, far = projection.depth_range(scene.camera, vertices)
        clip = projection.world_to_clip(scene.camera, near, far)
        rim = self._extras.fit(scene, vertices, turn)
        self._block.send(sample_values(scene, turn, clip, self._eyes.find(vertices, turn), rim))
        cv2.transpose(self._posed, self._head.moving)
        self._head.update()
        beard = scene.look.hair.beard != "none"
        hard = self._shadow.cast(scene.look.light, turn, partial(self._cast, scene.look))
        bands = self._bands.find(clip, vertices, scene.camera.size, beard)
        self._paint_skin(self._shadowed if hard else self._skin, bands)
        self._paint_parts()
        self._extras.draw(scene, vertices, turn)
        pixels = self._picture.read()
        image = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB), dtype=np.uint8)
        depth = projection.metres(self._depth.read_depth(), near, far)
        layers = {}
        if self._layers:
            layers = self._layers.draw(pixels[..., 3], vertices, normals, scene.camera)
        rng = stream(scene.seed, scene.index, Factor.SENSOR).spawn(1)[0]
        return Frame(image=sensed(image, scene.look.sensor, rng), depth=depth, layers=layers)

    def draws(
        self, model: FaceModel, size: int, backgrounds: "Backgrounds | None", layers: bool
    ) -> bool:
        """Whether this renderer is for `model` at `size` before these backgrounds."""
        same = model.topology.hash == self._model.topology.hash
        same &= self._size == size and self._backgrounds == backgrounds
        return same and (self._layers is not None) == layers

    def _paint_skin(self, program: Program, bands: list[tuple[int, int, tuple[str, ...]]]) -> None:
        """Draw the skin, shaded band by band, and the background where it is not."""
        self._depth.clear()
        self._surface.use()
        self._gpu.set(SOLID)
        self._draw_parts(program, "skin")
        self._picture.use()
        self._gpu.set(ON_WHAT_IS_THERE)
        for low, high, kind in bands:
            self._picture.cover(self._shade(kind), low, high)
        self._gpu.set(WHERE_NOTHING_IS)
        self._picture.cover(self._backdrop)

    def _cast(self, look: Look, program: Program) -> None:
        """Draw what casts the key lamp's shadow."""
        program.set("lift", shadow.skin_lift(look.light))
        self._head.draw(program, *self._casting)
        program.set("lift", shadow.HAIR_LIFT)
        self._extras.cast(look, program)

    def _shade(self, kind: tuple[str, ...]) -> Program:
        """Return the program that shades rows with what is of this `kind` in them."""
        if kind not in self._shades:
            self._shades[kind] = self._gpu.program("backdrop.vert", "skin_shade.frag", UNITS, kind)
        return self._shades[kind]

    def _paint_parts(self) -> None:
        """Draw what else belongs to the head."""
        self._gpu.set(SOLID)
        self._draw_parts(self._eye, "eye_left", "eye_right")
        self._mouth.set("teeth", 1.0)
        self._draw_parts(self._mouth, "teeth_upper", "teeth_lower")
        self._mouth.set("teeth", 0.0)
        self._draw_parts(self._mouth, "tongue")
        self._gpu.set(SHEET)
        self._draw_parts(self._lash, "lashes_upper", "lashes_lower")

    def _draw_parts(self, program: Program, *names: str) -> None:
        """Draw parts of the head, those that lie one behind the other at once."""
        spans = [self._parts[name] for name in names if name in self._parts]
        for k, (start, stop) in enumerate(spans):
            if k + 1 < len(spans) and spans[k + 1][0] == stop:
                spans[k + 1] = (start, spans[k + 1][1])
            else:
                self._head.draw(program, start, stop)

    def _occlusion(self) -> Float32:
        """Return (V, 9), measured on the template with a small target of its own."""
        gpu, model = self._gpu, self._model
        target = gpu.target(PROBE_SIDE, (), gpu.depth(PROBE_SIDE))
        mesh = gpu.mesh((3,), (), model.surface.triangles, model.topology.vertex_count)
        mesh.moving[:] = model.template
        mesh.update()
        program = gpu.program("probe.vert", "probe.frag")
        lashes = [start for part, (start, _) in self._parts.items() if part.startswith("lashes")]

        def depth_of(clip: NDArray[np.float64]) -> NDArray[np.float32]:
            program.set("clip", *clip.T.ravel())
            target.clear()
            target.use()
            gpu.set(SHEET)
            mesh.draw(program, 0, min(lashes, default=None))
            return target.read_depth()

        normals = vertex_normals(model.template[None], model.topology)[0]
        return visibility_harmonics(model.template, normals, depth_of)
