"""What every renderer would work out anew at its start, kept in the user's cache folder instead."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlm.generator.look.surroundings import BACKGROUND_KINDS, BACKGROUND_LAYERS
from dlm.generator.models import cache
from dlm.generator.models.base import FaceModel, Float32
from dlm.generator.render import form
from dlm.generator.render.background import background_bank
from dlm.generator.render.textures import detail_texture

HERE = Path(__file__).parent


def detail() -> NDArray[np.uint8]:
    """Return `detail_texture()`."""
    content = _digest("textures.py", np.__version__)
    return cache.cached("detail", content, lambda: {"noise": detail_texture()})["noise"]


def backgrounds() -> NDArray[np.uint8]:
    """Return `background_bank()`."""
    content = _digest("background.py", BACKGROUND_KINDS, BACKGROUND_LAYERS, np.__version__)
    return cache.cached("backgrounds", content, lambda: {"bank": background_bank()})["bank"]


def occlusion(model: FaceModel, driver: str, measure: Callable[[], Float32]) -> Float32:
    """Return the (V, 9) that `measure` finds on `model` with this GL driver."""
    drawn = model.surface.triangles.tobytes()
    content = _digest("occlusion.py", drawn, model.template.tobytes(), driver)
    return cache.cached(f"occlusion-{model.name}", content, lambda: {"rows": measure()})["rows"]


def bulges(model: FaceModel) -> Float32:
    """Return `form.form(model)`."""
    drawn = model.surface.triangles.tobytes()
    content = _digest("form.py", drawn, model.template.tobytes(), np.__version__)
    return cache.cached(f"form-{model.name}", content, lambda: {"rows": form.form(model)})["rows"]


def _digest(source: str, *values: object) -> str:
    """Return 16 hex digits over a file beside this one and `values`."""
    digest = sha256((HERE / source).read_bytes())
    for value in values:
        digest.update(value if isinstance(value, bytes) else repr(value).encode())
    return digest.hexdigest()[:16]
