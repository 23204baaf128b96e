"""The other host: PyOpenGL in a context that pyrender opens (EGL, device by device).

Of pyrender it takes the platform alone.
"""

import ctypes
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.errors import RenderError
from dlm.generator.models.base import Float32, Int32
from dlm.generator.render.contexts import best
from dlm.generator.render.gpu import (
    BLOCK,
    SOLID,
    BlockValues,
    Defines,
    Kind,
    State,
    mip_levels,
    shader_source,
)

os.environ.setdefault("PYOPENGL_PLATFORM", "egl")  # before the first GL library is loaded
from OpenGL import GL

DEPTHS = {"less": GL.GL_LESS, "greater": GL.GL_GREATER, "equal": GL.GL_EQUAL}
FACES = {"back": GL.GL_BACK, "front": GL.GL_FRONT}
TYPES: dict[Kind, Any] = {
    "bytes": GL.GL_RGBA8, "half": GL.GL_RGBA16F, "float": GL.GL_RGBA32F, "words": GL.GL_RGBA32UI,
}  # fmt: skip
MATRIX = 16  # floats


class PyrenderGpu:
    """See gpu.Gpu."""

    name = "pyrender"

    def __init__(self) -> None:
        _devices()  # what is not installed is said as such, not device by device
        self._platform, self.driver = best(_open)
        self._platform.make_current()  # another device may have been tried after it
        GL.glFrontFace(GL.GL_CW)  # projection.py tells why
        GL.glEnable(GL.GL_DEPTH_TEST)
        GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
        self._state: State | None = None
        self.no_mesh = int(GL.glGenVertexArrays(1))

    def program(
        self, vertex: str, fragment: str, units: Mapping[str, int] | None = None,
        defines: Defines = (),
    ) -> "_Program":  # fmt: skip
        return _Program(vertex, fragment, units or {}, defines)

    def mesh(
        self, moving: Sequence[int], still: Sequence[Float32], triangles: Int32, vertices: int
    ) -> "_Mesh":
        return _Mesh(moving, still, triangles, vertices)

    def block(self, fields: Mapping[str, tuple[int, int]]) -> "_Block":
        return _Block(fields)

    def texture(self, unit: int, pixels: NDArray[np.uint8]) -> None:
        layers = pixels.shape[:-3]
        kind = GL.GL_TEXTURE_2D_ARRAY if layers else GL.GL_TEXTURE_2D
        _new_texture(unit, kind, GL.GL_LINEAR_MIPMAP_NEAREST, GL.GL_LINEAR)
        for axis in (GL.GL_TEXTURE_WRAP_S, GL.GL_TEXTURE_WRAP_T):
            GL.glTexParameteri(kind, axis, GL.GL_CLAMP_TO_EDGE if layers else GL.GL_REPEAT)
        send = GL.glTexImage3D if layers else GL.glTexImage2D
        for level, half in enumerate(mip_levels(pixels)):
            height, width = half.shape[-3:-1]
            send(kind, level, GL.GL_RGBA8, width, height, *layers, 0, GL.GL_RGBA,
                 GL.GL_UNSIGNED_BYTE, half)  # fmt: skip

    def depth(self, size: int, unit: int | None = None) -> "_Picture":
        if unit is None:
            return _Picture(_render_buffer(GL.GL_DEPTH_COMPONENT24, size))
        texture = _new_texture(unit, GL.GL_TEXTURE_2D, GL.GL_LINEAR, GL.GL_LINEAR)
        for name, value in (
            (GL.GL_TEXTURE_COMPARE_MODE, GL.GL_COMPARE_REF_TO_TEXTURE),
            (GL.GL_TEXTURE_COMPARE_FUNC, GL.GL_LEQUAL),
            (GL.GL_TEXTURE_WRAP_S, GL.GL_CLAMP_TO_EDGE),
            (GL.GL_TEXTURE_WRAP_T, GL.GL_CLAMP_TO_EDGE),
        ):
            GL.glTexParameteri(GL.GL_TEXTURE_2D, name, value)
        GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, GL.GL_DEPTH_COMPONENT24, size, size, 0,
                        GL.GL_DEPTH_COMPONENT, GL.GL_UNSIGNED_INT, None)  # fmt: skip
        return _Picture(texture, is_texture=True)

    def picture(self, size: int, kind: Kind, unit: int | None = None) -> "_Picture":
        if unit is None:
            return _Picture(_render_buffer(TYPES[kind], size), kind)
        texture = _new_texture(unit, GL.GL_TEXTURE_2D, GL.GL_NEAREST, GL.GL_NEAREST)
        given = GL.GL_RGBA_INTEGER if kind == "words" else GL.GL_RGBA
        GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, TYPES[kind], size, size, 0, given, GL.GL_UNSIGNED_INT,
                        None)  # fmt: skip
        return _Picture(texture, kind, is_texture=True)

    def target(self, size: int, pictures: "Sequence[_Picture]", depth: "_Picture") -> "_Target":
        return _Target(self, size, pictures, depth)

    def set(self, state: State) -> None:
        if state == self._state:
            return
        self._state = state
        GL.glDepthFunc(DEPTHS[state.depth])
        GL.glDepthMask(state.writes_depth)
        (GL.glEnable if state.blends else GL.glDisable)(GL.GL_BLEND)
        # Even unused, a second source forbids drawing into several pictures.
        GL.glBlendFunc(GL.GL_ONE, GL.GL_SRC1_COLOR if state.blends else GL.GL_ZERO)
        (GL.glDisable if state.cull == "none" else GL.glEnable)(GL.GL_CULL_FACE)
        if state.cull != "none":
            GL.glCullFace(FACES[state.cull])


