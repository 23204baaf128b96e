"""The few GL objects that dlm draws with: programs, meshes, textures, one uniform block, a target.

All of it is OpenGL 4.1 core, and the shaders say nothing of the host, so that another host
needs this file's twin and no other.
"""

import ctypes
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray
from OpenGL import GL

from dlm.errors import RenderError

BLOCK = "Sample"
BLOCK_BINDING = 0


def shader_source(name: str) -> str:
    """Return the text of a shipped shader, its `#include "..."` lines resolved."""
    folder = resources.files("dlm.generator.render").joinpath("shaders")
    text = folder.joinpath(name).read_text(encoding="utf-8")
    return re.sub(r'^#include "(.+)"$', lambda m: shader_source(m[1]), text, flags=re.MULTILINE)


def block_fields(source: str) -> dict[str, tuple[int, int]]:
    """Return name -> (offset, floats) of the uniform block, which holds only vec4 and mat4."""
    body = re.search(rf"uniform {BLOCK} \{{(.*?)\}};", source, flags=re.DOTALL)
    assert body is not None
    fields, offset = {}, 0
    for kind, name, count in re.findall(r"^\s*(vec4|mat4) (\w+)(?:\[(\d+)\])?;", body[1], re.M):
        floats = (16 if kind == "mat4" else 4) * int(count or 1)
        fields[name] = (offset, floats)
        offset += floats
    return fields


class Program:
    """A linked vertex and fragment shader, with its samplers bound to texture units."""

    def __init__(
        self, vertex: str, fragment: str, units: Mapping[str, int], defines: Sequence[str] = ()
    ) -> None:
        self.handle = GL.glCreateProgram()
        self._locations: dict[str, int] = {}
        for name, kind in ((vertex, GL.GL_VERTEX_SHADER), (fragment, GL.GL_FRAGMENT_SHADER)):
            GL.glAttachShader(self.handle, _compile(name, kind, defines))
        GL.glLinkProgram(self.handle)
        if not GL.glGetProgramiv(self.handle, GL.GL_LINK_STATUS):
            log = GL.glGetProgramInfoLog(self.handle)
            raise RenderError(f"shaders do not link: {_text(log)}", f"{vertex} + {fragment}")
        block = GL.glGetUniformBlockIndex(self.handle, BLOCK)
        if block != GL.GL_INVALID_INDEX:
            GL.glUniformBlockBinding(self.handle, block, BLOCK_BINDING)
        GL.glUseProgram(self.handle)
        for name, unit in units.items():
            GL.glUniform1i(GL.glGetUniformLocation(self.handle, name), unit)

    def use(self) -> None:
        GL.glUseProgram(self.handle)

    def location(self, name: str) -> int:
        """Return where the uniform `name` lies, for glUniform*."""
        if name not in self._locations:
            self._locations[name] = int(GL.glGetUniformLocation(self.handle, name))
        return self._locations[name]


def _compile(name: str, kind: Any, defines: Sequence[str]) -> Any:
    shader = GL.glCreateShader(kind)
    version, rest = shader_source(name).split("\n", 1)
    GL.glShaderSource(shader, "\n".join([version, *(f"#define {d}" for d in defines), rest]))
    GL.glCompileShader(shader)
    if not GL.glGetShaderiv(shader, GL.GL_COMPILE_STATUS):
        raise RenderError(f"does not compile: {_text(GL.glGetShaderInfoLog(shader))}", name)
    return shader


def _text(log: Any) -> str:
    return log.decode(errors="replace") if isinstance(log, bytes) else str(log)


