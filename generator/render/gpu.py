"""The few things that dlm draws with, whatever library speaks to the driver.

A host (`moderngl_host.py`, `pyrender_host.py`) makes these objects; `head_renderer.py` and what it
calls draw with them and know no GL. All of it is OpenGL 4.1 core; the shaders are shared as well.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import Float32, Int32
from dlm.generator.render import marks

BLOCK = "Sample"
Kind = Literal["bytes", "half", "float", "words"]  # of a channel; pictures have four
Defines = Sequence[str]


@dataclass(frozen=True)
class State:
    """Which fragments are kept, and what becomes of them."""

    depth: Literal["less", "greater", "equal"] = "less"  # than what is there
    writes_depth: bool = True
    cull: Literal["back", "front", "none"] = "back"
    blends: bool = False  # what is behind shows through as far as the shader's second output says


SOLID = State()
SHEET = State(cull="none")  # seen from both sides
INSIDE = State(cull="front")
PANE = State(cull="none", writes_depth=False, blends=True)
DARK_PANE = State(cull="none", blends=True)
ON_WHAT_IS_THERE = State(depth="greater", writes_depth=False, cull="none")  # for far triangles
WHERE_NOTHING_IS = State(depth="equal", writes_depth=False, cull="none")


class Program(Protocol):
    """A linked vertex and fragment shader."""

    def set(self, name: str, *values: float) -> None:
        """Set a uniform of 1, 4 or 16 floats; a matrix column by column."""


class Mesh(Protocol):
    """Vertices that move every frame, attributes that stay, and the triangles between them."""

    moving: Float32  # (V, floats), to be filled in place

    def update(self) -> None:
        """Send `moving`."""

    def draw(self, program: Any, start: int = 0, stop: int | None = None, copies: int = 1) -> None:
        """Draw triangles [start, stop), `copies` times."""


class Block(Protocol):
    """All numbers of a sample, filled by name."""

    def send(self, values: Mapping[str, Any]) -> None:
        """Send a frame's values; every field must be given, and no other."""


class Target(Protocol):
    """A square framebuffer without multisampling."""

    def use(self) -> None:
        """Draw into it from now on."""

    def clear(self) -> None:
        """Empty all that it holds; `use` and `set` follow anew."""

    def cover(self, program: Any, low: int = 0, high: int | None = None) -> None:
        """Draw one triangle at the far end of the depth range over its rows [low, high)."""

    def read(self, picture: int = 0) -> NDArray[Any]:
        """Return (size, size, 4) of one of its pictures; the next reading overwrites it."""

    def read_depth(self) -> Float32:
        """Return (size, size) window depth 0 to 1; the next reading overwrites it."""


class Gpu(Protocol):
    """A GL context and what is made in it; one a process, for life."""

    name: str  # of the host
    driver: str  # GL_VENDOR / GL_RENDERER, as the driver says it

    def program(
        self, vertex: str, fragment: str, units: Mapping[str, int] = ..., defines: Defines = ()
    ) -> Program:
        """Link two shipped shaders, with samplers bound to texture `units`."""

    def mesh(
        self, moving: Sequence[int], still: Sequence[Float32], triangles: Int32, vertices: int
    ) -> Mesh:
        """Make a Mesh; locations follow the order given, first what moves, then what stays."""

    def block(self, fields: Mapping[str, tuple[int, int]]) -> Block:
        """Make the uniform block; `fields` as `block_fields` has them."""

    def texture(self, unit: int, pixels: NDArray[np.uint8]) -> None:
        """Bind a mip-mapped texture to `unit` for life: (H, W, 4) repeats, (N, H, W, 4) ends."""

    def depth(self, size: int, unit: int | None = None) -> Any:
        """Make a depth that targets may share; with a `unit`, shaders compare with it there."""

    def picture(self, size: int, kind: Kind, unit: int | None = None) -> Any:
        """Make a picture of four channels; with a `unit`, shaders may read it there by texel."""

    def target(self, size: int, pictures: Sequence[Any], depth: Any) -> Target:
        """Make a Target of these."""

    def set(self, state: State) -> None:
        """Draw so from now on."""


def mip_levels(pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return (H, W, 4) or (N, H, W, 4) `pixels` and, down to one pixel, each level's half.

    Made as llvmpipe does, which would first take 0.2 s to compile how, at each start.
    """
    words = np.ascontiguousarray(pixels).view(np.uint32)[..., 0]
    levels = [words]
    while max(levels[-1].shape[-2:]) > 1:
        narrow = _halved(levels[-1].swapaxes(-1, -2)).swapaxes(-1, -2)
        levels.append(np.ascontiguousarray(_halved(narrow)))
    return [level[..., None].view(np.uint8) for level in levels]


def _halved(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return (..., H // 2, W) means of rows and their next, each of four bytes and rounded up."""
    rows = words.shape[-2] // 2 * 2
    if rows == 0:
        return words  # one row, which stays
    first, second = words[..., 0:rows:2, :], words[..., 1:rows:2, :]
    return (first | second) - (((first ^ second) & np.uint32(0xFEFEFEFE)) >> np.uint32(1))


def shader_source(name: str, defines: Defines = ()) -> str:
    """Return the text of a shipped shader with its `#include "..."` lines resolved."""
    text = _included(name)
    if not defines:
        return text
    version, rest = text.split("\n", 1)
    return "\n".join([version, *(f"#define {word}" for word in defines), rest])


def _included(name: str) -> str:
    if name == "marks.glsl":
        return marks.as_glsl()
    folder = resources.files("dlm.generator.render").joinpath("shaders")
    text = folder.joinpath(name).read_text(encoding="utf-8")
    return re.sub(r'^#include "(.+)"$', lambda m: _included(m[1]), text, flags=re.MULTILINE)


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


class BlockValues:
    """The floats of the uniform block, as every host fills them."""

    def __init__(self, fields: Mapping[str, tuple[int, int]]) -> None:
        self.fields = dict(fields)
        self.values = np.zeros(sum(floats for _, floats in fields.values()), np.float32)

    def fill(self, values: Mapping[str, Any]) -> Float32:
        """Return all floats, with a frame's `values` in their places."""
        assert values.keys() == self.fields.keys(), values.keys() ^ self.fields.keys()
        for name, value in values.items():
            offset, floats = self.fields[name]
            self.values[offset : offset + floats] = np.ravel(value)
        return self.values
