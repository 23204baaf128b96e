"""Points of many faces in files: .pts, .csv and .npy, read and written.

Pixels, origin at the centre of the top-left pixel; x right, y down. Shapes: N faces, P points.

.pts     one face; counts from 1, so 1 is subtracted on reading and added on writing
folder   of .pts files, one face each, in the order of their names
.csv     one face a line: x0,y0,x1,y1,...; a first line of other words is a heading
.npy     (P, 2) or (N, P, 2) numbers
"""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlm.errors import SpecError
from dlm.landmark_specs.saving import write
from dlm.landmark_specs.texts import read_text

Float = NDArray[np.float64]

FORMATS = (".pts", ".csv", ".npy")
_MAX_BYTES = 1 << 30
_MAX_TEXT = 200 << 20
_FARTHEST = 1e7  # pixels: beyond it, no picture
_DECIMALS = 3


@dataclass(frozen=True, eq=False)
class PointFile:
    """What a file holds, and how it is to be written back."""

    points: Float  # (N, P, 2)
    names: tuple[str, ...] = ()  # (N,) of the files of a folder
    single: bool = False  # .npy: (P, 2), no list of faces


def read_points(path: Path) -> PointFile:
    """Return the points in a file, or in a folder of .pts files.

    Raises SpecError: file, and line and column where it has such; the way out.
    """
    if path.is_dir():
        return _read_folder(path)
    try:
        reader = {".pts": _read_pts, ".csv": _read_csv, ".npy": _read_npy}[path.suffix.lower()]
    except KeyError:
        raise _unknown(path) from None
    found = reader(path)
    _check(found.points, path)
    return found


def write_points(points: Float, path: Path, like: PointFile) -> None:
    """Write (N, P, 2) points to `path`, shaped as the file they come from; whole or absent.

    A name without an ending is a folder of .pts files, for faces that came from one.
    """
    if like.names and not path.suffix:
        path.mkdir(exist_ok=True)
        for name, face in zip(like.names, points, strict=True):
            write(_pts(face).encode(), path / name)
        return
    if path.suffix == ".npy":
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(points[0] if like.single else points, np.float32))
        write(buffer.getvalue(), path)
    else:
        write((_pts(points[0]) if path.suffix == ".pts" else _csv(points)).encode(), path)


def check_output(path: Path, like: PointFile) -> None:
    """Raise SpecError for a name that faces of this file cannot be written to."""
    if path.suffix.lower() not in FORMATS and not (like.names and not path.suffix):
        raise _unknown(path)
    if path.suffix.lower() == ".pts" and len(like.points) != 1:
        raise SpecError(
            f"a .pts file holds one face, these are {len(like.points)}", str(path),
            "write .csv or .npy",
        )  # fmt: skip
    if not path.parent.is_dir():
        raise SpecError("no such folder", str(path.parent), "make it first, or choose another -o")


def _unknown(path: Path) -> SpecError:
    if not path.exists() and not path.suffix:
        return SpecError("no such file or folder", str(path), "check the path")
    return SpecError(
        f"points are not kept in {path.suffix or 'nameless'} files", str(path),
        f"use {', '.join(FORMATS)}, or a folder of .pts files",
    )  # fmt: skip


def _read_folder(folder: Path) -> PointFile:
    files = sorted(folder.glob("*.pts"))
    if not files:
        raise SpecError("no .pts file in this folder", str(folder), "check the path")
    faces = []
    for file in files:
        faces.append(_read_pts(file).points)
        _check(faces[-1], file)
        if faces[-1].shape != faces[0].shape:
            raise SpecError(
                f"{faces[-1].shape[1]} points, {files[0].name} has {faces[0].shape[1]}",
                f"{file}:1:1", "keep faces of one layout in a folder",
            )  # fmt: skip
    return PointFile(np.concatenate(faces), tuple(file.name for file in files))


def _text(path: Path) -> str:
    return read_text(path, _MAX_TEXT, "use .npy")