@cache
def _devices() -> tuple[Any, list[Any]]:
    """Return pyrender's EGL platform and its devices."""
    import pyglet

    pyglet.options["headless"] = True  # else pyrender opens X11 libraries
    from pyrender.platforms import egl

    try:
        return egl, egl.query_devices() or [egl.EGLDevice(None)]
    except RuntimeError:
        return egl, [egl.EGLDevice(None)]


def _open(device: int) -> tuple[Any, str]:
    egl, devices = _devices()
    platform = egl.EGLPlatform(1, 1, device=devices[device])
    platform.init_context()
    said = (GL.glGetString(name) for name in (GL.GL_VENDOR, GL.GL_RENDERER))
    return platform, " / ".join(part.decode(errors="replace") for part in said if part)


class _Program:
    def __init__(
        self, vertex: str, fragment: str, units: Mapping[str, int], defines: Defines
    ) -> None:
        self._handle = GL.glCreateProgram()
        self._locations: dict[str, int] = {}
        for name, kind in ((vertex, GL.GL_VERTEX_SHADER), (fragment, GL.GL_FRAGMENT_SHADER)):
            GL.glAttachShader(self._handle, _compile(name, kind, defines))
        GL.glLinkProgram(self._handle)
        if not GL.glGetProgramiv(self._handle, GL.GL_LINK_STATUS):
            log = GL.glGetProgramInfoLog(self._handle)
            raise RenderError(f"shaders do not link: {_text(log)}", f"{vertex} + {fragment}")
        block = GL.glGetUniformBlockIndex(self._handle, BLOCK)
        if block != GL.GL_INVALID_INDEX:
            GL.glUniformBlockBinding(self._handle, block, 0)
        self.use()
        for name, unit in units.items():
            GL.glUniform1i(GL.glGetUniformLocation(self._handle, name), unit)

    def use(self) -> None:
        GL.glUseProgram(self._handle)

    def set(self, name: str, *values: float) -> None:
        self.use()
        if name not in self._locations:
            self._locations[name] = int(GL.glGetUniformLocation(self._handle, name))
        place = self._locations[name]
        if len(values) == MATRIX:
            GL.glUniformMatrix4fv(place, 1, False, np.array(values, np.float32))
        elif len(values) == 1:
            GL.glUniform1f(place, *values)
        else:
            GL.glUniform4f(place, *values)


def _compile(name: str, kind: Any, defines: Defines) -> Any:
    shader = GL.glCreateShader(kind)
    GL.glShaderSource(shader, shader_source(name, defines))
    GL.glCompileShader(shader)
    if not GL.glGetShaderiv(shader, GL.GL_COMPILE_STATUS):
        raise RenderError(f"does not compile: {_text(GL.glGetShaderInfoLog(shader))}", name)
    return shader


def _text(log: Any) -> str:
    return log.decode(errors="replace") if isinstance(log, bytes) else str(log)


class _Mesh:
    def __init__(
        self, moving: Sequence[int], still: Sequence[Float32], triangles: Int32, vertices: int
    ) -> None:
        self._triangle_count = len(triangles)
        self._array = GL.glGenVertexArrays(1)
        GL.glBindVertexArray(self._array)
        self.moving = np.zeros((vertices, sum(moving)), np.float32)
        self._buffer = _fill(GL.GL_ARRAY_BUFFER, self.moving, GL.GL_STREAM_DRAW)
        _attributes(0, moving)
        if still:
            rows = np.ascontiguousarray(np.concatenate(still, axis=1), np.float32)
            _fill(GL.GL_ARRAY_BUFFER, rows, GL.GL_STATIC_DRAW)
            _attributes(len(moving), [part.shape[1] for part in still])
        indices = np.ascontiguousarray(triangles, np.uint32)
        _fill(GL.GL_ELEMENT_ARRAY_BUFFER, indices, GL.GL_STATIC_DRAW)
        GL.glBindVertexArray(0)

    def update(self) -> None:
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffer)
        GL.glBufferSubData(GL.GL_ARRAY_BUFFER, 0, self.moving.nbytes, self.moving)

    def draw(
        self, program: _Program, start: int = 0, stop: int | None = None, copies: int = 1
    ) -> None:
        count = (self._triangle_count if stop is None else stop) - start
        program.use()
        GL.glBindVertexArray(self._array)
        GL.glDrawElementsInstanced(
            GL.GL_TRIANGLES, 3 * count, GL.GL_UNSIGNED_INT, ctypes.c_void_p(12 * start), copies
        )


