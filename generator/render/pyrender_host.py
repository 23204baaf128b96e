"""The default renderer: dlm's own shading in a context that pyrender opens.

Of pyrender it takes the platform (EGL, device by device). Meshes are made once and updated in
place; there is one framebuffer without multisampling; nothing is flipped by a copy.
"""

from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from dlm.generator.look.sensor import sensed
from dlm.generator.models.base import FaceModel, Float32
from dlm.generator.models.normals import vertex_normals
from dlm.generator.render import prepared, projection
from dlm.generator.render.bands import KINDS, Bands
from dlm.generator.render.base import Frame
from dlm.generator.render.context import open_context
from dlm.generator.render.eyes import EyeFinder
from dlm.generator.render.marks import Mark
from dlm.generator.render.occlusion import visibility_harmonics
from dlm.generator.render.statics import masks, paint_map
from dlm.generator.render.textures import detail_texture
from dlm.generator.render.uniforms import sample_values
from dlm.generator.sampling.streams import Factor, stream
from dlm.generator.scene import Scene, rotation

if TYPE_CHECKING:
    from dlm.generator.backgrounds import Backgrounds
    from dlm.generator.render.gpu import Program

SURFACE = {"surface_light": 2, "surface_map": 3, "surface_tint": 4, "surface_mask": 5}
UNITS = {"noise": 0, "bank": 1, **SURFACE}
PROBE_SIDE = 192


