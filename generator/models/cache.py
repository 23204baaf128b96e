"""Baked arrays kept in the user's cache folder, under the hash of what they were made from.

What another version of the code made stays for those who go back to it, until nobody has used it
for UNUSED_DAYS: a file's time is that of its last use.
"""

import os
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.errors import ModelError

UNUSED_DAYS = 30

Arrays = dict[str, NDArray[Any]]


def folder() -> Path:
    """Return $DLM_CACHE, or `dlm` in the platform's cache folder."""
    chosen = os.environ.get("DLM_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dlm"


def cached(name: str, content: str, make: Callable[[], Arrays]) -> Arrays:
    """Return the arrays kept for this content, or make and keep them.

    A damaged file is made again. Several processes may do so at once: each writes its own file
    and renames it, and all write the same. Making one removes those of its name that are unused.
    """
    path = folder() / f"{name}-{content}.npz"
    try:
        arrays = _read(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        arrays = make()
        write(path, arrays)
        _remove_unused(name)
        return arrays
    with suppress(OSError):  # a folder that one may only read
        os.utime(path)
    return arrays


def _remove_unused(name: str) -> None:
    before = time.time() - UNUSED_DAYS * 24 * 3600
    kept = (path for path in folder().glob(f"{name}-*.npz") if _name_of(path) == name)
    for path in (*kept, *folder().glob("*.part")):  # the latter of processes that were killed
        with suppress(OSError):
            if path.stat().st_mtime < before:
                path.unlink()


def _name_of(path: Path) -> str:
    return path.stem.rpartition("-")[0]


def _read(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as file:  # the zip's CRC finds a flipped bit
        return {key: file[key] for key in file.files}


def write(path: Path, arrays: Arrays) -> None:
    """Write `arrays` to `path` whole or not at all; raises ModelError where it cannot be kept."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            try:
                np.savez(file, **arrays)  # type: ignore[arg-type]
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ModelError(
            f"the baked head cannot be kept: {error.strerror or error}",
            str(path),
            "free some space, or set DLM_CACHE to a folder you can write",
        ) from error
