"""Head models that a user has added: checked, completed and kept in the cache folder by name."""

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dlm.errors import ModelError
from dlm.generator.models import cache
from dlm.generator.models.cache import Arrays

if TYPE_CHECKING:
    from dlm.generator.models.linear import LinearHead

Progress = Callable[[int, int], None]

ICT = "ict"
MADE_BY = 1  # raise it when what is derived at adding (masks, mirror, shoulders) changes
_BUILT_IN = "makehuman"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def names() -> list[str]:
    """Return the names of the added heads, sorted."""
    return sorted(path.stem for path in _folder().glob("*.npz") if _NAME.fullmatch(path.stem))


def load(name: str) -> "LinearHead":
    """Return the added head `name`. Raises ModelError where its file is damaged or outdated."""
    from dlm.generator.models import linear_file
    from dlm.generator.models.linear import LinearHead

    path = _folder() / f"{name}.npz"
    arrays = linear_file.read(path)
    if int(arrays.get("made_by", np.array(-1))) != MADE_BY:
        raise ModelError(f"the head '{name}' was added by another version of dlm", str(path),
                         f"run `dlm model add {name} PATH --replace`")  # fmt: skip
    return LinearHead(name, arrays)


def add(name: str, path: Path, *, replace: bool = False, progress: Progress | None = None) -> bool:
    """Add the head `name` from a clone of ICT-FaceKit or a `.npz`; False if it is there already.

    Raises
    ------
    ModelError
        Where the name cannot be used, the files are not what they should be, or another head of
        that name was added before and `replace` is False.
    """
    _check_name(name, path)
    if path.is_dir():
        from dlm.generator.models.ict import convert

        arrays = convert(path, progress)
    else:
        from dlm.generator.models import linear_file

        arrays = _complete(linear_file.read(path), str(path))
    arrays["made_by"] = np.array(MADE_BY)
    return _keep(name, arrays, replace)


def _folder() -> Path:
    return cache.folder() / "models"


def _check_name(name: str, path: Path) -> None:
    if not _NAME.fullmatch(name) or name == _BUILT_IN:
        why = "is built in" if name == _BUILT_IN else "is no name for a head"
        raise ModelError(f"'{name}' {why}", "dlm model add",
                         "choose another: small letters, digits, - and _")  # fmt: skip
    if not path.exists():
        raise ModelError("no such file or folder", str(path), "check the path")
    if path.is_dir() and name != ICT:
        raise ModelError("is a folder", str(path), "give a .npz file (docs/models.md), or a clone "
                         f"of ICT-FaceKit with the name {ICT}")  # fmt: skip
    if not path.is_dir() and name == ICT:
        raise ModelError(f"is a file, and '{ICT}' is the name of ICT-FaceKit alone", str(path),
                         "give the folder of its clone, or choose another name")  # fmt: skip


def _complete(arrays: Arrays, where: str) -> Arrays:
    """Return the arrays with what the file left out and dlm can make: mirror and masks."""
    from dlm.generator.models.linear import LinearHead, find_mirror

    triangles = arrays["triangles"]
    if "mirror" not in arrays:
        edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        mirror = find_mirror(arrays["template"].astype(np.float64), edges)
        if mirror is None:
            raise ModelError("has no mirror, and its template is not symmetric about x = 0", where,
                             "add the key mirror (docs/models.md)")  # fmt: skip
        arrays["mirror"] = mirror
    if "landmarks_68" in arrays and not any(key.startswith("region_") for key in arrays):
        from dlm.generator.models.linear_regions import carried_regions

        head = LinearHead("new", arrays)
        masks = carried_regions(head.template.astype(np.float64), head.topology,
                                arrays["landmarks_68"])  # fmt: skip
        arrays |= {f"region_{name}": mask for name, mask in masks.items()}
    return arrays


def _keep(name: str, arrays: Arrays, replace: bool) -> bool:
    path = _folder() / f"{name}.npz"
    if path.exists():
        if _digest(_stored(path)) == _digest(arrays):
            return False
        if not replace:
            raise ModelError(f"another head '{name}' was added before", str(path),
                             "choose another name, or give --replace")  # fmt: skip
    cache.write(path, arrays)
    return True


def _stored(path: Path) -> Arrays:
    """Return the arrays of an added head, none where the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except Exception:  # whatever is wrong with it, it is not what is being added
        return {}


def _digest(arrays: Arrays) -> str:
    digest = sha256()
    for key in sorted(arrays):
        values = np.ascontiguousarray(arrays[key])
        digest.update(f"{key} {values.dtype} {values.shape}".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()