class PyrenderRenderer:
    """Draws one head model at one size; one a process, for life."""

    name = "pyrender"

    def __init__(
        self,
        model: FaceModel,
        size: int,
        backgrounds: "Backgrounds | None" = None,
        *,
        layers: bool = False,
    ) -> None:
        self._platform, self.driver = open_context(size)
        from OpenGL import GL

        from dlm.generator.render import gpu
        from dlm.generator.render.extras import Extras
        from dlm.generator.render.layers import LayerPass

        self._gl, self._gpu, self._model = GL, gpu, model
        self._backgrounds = backgrounds
        self._parts = model.surface.parts
        self._eyes = EyeFinder(model)
        GL.glEnable(GL.GL_DEPTH_TEST)
        GL.glEnable(GL.GL_CULL_FACE)
        GL.glFrontFace(GL.GL_CW)
        occlusion = prepared.occlusion(model, self.driver, self._occlusion)
        still = [paint_map(model), *np.split(masks(model), 4, axis=1)]
        still += [occlusion[:, :4], occlusion[:, 4:8], occlusion[:, 8:]]
        self._head = gpu.Mesh((3, 3), still, model.surface.triangles, len(occlusion))
        self._block = gpu.UniformBlock(gpu.block_fields(gpu.shader_source("sample.glsl")))
        gpu.tile_texture(UNITS["noise"], detail_texture())
        bank = backgrounds.bank() if backgrounds else prepared.backgrounds()
        gpu.layered_texture(UNITS["bank"], bank)
        self._skin = gpu.Program("skin.vert", "skin_surface.frag", UNITS)
        self._bands = Bands(model)
        self._shades = {
            kind: gpu.Program("backdrop.vert", "skin_shade.frag", UNITS, kind) for kind in KINDS
        }
        self._eye = gpu.Program("part.vert", "eye.frag", UNITS)
        self._mouth = gpu.Program("part.vert", "mouth.frag", UNITS)
        self._lash = gpu.Program("part.vert", "lash.frag", UNITS)
        self._extras = Extras(model, UNITS)
        self._backdrop = gpu.Program("backdrop.vert", "backdrop.frag", UNITS)
        self._layers = LayerPass(model, size) if layers else None
        self._target = gpu.Target(size, tuple(SURFACE.values()), marks=layers)

    def draw(self, scene: Scene, vertices: Float32, normals: Float32) -> Frame:
        """Draw `vertices` (V, 3), metres in the world, with unit `normals` (V, 3)."""
        turn = rotation(*scene.head)
        near, far = projection.depth_range(scene.camera, vertices)
        clip = projection.world_to_clip(scene.camera, near, far)
        self._block.send(sample_values(scene, turn, clip, self._eyes.find(vertices, turn)))
        self._head.moving[:, :3], self._head.moving[:, 3:] = vertices, normals
        self._head.update()
        self._paint(self._bands.find(clip, vertices, scene.camera.size))
        self._extras.draw(scene, vertices, turn, self._mark)
        image = np.asarray(
            cv2.cvtColor(self._target.read_colour(), cv2.COLOR_RGBA2RGB), dtype=np.uint8
        )
        depth = projection.metres(self._target.read_depth(), near, far)
        layers = {}
        if self._layers:
            layers = self._layers.draw(self._target.read_marks(), vertices, normals, scene.camera)
        rng = stream(scene.seed, scene.index, Factor.SENSOR).spawn(1)[0]
        return Frame(image=sensed(image, scene.look.sensor, rng), depth=depth, layers=layers)

    def draws(
        self, model: FaceModel, size: int, backgrounds: "Backgrounds | None", layers: bool
    ) -> bool:
        """Whether this renderer is for `model` at `size` before these backgrounds."""
        same = model.topology.hash == self._model.topology.hash
        same &= self._target.size == size and self._backgrounds == backgrounds
        return same and (self._layers is not None) == layers

    def _mark(self, what: Mark) -> None:
        if self._layers:
            self._layers.mark(what)

    def _paint(self, bands: list[tuple[int, int, tuple[str, ...]]]) -> None:
        GL = self._gl
        self._target.to_surface()
        self._mark(Mark.SKIN)
        GL.glClear(GL.GL_DEPTH_BUFFER_BIT | GL.GL_STENCIL_BUFFER_BIT)
        self._skin.use()
        self._draw_parts("skin")
        self._target.to_picture()
        GL.glDepthMask(False)
        GL.glDepthFunc(GL.GL_GREATER)  # the covering triangle lies at the far end: skin alone
        GL.glEnable(GL.GL_SCISSOR_TEST)
        for low, high, kind in bands:
            GL.glScissor(0, low, self._target.size, high - low)
            self._cover(self._shades[kind])
        GL.glDisable(GL.GL_SCISSOR_TEST)
        self._mark(Mark.NOTHING)
        GL.glDepthFunc(GL.GL_EQUAL)  # and here: where there is nothing
        self._cover(self._backdrop)
        GL.glDepthFunc(GL.GL_LESS)
        GL.glDepthMask(True)
        self._mark(Mark.EYES)
        self._eye.use()
        self._draw_parts("eye_left", "eye_right")
        self._mark(Mark.MOUTH)
        self._mouth.use()
        GL.glUniform1f(self._mouth.location("teeth"), 1.0)
        self._draw_parts("teeth_upper", "teeth_lower")
        GL.glUniform1f(self._mouth.location("teeth"), 0.0)
        self._draw_parts("tongue")
        GL.glDisable(GL.GL_CULL_FACE)
        self._mark(Mark.LASHES)
        self._lash.use()
        self._draw_parts("lashes_upper", "lashes_lower")
        GL.glEnable(GL.GL_CULL_FACE)

    def _draw_parts(self, *names: str) -> None:
        """Draw parts of the head, those that lie one behind the other at once."""
        spans = [self._parts[name] for name in names if name in self._parts]
        for k, (start, stop) in enumerate(spans):
            if k + 1 < len(spans) and spans[k + 1][0] == stop:
                spans[k + 1] = (start, spans[k + 1][1])
            else:
                self._head.draw(start, stop)

    def _cover(self, program: "Program") -> None:
        """Draw the one triangle that covers the picture at the far end of the depth range."""
        program.use()
        self._gl.glBindVertexArray(self._empty_array)
        self._gl.glDisable(self._gl.GL_CULL_FACE)
        self._gl.glDrawArrays(self._gl.GL_TRIANGLES, 0, 3)
        self._gl.glEnable(self._gl.GL_CULL_FACE)

    @cached_property
    def _empty_array(self) -> int:
        return int(self._gl.glGenVertexArrays(1))

    def _occlusion(self) -> Float32:
        """Return (V, 9), measured on the template with a small target of its own."""
        GL, gpu, model = self._gl, self._gpu, self._model
        target = gpu.Target(PROBE_SIDE)
        mesh = gpu.Mesh((3,), (), model.surface.triangles, model.topology.vertex_count)
        mesh.moving[:] = model.template
        mesh.update()
        program = gpu.Program("probe.vert", "probe.frag", {})
        program.use()
        place = program.location("clip")
        GL.glDisable(GL.GL_CULL_FACE)
        lashes = [r for name, r in self._parts.items() if name.startswith("lashes")]
        stop = min((start for start, _ in lashes), default=mesh.triangle_count)

        def depth_of(clip: NDArray[np.float64]) -> NDArray[np.float32]:
            GL.glUniformMatrix4fv(place, 1, True, clip.astype(np.float32))
            GL.glClear(GL.GL_DEPTH_BUFFER_BIT)
            mesh.draw(0, stop)
            return np.asarray(target.read_depth())

        normals = vertex_normals(model.template[None], model.topology)[0]
        result = visibility_harmonics(model.template, normals, depth_of)
        GL.glEnable(GL.GL_CULL_FACE)
        return result
