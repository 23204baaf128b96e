"""Head models by name.

`makehuman` is baked on its first use; others are added by the user (`dlm model add`). All are kept
in the user's cache folder.
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
    from dlm.generator.models import added

    return ["makehuman", *added.names()]


def load(name: str, progress: Progress | None = None) -> "FaceModel":
    """Return the head model `name`; `progress(done, total)` is told while it is first baked.

    A process keeps one copy. Raises ModelError for an unknown name, or where the model's files
    are missing.
    """
    if name in _MODELS:
        return _MODELS[name]
    known = names()
    if name not in known:
        way_out = f"choose one of: {', '.join(known)}"
        if name == "ict":
            way_out += "; or add a clone of ICT-FaceKit: dlm model add ict PATH"
        raise ModelError(f"unknown head model '{name}'", "--model", way_out)
    if name == "makehuman":
        from dlm.generator.models import makehuman

        _MODELS[name] = makehuman.load(progress)
    else:
        from dlm.generator.models import added

        _MODELS[name] = added.load(name)
    return _MODELS[name]
