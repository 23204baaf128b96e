"""The host that starts sooner: moderngl, without the half second that pyrender takes to load.

moderngl raises its errors, so nothing is checked twice here.
"""

import ctypes
import re
from collections.abc import Mapping, Sequence
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from dlm.errors import RenderError
from dlm.generator.models.base import Float32, Int32
from dlm.generator.render.contexts import best
from dlm.generator.render.gpu import (
    BLOCK,
    BlockValues,
    Defines,
    Kind,
    State,
    mip_levels,
    shader_source,
)

GL_VERSION = 410
LIBRARY = "libGL.so.1"
SRC1_COLOR = 0x88F9  # a factor that moderngl has no name for, nor for these
TEXTURE_2D, TEXTURE_2D_ARRAY, RGBA, RGBA8, UNSIGNED_BYTE = 0x0DE1, 0x8C1A, 0x1908, 0x8058, 0x1401
DEPTHS = {"less": "<", "greater": ">", "equal": "=="}
TYPES: dict[Kind, str] = {"bytes": "f1", "half": "f2", "float": "f4", "words": "u4"}


class ModernGpu:
    """See gpu.Gpu."""

    name = "gl"

    def __init__(self) -> None:
        self._gl, self.driver = best(_open)
        self._gl.__enter__()  # another device may have been tried after it
        self._gl.front_face = "cw"  # projection.py tells why
        self.bound: Any = None  # the framebuffer drawn into

    def program(
        self, vertex: str, fragment: str, units: Mapping[str, int] | None = None,
        defines: Defines = (),
    ) -> "_Program":  # fmt: skip
        sources = [shader_source(name, defines) for name in (vertex, fragment)]
        try:
            made = self._gl.program(vertex_shader=sources[0], fragment_shader=sources[1])
        except moderngl.Error as error:
            raise RenderError(f"shaders do not link: {error}", f"{vertex} + {fragment}") from None
        for name, unit in (units or {}).items():
            if name in made:
                made[name] = unit
        if BLOCK in made:
            made[BLOCK].binding = 0
        return _Program(self._gl, made)

    def mesh(
        self, moving: Sequence[int], still: Sequence[Float32], triangles: Int32, vertices: int
    ) -> "_Mesh":
        return _Mesh(self._gl, moving, still, triangles, vertices)

    def block(self, fields: Mapping[str, tuple[int, int]]) -> "_Block":
        return _Block(self._gl, fields)

    def texture(self, unit: int, pixels: NDArray[np.uint8]) -> None:
        *layers, height, width, channels = pixels.shape
        make = self._gl.texture_array if layers else self._gl.texture
        first, *smaller = mip_levels(pixels)
        made = make((width, height, *layers), channels, first)
        made.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
        made.repeat_x = made.repeat_y = not layers
        made.use(unit)
        for level, half in enumerate(smaller, start=1):
            _send_level(level, half)

    def depth(self, size: int, unit: int | None = None) -> Any:
        if unit is None:
            return self._gl.depth_renderbuffer((size, size))
        made = self._gl.depth_texture((size, size))
        made.compare_func = "<="
        made.filter = (moderngl.LINEAR, moderngl.LINEAR)
        made.repeat_x = made.repeat_y = False
        made.use(unit)
        return made

    def picture(self, size: int, kind: Kind, unit: int | None = None) -> Any:
        if unit is None:
            return self._gl.renderbuffer((size, size), 4, dtype=TYPES[kind])
        made = self._gl.texture((size, size), 4, dtype=TYPES[kind])
        made.filter = (moderngl.NEAREST, moderngl.NEAREST)
        made.use(unit)
        return made

    def target(self, size: int, pictures: Sequence[Any], depth: Any) -> "_Target":
        try:
            made = self._gl.framebuffer(list(pictures), depth)
        except moderngl.Error:
            raise RenderError(
                f"the driver refuses a framebuffer of {size} px", "renderer"
            ) from None
        return _Target(self, made, size)

    def set(self, state: State) -> None:
        gl, culls = self._gl, state.cull != "none"
        if culls:
            gl.cull_face = state.cull
        gl.enable_only(moderngl.DEPTH_TEST | culls * moderngl.CULL_FACE
                       | state.blends * moderngl.BLEND)  # fmt: skip
        # Even unused, a second source forbids drawing into several pictures.
        gl.blend_func = (moderngl.ONE, SRC1_COLOR if state.blends else moderngl.ZERO)
        gl.depth_func = DEPTHS[state.depth]
        self.bound.depth_mask = state.writes_depth


