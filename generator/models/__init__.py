"""Head models by name.

A model is baked on its first use and kept in the user's cache folder.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from dlm.errors import ModelError

if TYPE_CHECKING:
    from dlm.generator.models.base import FaceModel

Progress = Callable[[int, int], None]

_MODELS: "dict[str, FaceModel]" = {}


def names() -> list[str]:
    """Return the names that `load` knows."""
    return ["makehuman"]


def load(name: str, progress: Progress | None = None) -> "FaceModel":
    """Return the head model `name`; `progress(done, total)` is told while it is first baked.

    A process keeps one copy. Raises ModelError for an unknown name, or where the model's files
    are missing.
    """
    if name not in names():
        raise ModelError(f"unknown head model '{name}'", "--model",
                         f"choose one of: {', '.join(names())}")  # fmt: skip
    if name not in _MODELS:
        from dlm.generator.models import makehuman

        _MODELS[name] = makehuman.load(progress)
    return _MODELS[name]


def __getattr__(name: str) -> object:
    """Give `vertex_normals` without importing scipy for those who never pose a head."""
    if name == "vertex_normals":
        from dlm.generator.models.normals import vertex_normals

        return vertex_normals
    raise AttributeError(name)