def _fill(target: Any, values: NDArray[Any], usage: Any) -> int:
    buffer = int(GL.glGenBuffers(1))
    GL.glBindBuffer(target, buffer)
    GL.glBufferData(target, values.nbytes, values, usage)
    return buffer


def _attributes(first: int, sizes: Sequence[int]) -> None:
    offset = 0
    for place, width in enumerate(sizes, start=first):
        GL.glEnableVertexAttribArray(place)
        GL.glVertexAttribPointer(
            place, width, GL.GL_FLOAT, False, 4 * sum(sizes), ctypes.c_void_p(4 * offset)
        )
        offset += width


class _Block:
    def __init__(self, fields: Mapping[str, tuple[int, int]]) -> None:
        self._values = BlockValues(fields)
        self._buffer = _fill(GL.GL_UNIFORM_BUFFER, self._values.values, GL.GL_STREAM_DRAW)
        GL.glBindBufferBase(GL.GL_UNIFORM_BUFFER, 0, self._buffer)

    def send(self, values: Mapping[str, Any]) -> None:
        sent = self._values.fill(values)
        GL.glBindBuffer(GL.GL_UNIFORM_BUFFER, self._buffer)
        GL.glBufferSubData(GL.GL_UNIFORM_BUFFER, 0, sent.nbytes, sent)


@dataclass(frozen=True)
class _Picture:
    handle: int
    kind: Kind | None = None  # None: a depth
    is_texture: bool = False

    def attach(self, place: Any) -> None:
        if self.is_texture:
            GL.glFramebufferTexture2D(GL.GL_FRAMEBUFFER, place, GL.GL_TEXTURE_2D, self.handle, 0)
        else:
            GL.glFramebufferRenderbuffer(GL.GL_FRAMEBUFFER, place, GL.GL_RENDERBUFFER, self.handle)


def _new_texture(unit: int, kind: Any, smaller: Any, larger: Any) -> int:
    texture = int(GL.glGenTextures(1))
    GL.glActiveTexture(GL.GL_TEXTURE0 + unit)
    GL.glBindTexture(kind, texture)
    GL.glTexParameteri(kind, GL.GL_TEXTURE_MIN_FILTER, smaller)
    GL.glTexParameteri(kind, GL.GL_TEXTURE_MAG_FILTER, larger)
    return texture


def _render_buffer(kind: Any, size: int) -> int:
    buffer = int(GL.glGenRenderbuffers(1))
    GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, buffer)
    GL.glRenderbufferStorage(GL.GL_RENDERBUFFER, kind, size, size)
    return buffer


class _Target:
    def __init__(
        self, gpu: PyrenderGpu, size: int, pictures: Sequence[_Picture], depth: _Picture
    ) -> None:
        self._gpu, self._size = gpu, size
        self._handle = int(GL.glGenFramebuffers(1))
        self.use()
        places = [GL.GL_COLOR_ATTACHMENT0 + k for k in range(len(pictures))]
        for place, picture in zip(places, pictures, strict=True):
            picture.attach(place)
        depth.attach(GL.GL_DEPTH_ATTACHMENT)
        GL.glDrawBuffers(len(places), places)
        if GL.glCheckFramebufferStatus(GL.GL_FRAMEBUFFER) != GL.GL_FRAMEBUFFER_COMPLETE:
            raise RenderError(f"the driver refuses a framebuffer of {size} px", "renderer")
        self._read = [
            np.empty((size, size, 4), np.uint8 if p.kind == "bytes" else np.float32)
            for p in pictures
        ]
        self._depth = np.empty((size, size), np.float32)

    def use(self) -> None:
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._handle)
        GL.glViewport(0, 0, self._size, self._size)

    def clear(self) -> None:
        self.use()
        self._gpu.set(SOLID)  # what may not be written is not cleared
        GL.glClear(GL.GL_COLOR_BUFFER_BIT | GL.GL_DEPTH_BUFFER_BIT)

    def cover(self, program: _Program, low: int = 0, high: int | None = None) -> None:
        program.use()
        GL.glBindVertexArray(self._gpu.no_mesh)
        GL.glEnable(GL.GL_SCISSOR_TEST)
        GL.glScissor(0, low, self._size, (self._size if high is None else high) - low)
        GL.glDrawArrays(GL.GL_TRIANGLES, 0, 3)
        GL.glDisable(GL.GL_SCISSOR_TEST)

    def read(self, picture: int = 0) -> NDArray[Any]:
        into = self._read[picture]
        GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, self._handle)
        GL.glReadBuffer(GL.GL_COLOR_ATTACHMENT0 + picture)
        kind = GL.GL_UNSIGNED_BYTE if into.dtype == np.uint8 else GL.GL_FLOAT
        GL.glReadPixels(0, 0, self._size, self._size, GL.GL_RGBA, kind, into)
        return into

    def read_depth(self) -> Float32:
        GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, self._handle)
        GL.glReadPixels(
            0, 0, self._size, self._size, GL.GL_DEPTH_COMPONENT, GL.GL_FLOAT, self._depth
        )
        return self._depth