class Mesh:
    """Vertices that move every frame, attributes that stay, and the triangles between them.

    Locations follow the order given: first the moving attributes, then those that stay.
    """

    def __init__(
        self,
        moving: Sequence[int],
        still: Sequence[NDArray[np.float32]],
        triangles: NDArray[np.int32],
        vertex_count: int,
    ) -> None:
        self.triangle_count = len(triangles)
        self.array = GL.glGenVertexArrays(1)
        GL.glBindVertexArray(self.array)
        self.moving = np.zeros((vertex_count, sum(moving)), np.float32)
        self._buffer = _fill(GL.GL_ARRAY_BUFFER, self.moving, GL.GL_STREAM_DRAW)
        _attributes(0, moving)
        if still:
            rows = np.ascontiguousarray(np.concatenate(still, axis=1), dtype=np.float32)
            _fill(GL.GL_ARRAY_BUFFER, rows, GL.GL_STATIC_DRAW)
            _attributes(len(moving), [part.shape[1] for part in still])
        indices = np.ascontiguousarray(triangles, dtype=np.uint32)
        _fill(GL.GL_ELEMENT_ARRAY_BUFFER, indices, GL.GL_STATIC_DRAW)
        GL.glBindVertexArray(0)

    def update(self) -> None:
        """Send `self.moving`, which the caller has filled in place."""
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffer)
        GL.glBufferSubData(GL.GL_ARRAY_BUFFER, 0, self.moving.nbytes, self.moving)

    def draw(self, start: int = 0, stop: int | None = None, copies: int = 1) -> None:
        """Draw triangles [start, stop), `copies` times."""
        count = (self.triangle_count if stop is None else stop) - start
        GL.glBindVertexArray(self.array)
        offset = ctypes.c_void_p(12 * start)
        if copies == 1:
            GL.glDrawElements(GL.GL_TRIANGLES, 3 * count, GL.GL_UNSIGNED_INT, offset)
        else:
            GL.glDrawElementsInstanced(
                GL.GL_TRIANGLES, 3 * count, GL.GL_UNSIGNED_INT, offset, copies
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


class UniformBlock:
    """All numbers of a sample in one buffer, filled by name."""

    def __init__(self, fields: Mapping[str, tuple[int, int]]) -> None:
        self.fields = dict(fields)
        self.values = np.zeros(sum(floats for _, floats in fields.values()), np.float32)
        self._buffer = _fill(GL.GL_UNIFORM_BUFFER, self.values, GL.GL_STREAM_DRAW)
        GL.glBindBufferBase(GL.GL_UNIFORM_BUFFER, BLOCK_BINDING, self._buffer)

    def send(self, values: Mapping[str, Any]) -> None:
        """Send a frame's values; every field must be given, and no other."""
        assert values.keys() == self.fields.keys(), values.keys() ^ self.fields.keys()
        for name, value in values.items():
            offset, floats = self.fields[name]
            self.values[offset : offset + floats] = np.ravel(value)
        GL.glBindBuffer(GL.GL_UNIFORM_BUFFER, self._buffer)
        GL.glBufferSubData(GL.GL_UNIFORM_BUFFER, 0, self.values.nbytes, self.values)


def tile_texture(unit: int, pixels: NDArray[np.uint8]) -> None:
    """Bind (H, W, 4) pixels as a repeating, mip-mapped texture to `unit`."""
    _new_texture(unit, GL.GL_TEXTURE_2D, GL.GL_REPEAT)
    height, width = pixels.shape[:2]
    GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, GL.GL_RGBA8, width, height, 0, GL.GL_RGBA,
                    GL.GL_UNSIGNED_BYTE, np.ascontiguousarray(pixels))  # fmt: skip
    GL.glGenerateMipmap(GL.GL_TEXTURE_2D)


def layered_texture(unit: int, pixels: NDArray[np.uint8]) -> None:
    """Bind (N, H, W, 4) pixels as an array texture with mirrored repeat to `unit`."""
    _new_texture(unit, GL.GL_TEXTURE_2D_ARRAY, GL.GL_MIRRORED_REPEAT)
    layers, height, width = pixels.shape[:3]
    GL.glTexImage3D(GL.GL_TEXTURE_2D_ARRAY, 0, GL.GL_RGBA8, width, height, layers, 0, GL.GL_RGBA,
                    GL.GL_UNSIGNED_BYTE, np.ascontiguousarray(pixels))  # fmt: skip
    GL.glGenerateMipmap(GL.GL_TEXTURE_2D_ARRAY)


def _new_texture(unit: int, target: Any, wrap: Any) -> None:
    GL.glActiveTexture(GL.GL_TEXTURE0 + unit)
    GL.glBindTexture(target, GL.glGenTextures(1))
    GL.glTexParameteri(target, GL.GL_TEXTURE_MIN_FILTER, GL.GL_LINEAR_MIPMAP_NEAREST)
    GL.glTexParameteri(target, GL.GL_TEXTURE_MAG_FILTER, GL.GL_LINEAR)
    GL.glTexParameteri(target, GL.GL_TEXTURE_WRAP_S, wrap)
    GL.glTexParameteri(target, GL.GL_TEXTURE_WRAP_T, wrap)