def _read_pts(path: Path) -> PointFile:
    lines = list(enumerate(_text(path).splitlines(), 1))
    way_out = "a .pts file holds 'n_points: N', '{', N lines 'x y', '}'"
    open_ = [number for number, line in lines if line.strip().endswith("{")]
    close = [number for number, line in lines if line.strip() == "}"]
    if not open_ or not close or close[0] < open_[0]:
        raise SpecError("no points in braces", f"{path}:1:1", way_out)
    told = [line.partition(":")[2].strip() for _, line in lines[: open_[0]] if "n_points" in line]
    body = [(number, line) for number, line in lines[open_[0] : close[0] - 1] if line.strip()]
    rows = [_numbers(line, "", path, number, 2) for number, line in body]
    if told and told[0] != str(len(rows)):
        raise SpecError(
            f"{len(rows)} points where n_points tells {told[0][:12]}", f"{path}:{open_[0]}:1",
            way_out,
        )  # fmt: skip
    return PointFile(np.array(rows, dtype=np.float64).reshape(1, -1, 2) - 1)


def _read_csv(path: Path) -> PointFile:
    lines = [(n, line) for n, line in enumerate(_text(path).splitlines(), 1) if line.strip()]
    if lines and not _is_number(lines[0][1].split(",")[0]):
        lines = lines[1:]
    rows: list[list[float]] = []
    for number, line in lines:
        rows.append(_numbers(line, ",", path, number, len(rows[0]) if rows else 0))
        if len(rows[0]) % 2:
            raise SpecError(
                f"{len(rows[0])} numbers, not pairs of x and y", f"{path}:{number}:1",
                "write x0,y0,x1,y1,... and nothing else",
            )  # fmt: skip
    if not rows:
        raise SpecError("no faces in the file", f"{path}:1:1", "write one a line: x0,y0,x1,y1,...")
    return PointFile(np.array(rows).reshape(len(rows), -1, 2))


def _read_npy(path: Path) -> PointFile:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SpecError("the file has more than 1 GiB", str(path), "convert it in parts")
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, TypeError, KeyError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(
            f"cannot read the points: {reason[:80]}", str(path), "check the path"
        ) from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise SpecError("no array of numbers", str(path), "save points (N, P, 2) as float32")
    if array.ndim not in (2, 3) or array.shape[-1] != 2:
        raise SpecError(f"an array of shape {array.shape}", str(path), "(P, 2) or (N, P, 2) is due")
    single = array.ndim == 2
    points = np.array(array[None] if single else array, dtype=np.float64)
    return PointFile(points, single=single)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(line: str, comma: str, path: Path, number: int, count: int) -> list[float]:
    """Return the numbers of a line, which are `count` where that is not 0."""
    values = []
    for column, word in _words(line, comma):
        if not _is_number(word):
            raise SpecError(
                f"{word.strip()[:40]!r} is no number", f"{path}:{number}:{column}", "write numbers"
            )
        values.append(float(word))
    if count and len(values) != count:
        raise SpecError(
            f"{len(values)} numbers where {count} are due", f"{path}:{number}:1", "mend the line"
        )
    return values


def _words(line: str, comma: str) -> Iterator[tuple[int, str]]:
    """Yield each word of a line with its column, counted from 1; no comma: words between spaces."""
    if not comma:
        yield from ((found.start() + 1, found[0]) for found in re.finditer(r"\S+", line))
        return
    column = 1
    for word in line.split(comma):
        yield column, word
        column += len(word) + 1


def _check(points: Float, path: Path) -> None:
    if not points.size:
        raise SpecError("no points in the file", str(path), "check it")
    bad = ~(np.abs(points) < _FARTHEST)  # NaN compares false
    if bad.any():
        face, point, axis = (int(k) for k in np.argwhere(bad)[0])
        raise SpecError(
            f"face {face}, point {point}: {'xy'[axis]} is {points[face, point, axis]:g}",
            str(path), "every point needs a place in pixels: leave out faces without one",
        )  # fmt: skip


def _pts(face: Float) -> str:
    lines = [f"{x:.{_DECIMALS}f} {y:.{_DECIMALS}f}" for x, y in face + 1]
    return "\n".join(["version: 1", f"n_points: {len(face)}", "{", *lines, "}", ""])


def _csv(points: Float) -> str:
    heading = ",".join(f"x{k},y{k}" for k in range(points.shape[1]))
    rows: Sequence[str] = [
        ",".join(f"{value:.{_DECIMALS}f}" for value in face.ravel()) for face in points
    ]
    return "\n".join([heading, *rows, ""])