def _send_level(level: int, pixels: NDArray[np.uint8]) -> None:
    """Give the texture that is bound a smaller level, which moderngl has no call for."""
    *layers, height, width, _ = pixels.shape
    library = ctypes.CDLL(LIBRARY)
    send = library.glTexImage3D if layers else library.glTexImage2D
    kind = TEXTURE_2D_ARRAY if layers else TEXTURE_2D
    send(kind, level, RGBA8, width, height, *layers, 0, RGBA, UNSIGNED_BYTE,
         ctypes.c_void_p(pixels.ctypes.data))  # fmt: skip


def _open(device: int) -> tuple[Any, str]:
    asked: dict[str, Any] = {
        "standalone": True, "require": GL_VERSION, "backend": "egl", "device_index": device,
        "libgl": LIBRARY, "libegl": "libEGL.so.1",
    }  # fmt: skip
    try:
        gl = moderngl.create_context(**asked)
    except Exception as error:  # of no class of its own
        found = re.search(r"found (\d+) device", str(error))
        raise IndexError(device) if found and int(found[1]) <= device else error from None
    return gl, f"{gl.info['GL_VENDOR']} / {gl.info['GL_RENDERER']}"


class _Program:
    def __init__(self, gl: Any, made: Any) -> None:
        self.made, self.no_mesh = made, gl.vertex_array(made, [])

    def set(self, name: str, *values: float) -> None:
        self.made[name] = values if len(values) > 1 else values[0]


class _Mesh:
    def __init__(
        self, gl: Any, moving: Sequence[int], still: Sequence[Float32], triangles: Int32,
        vertices: int,
    ) -> None:  # fmt: skip
        self._gl, self._triangle_count = gl, len(triangles)
        self.moving = np.zeros((vertices, sum(moving)), np.float32)
        self._sent = gl.buffer(self.moving, dynamic=True)
        self._buffers = [(self._sent, list(moving))]
        if still:
            rows = np.ascontiguousarray(np.concatenate(still, axis=1), np.float32)
            self._buffers.append((gl.buffer(rows), [part.shape[1] for part in still]))
        self._indices = gl.buffer(np.ascontiguousarray(triangles, np.uint32))
        self._arrays: dict[_Program, Any] = {}

    def update(self) -> None:
        self._sent.write(self.moving)

    def draw(
        self, program: _Program, start: int = 0, stop: int | None = None, copies: int = 1
    ) -> None:
        if program not in self._arrays:
            self._arrays[program] = self._array(program.made)
        count = (self._triangle_count if stop is None else stop) - start
        self._arrays[program].render(moderngl.TRIANGLES, 3 * count, 3 * start, copies)

    def _array(self, made: Any) -> Any:
        """Return the buffers as this program reads them, past what it does not."""
        members = (made[name] for name in made)
        names = {m.location: m.name for m in members if isinstance(m, moderngl.Attribute)}
        content, place = [], 0
        for buffer, widths in self._buffers:
            here = [names.get(place + k) for k in range(len(widths))]
            place += len(widths)
            if read := [name for name in here if name is not None]:
                parts = [f"{w}f" if name else f"{4 * w}x"
                         for w, name in zip(widths, here, strict=True)]  # fmt: skip
                content.append((buffer, " ".join(parts), *read))
        return self._gl.vertex_array(made, content, index_buffer=self._indices)


class _Block:
    def __init__(self, gl: Any, fields: Mapping[str, tuple[int, int]]) -> None:
        self._values = BlockValues(fields)
        self._sent = gl.buffer(self._values.values, dynamic=True)
        self._sent.bind_to_uniform_block(0)

    def send(self, values: Mapping[str, Any]) -> None:
        self._sent.write(self._values.fill(values))


class _Target:
    def __init__(self, gpu: ModernGpu, made: Any, size: int) -> None:
        self._gpu, self._made, self._size = gpu, made, size
        self._read: dict[int, NDArray[Any]] = {}

    def use(self) -> None:
        self._made.use()
        self._gpu.bound = self._made

    def clear(self) -> None:
        self._made.depth_mask = True
        self._made.clear()

    def cover(self, program: _Program, low: int = 0, high: int | None = None) -> None:
        self._made.scissor = (0, low, self._size, (self._size if high is None else high) - low)
        program.no_mesh.render(moderngl.TRIANGLES, 3)
        self._made.scissor = None

    def read(self, picture: int = 0) -> NDArray[Any]:
        if picture not in self._read:
            kind = self._made.color_attachments[picture].dtype
            dtype = np.uint8 if kind == "f1" else np.float32
            self._read[picture] = np.empty((self._size, self._size, 4), dtype)
        into = self._read[picture]
        self._made.read_into(into, components=4, attachment=picture, dtype=f"f{into.itemsize}")
        return into

    def read_depth(self) -> Float32:
        if -1 not in self._read:
            self._read[-1] = np.empty((self._size, self._size), np.float32)
        self._made.read_into(self._read[-1], components=1, attachment=-1, dtype="f4")
        return self._read[-1]