class Target:
    """A square framebuffer: RGBA bytes and float depth, no multisampling.

    With `surface` units it has a second face of four textures over the same depth, into which
    what lies at each pixel is drawn first and shaded afterwards. With `marks` a stencil keeps
    which thing each pixel shows.
    """

    def __init__(self, size: int, surface: Sequence[int] = (), *, marks: bool = False) -> None:
        self.size = size
        kind, beside = GL.GL_DEPTH_COMPONENT32F, GL.GL_DEPTH_ATTACHMENT
        if marks:
            kind, beside = GL.GL_DEPTH32F_STENCIL8, GL.GL_DEPTH_STENCIL_ATTACHMENT
        depth = _render_buffer(kind, size)
        self._picture = int(GL.glGenFramebuffers(1))
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._picture)
        _attach(GL.GL_COLOR_ATTACHMENT0, _render_buffer(GL.GL_RGBA8, size))
        _attach(beside, depth)
        _check_complete(size)
        self._surface = int(GL.glGenFramebuffers(1))
        if surface:
            GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._surface)
            for k, unit in enumerate(surface):
                _attach_texture(k, unit, size)
            _attach(beside, depth)
            GL.glDrawBuffers(
                len(surface), [GL.GL_COLOR_ATTACHMENT0 + k for k in range(len(surface))]
            )
            _check_complete(size)
        GL.glViewport(0, 0, size, size)
        self._colour = np.empty((size, size, 4), np.uint8)
        self._depth = np.empty((size, size), np.float32)

    def to_surface(self) -> None:
        """Draw into the surface textures from now on."""
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._surface)

    def to_picture(self) -> None:
        """Draw into the picture from now on."""
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._picture)

    def read_colour(self) -> NDArray[np.uint8]:
        """Return (size, size, 4) bytes; the next frame overwrites them."""
        GL.glReadPixels(0, 0, self.size, self.size, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, self._colour)
        return self._colour

    def read_depth(self) -> NDArray[np.float32]:
        """Return (size, size) window depth 0 to 1; the next frame overwrites it."""
        GL.glReadPixels(0, 0, self.size, self.size, GL.GL_DEPTH_COMPONENT, GL.GL_FLOAT, self._depth)
        return self._depth

    def read_marks(self) -> NDArray[np.uint8]:
        """Return (size, size), the stencil of a target with marks, as a new array."""
        marks = np.empty((self.size, self.size), np.uint8)
        GL.glReadPixels(0, 0, self.size, self.size, GL.GL_STENCIL_INDEX, GL.GL_UNSIGNED_BYTE, marks)
        return marks


SURFACE_FORMATS = (GL.GL_RGBA16F, GL.GL_RGBA16F, GL.GL_RGBA8, GL.GL_RGBA8)


def _render_buffer(kind: Any, size: int) -> int:
    buffer = int(GL.glGenRenderbuffers(1))
    GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, buffer)
    GL.glRenderbufferStorage(GL.GL_RENDERBUFFER, kind, size, size)
    return buffer


def _attach(place: Any, buffer: int) -> None:
    GL.glFramebufferRenderbuffer(GL.GL_FRAMEBUFFER, place, GL.GL_RENDERBUFFER, buffer)


def _attach_texture(k: int, unit: int, size: int) -> None:
    """Make the `k`-th surface texture, bound to `unit`, a colour attachment."""
    texture = int(GL.glGenTextures(1))
    GL.glActiveTexture(GL.GL_TEXTURE0 + unit)
    GL.glBindTexture(GL.GL_TEXTURE_2D, texture)
    GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, SURFACE_FORMATS[k], size, size, 0, GL.GL_RGBA,
                    GL.GL_FLOAT, None)  # fmt: skip
    GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MIN_FILTER, GL.GL_NEAREST)
    GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MAG_FILTER, GL.GL_NEAREST)
    place = GL.GL_COLOR_ATTACHMENT0 + k
    GL.glFramebufferTexture2D(GL.GL_FRAMEBUFFER, place, GL.GL_TEXTURE_2D, texture, 0)


def _check_complete(size: int) -> None:
    if GL.glCheckFramebufferStatus(GL.GL_FRAMEBUFFER) != GL.GL_FRAMEBUFFER_COMPLETE:
        raise RenderError(f"the driver refuses a framebuffer of {size} px", "renderer")
