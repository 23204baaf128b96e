"""One value for several processes: pickled once, its large arrays in files that all of them map."""

import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

LARGE = 1 << 20  # bytes from which an array gets a file of its own
_VALUE = "value.pickle"


def save(folder: Path, value: object) -> None:
    """Write a value into an empty folder."""
    with (folder / _VALUE).open("wb") as file:
        _Pickler(file, folder).dump(value)


def load(folder: Path) -> Any:
    """Return what this dlm's `save` wrote, as often as asked: large arrays are in memory once.

    An array that is written to becomes the writer's own, page by page.
    """
    return pickle.loads((folder / _VALUE).read_bytes())


class _Pickler(pickle.Pickler):
    def __init__(self, file: BinaryIO, folder: Path) -> None:
        super().__init__(file, protocol=5)
        self._folder, self._count = folder, 0

    def reducer_override(self, value: Any) -> Any:
        if type(value) is not np.ndarray or value.nbytes < LARGE or value.dtype.hasobject:
            return NotImplemented
        path = self._folder / f"{self._count}.npy"
        self._count += 1
        np.save(path, value)
        return _mapped, (str(path),)


def _mapped(path: str) -> Any:
    return np.asarray(np.load(path, mmap_mode="c"))
