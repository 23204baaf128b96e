"""The file of a linear head: a `.npz` that docs/models.md describes, checked key by key.

A head is template + identity . coefficients + expression . weights. What else dlm's heads can do
(turning eyes, closing lids, a neck) comes from optional keys.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.errors import ModelError
from dlm.generator.models.base import ARKIT_UNITS

Arrays = dict[str, NDArray[Any]]

FORMAT = 1
PARTS = ("skin", "eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue", "lashes_upper",
         "lashes_lower")  # fmt: skip
REQUIRED = ("template", "triangles", "metres", "identity", "expression", "expression_names")
OPTIONAL = ("licence", "uv", "mirror", "part_names", "part_sizes", "identity_scale", "identity_std",
            "expression_scale", "neck_share", "neck_pivot", "lid_left_upper", "lid_left_lower",
            "lid_right_upper", "lid_right_lower", "lip_upper", "lip_lower", "landmarks_68",
            "source", "made_by")  # fmt: skip
LIDS = tuple(f"lid_{side}_{edge}" for side in ("left", "right") for edge in ("upper", "lower"))
LIPS = ("lip_upper", "lip_lower")
_MAX_VERTICES, _MAX_MODES = 500_000, 2000
_DOCS = "docs/models.md describes the file"


def read(path: Path) -> Arrays:
    """Return the checked arrays of a head's file.

    Raises
    ------
    ModelError
        Where the file cannot be read, or a key is missing, unknown or wrong.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except FileNotFoundError:
        raise ModelError("no such file", str(path), _DOCS) from None
    except (OSError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(f"is no .npz of plain arrays: {str(error)[:80]}", str(path),
                         _DOCS) from None  # fmt: skip
    check(arrays, str(path))
    return arrays


def check(arrays: Mapping[str, NDArray[Any]], where: str) -> None:
    """Raise ModelError for the first thing that is wrong with `arrays`."""
    names = set(arrays)
    for key in REQUIRED:
        _require(key in names, where, f"key {key!r} is missing")
    for key in sorted(names - {*REQUIRED, *OPTIONAL}):
        _require(key.startswith("region_"), where, f"key {key!r} is unknown")
    count = _check_mesh(arrays, where)
    _check_basis(arrays, where, "identity", count)
    _check_basis(arrays, where, "expression", count)
    _check_units(arrays, where)
    _check_parts(arrays, where)
    _check_optional(arrays, where, count)


def _require(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise ModelError(what, where, _DOCS)


def _check_mesh(arrays: Mapping[str, NDArray[Any]], where: str) -> int:
    template, triangles, metres = arrays["template"], arrays["triangles"], arrays["metres"]
    _require(template.ndim == 2 and template.shape[1:] == (3,) and _numbers(template), where,
             f"template is {_shape(template)}, not (V, 3) finite numbers")  # fmt: skip
    count = len(template)
    _require(3 <= count <= _MAX_VERTICES, where, f"template has {count} vertices")
    _require(triangles.ndim == 2 and triangles.shape[1:] == (3,) and triangles.dtype.kind in "iu"
             and len(triangles) > 0, where,
             f"triangles is {_shape(triangles)}, not (T, 3) whole numbers")  # fmt: skip
    low, high = int(triangles.min()), int(triangles.max())
    _require(low >= 0 and high < count, where,
             f"triangles name vertex {min(low, 0) or high}, the template has {count}")  # fmt: skip
    _require(metres.size == 1 and _numbers(metres) and float(metres.reshape(())) > 0, where,
             "metres is not one number above 0 (metres in a unit of the template)")  # fmt: skip
    size = float(np.ptp(template[:, 1]) * float(metres.reshape(())))
    _require(0.1 < size < 3, where, f"the head is {size:.3g} m high: metres is wrong, it is the "
             "metres in a unit of the template")  # fmt: skip
    return count


def _check_basis(arrays: Mapping[str, NDArray[Any]], where: str, key: str, count: int) -> None:
    basis = arrays[key]
    _require(basis.ndim == 3 and basis.shape[1:] == (count, 3) and _numbers(basis), where,
             f"{key} is {_shape(basis)}, not (modes, {count}, 3) finite numbers")  # fmt: skip
    _require(len(basis) <= _MAX_MODES, where, f"{key} has {len(basis)} modes")
    for suffix in ("_scale", "_std"):
        extra = arrays.get(key + suffix)
        _require(extra is None or (extra.shape == (len(basis),) and _numbers(extra)), where,
                 f"{key}{suffix} is not ({len(basis)},) finite numbers")  # fmt: skip


def _check_units(arrays: Mapping[str, NDArray[Any]], where: str) -> None:
    names = arrays["expression_names"]
    _require(names.dtype.kind == "U" and names.shape == (len(arrays["expression"]),), where,
             "expression_names is not one string a mode of expression")  # fmt: skip
    for name in names.tolist():
        said = f"expression_names has {name!r}, which is no ARKit unit such as 'jawOpen'"
        _require(name in ARKIT_UNITS, where, said)
    _require(len(set(names.tolist())) == len(names), where, "expression_names has a name twice")


def _check_parts(arrays: Mapping[str, NDArray[Any]], where: str) -> None:
    has = ("part_names" in arrays, "part_sizes" in arrays)
    _require(has[0] == has[1], where, "part_names and part_sizes come together or not at all")
    if not has[0]:
        return
    names, sizes = arrays["part_names"], arrays["part_sizes"]
    _require(names.dtype.kind == "U" and names.ndim == 1 and sizes.shape == names.shape
             and sizes.dtype.kind in "iu" and len(names) > 0, where,
             "part_names and part_sizes are not strings and sizes of one length")  # fmt: skip
    for name in names.tolist():
        _require(name in PARTS, where, f"part_names has {name!r}; choose of {', '.join(PARTS)}")
    _require("skin" in names.tolist() and len(set(names.tolist())) == len(names), where,
             "part_names lacks 'skin' or has a name twice")  # fmt: skip
    total, triangles = int(sizes.sum()), len(arrays["triangles"])
    _require(bool((sizes > 0).all()) and total == triangles, where,
             f"part_sizes add up to {total} triangles, there are {triangles}")  # fmt: skip


def _check_optional(arrays: Mapping[str, NDArray[Any]], where: str, count: int) -> None:
    uv = arrays.get("uv")
    _require(uv is None or (uv.shape == (count, 2) and _numbers(uv)), where,
             f"uv is not ({count}, 2) finite numbers")  # fmt: skip
    mirror = arrays.get("mirror")
    if mirror is not None:
        _require(_indices(mirror, count) and mirror.shape == (count,), where,
                 f"mirror is not ({count},) vertex numbers")  # fmt: skip
        wrong = np.flatnonzero(mirror[mirror] != np.arange(count))
        _require(not len(wrong), where, f"mirror is no involution: vertex {wrong[:1].tolist()} is "
                 "not the mirror of its mirror")  # fmt: skip
    for key in [*LIDS, *LIPS, "neck_pivot"]:
        value = arrays.get(key)
        _require(value is None or (value.ndim == 1 and len(value) > 0 and _indices(value, count)),
                 where, f"{key} is not a list of vertex numbers")  # fmt: skip
    for keys in (LIDS, LIPS):
        given = [key for key in keys if key in arrays]
        _require(len(given) in (0, len(keys)), where,
                 f"of {', '.join(keys)} only {', '.join(given)} is there")  # fmt: skip
    for key in [key for key in (*LIDS, *LIPS) if key in arrays]:
        _require(len(arrays[key]) >= 3, where, f"{key} has fewer than 3 vertices")
    marks = arrays.get("landmarks_68")
    _require(marks is None or (marks.shape == (68,) and _indices(marks, count)), where,
             "landmarks_68 is not (68,) vertex numbers")  # fmt: skip
    _require(("neck_share" in arrays) == ("neck_pivot" in arrays), where,
             "neck_share and neck_pivot come together or not at all")  # fmt: skip
    for key in [name for name in arrays if name.startswith("region_") or name == "neck_share"]:
        value = arrays[key]
        fits = value.shape == (count,) and _numbers(value)
        _require(fits and float(value.min()) >= 0 and float(value.max()) <= 1, where,
                 f"{key} is not ({count},) numbers from 0 to 1")  # fmt: skip


def _numbers(values: NDArray[Any]) -> bool:
    return values.dtype.kind in "iuf" and bool(np.isfinite(values).all())


def _indices(values: NDArray[Any], count: int) -> bool:
    whole = values.dtype.kind in "iu" and values.ndim == 1
    return whole and (not values.size or 0 <= int(values.min()) <= int(values.max()) < count)


def _shape(values: NDArray[Any]) -> str:
    return f"{values.shape} of {values.dtype}"
