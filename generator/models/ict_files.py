"""Read a clone of ICT-FaceKit: its neutral mesh, its 100 identity and 53 expression shapes.

The files are Wavefront OBJ in centimetres, y up, z out of the face, +x to the subject's left. All
have the vertices of the neutral mesh in the same order; only that one's faces are read.
Source: https://github.com/ICT-VGL/ICT-FaceKit (MIT).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlm.errors import ModelError
from dlm.generator.models.base import ARKIT_UNITS

Progress = Callable[[int, int], None]

NEUTRAL = "generic_neutral_mesh"
IDENTITIES = 100
_CLONE = "give the folder of a clone of github.com/ICT-VGL/ICT-FaceKit"
_SPLIT = ("browInnerUp", "cheekPuff")  # one unit of ARKit, two shapes here
_MISSING = ("tongueOut",)


@dataclass(frozen=True, eq=False)
class Clone:
    """The numbers of a clone, in its own units."""

    neutral: NDArray[np.float64]  # (N, 3) centimetres
    polygons: list[list[int]]  # quads and some triangles
    identity: NDArray[np.float32]  # (100, N, 3) shifts of one standard deviation
    expression: NDArray[np.float32]  # (E, N, 3) shifts of a full unit
    units: tuple[str, ...]  # (E,) names out of ARKIT_UNITS
    content: str  # hash of the neutral mesh's file


def unit_shapes() -> dict[str, tuple[str, ...]]:
    """Return for each ARKit unit that ICT-FaceKit has the names of its shapes: their sum."""
    table: dict[str, tuple[str, ...]] = {}
    for unit in ARKIT_UNITS:
        plain = unit.removesuffix("Left").removesuffix("Right")
        if unit in _SPLIT:
            table[unit] = (f"{unit}_L", f"{unit}_R")
        elif unit.endswith("Left") and plain not in ("jaw", "mouth"):
            table[unit] = (f"{plain}_L",)
        elif unit.endswith("Right") and plain not in ("jaw", "mouth"):
            table[unit] = (f"{plain}_R",)
        elif unit not in _MISSING:
            table[unit] = (unit,)
    return table


def read_clone(path: Path, progress: Progress | None = None) -> Clone:
    """Read all shapes under `path`; about ten seconds.

    Raises
    ------
    ModelError
        Where the folder is no clone, or a file is missing, damaged or of another mesh.
    """
    folder = _shape_folder(path)
    table = unit_shapes()
    files = [f"identity{k:03d}" for k in range(IDENTITIES)]
    wanted = [NEUTRAL, *files, *(name for names in table.values() for name in names)]
    missing = [name for name in wanted if not (folder / f"{name}.obj").is_file()]
    if missing:
        raise ModelError(f"{len(missing)} of its {len(wanted)} shapes are missing, the first is "
                         f"{missing[0]}.obj", str(folder), "fetch the clone again")  # fmt: skip
    done = 0

    def shape(name: str) -> NDArray[np.float64]:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, len(wanted))
        return _vertices(folder / f"{name}.obj")

    neutral = shape(NEUTRAL)

    def shift(names: Sequence[str]) -> NDArray[np.float32]:
        total = np.zeros_like(neutral)
        for name in names:
            points = shape(name)
            if points.shape != neutral.shape:
                raise ModelError(f"has {len(points)} vertices, the neutral mesh {len(neutral)}",
                                 str(folder / f"{name}.obj"), "fetch the clone again")  # fmt: skip
            total += points - neutral
        return total.astype(np.float32)

    source = folder / f"{NEUTRAL}.obj"
    return Clone(
        neutral=neutral,
        polygons=_polygons(source, len(neutral)),
        identity=np.stack([shift([name]) for name in files]),
        expression=np.stack([shift(names) for names in table.values()]),
        units=tuple(table),
        content=sha256(source.read_bytes()).hexdigest()[:12],
    )


def _shape_folder(path: Path) -> Path:
    """Return the folder of the OBJ files, whichever folder of the clone was named."""
    for folder in (path / "FaceXModel", path, path / "ict" / "FaceXModel"):
        if (folder / f"{NEUTRAL}.obj").is_file():
            return folder
    what = "no such folder" if not path.exists() else f"holds no FaceXModel/{NEUTRAL}.obj"
    raise ModelError(what, str(path), _CLONE)


def _vertices(path: Path) -> NDArray[np.float64]:
    """Return (N, 3), the positions of an OBJ file whose `v` lines follow one another."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror}", str(path), "check the file") from None
    start = 0 if text.startswith(b"v ") else text.find(b"\nv ") + 1
    stop = text.find(b"\n", text.rfind(b"\nv ") + 1)
    numbers = text[start : stop if stop >= 0 else len(text)].replace(b"\nv ", b" ").split()[1:]
    try:
        values = np.array(numbers, dtype=np.float64)
        points = values.reshape(-1, 3)
    except ValueError:
        raise ModelError("is damaged: its vertices are no triples of numbers", str(path),
                         "fetch the clone again") from None  # fmt: skip
    if not len(points) or not np.isfinite(points).all():
        raise ModelError("is damaged: it has no usable vertices", str(path),
                         "fetch the clone again")  # fmt: skip
    return points


def _polygons(path: Path, count: int) -> list[list[int]]:
    """Return the faces of an OBJ file as 0-based vertex numbers, in the file's order."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [
            [int(word.partition("/")[0]) - 1 for word in line.split()[1:]]
            for line in lines if line.startswith("f ")
        ]  # fmt: skip
    except (ValueError, UnicodeDecodeError):
        raise ModelError("is damaged: a face is no list of vertex numbers", str(path),
                         "fetch the clone again") from None  # fmt: skip
    if any(len(row) not in (3, 4) or not 0 <= min(row) <= max(row) < count for row in rows):
        raise ModelError("is damaged: a face names vertices that do not exist", str(path),
                         "fetch the clone again")  # fmt: skip
    return rows
