"""A job that draws coloured dots in place of faces, in a module that workers can import."""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from dlm.datasets.images import encode_jpeg
from dlm.errors import DlmError
from dlm.train.drawing import DrawJob
from dlm.train.schedule import PIECE

SIDE = 48
SHAPE = np.array([[-1, -1], [1, -1], [0, 0], [-0.7, 0.9], [0.7, 0.9], [0, 1.6]])


@dataclass(frozen=True)
class DotsJob(DrawJob):
    """Kills its worker in the course of some pieces, the first `kills` times they are tried."""

    tries: Path = field(default=Path(), kw_only=True)
    kills: int = field(default=0, kw_only=True)
    victim: int = field(default=-1, kw_only=True)
    refuses: int = field(default=-1, kw_only=True)

    def start(self) -> Callable[[int, Callable[[int], None]], None]:
        return partial(self._try, DotsGenerator())

    def _try(self, generator: Any, piece: int, advance: Callable[[int], None]) -> None:
        if piece == self.refuses:
            raise DlmError("has no colour left", f"piece {piece}", "buy some")
        if piece == self.victim:
            (self.tries / f"try-{len(list(self.tries.iterdir()))}").touch()
            if len(list(self.tries.iterdir())) <= self.kills:
                os.kill(os.getpid(), signal.SIGKILL)
        self._draw(generator, piece, advance)


class DotsGenerator:
    """What a job needs of a Generator; rows are a pure function of their ids."""

    recipe = SimpleNamespace(seed=4, size=SIDE)
    model = SimpleNamespace(
        sample_identity=lambda rng: SimpleNamespace(coefficients=rng.normal(size=4))
    )

    def rows(self, ids: Sequence[int]) -> dict[str, Any]:
        drawn = [dots(index) for index in ids]
        return {
            "image": [encode_jpeg(image, 95) for image, _ in drawn],
            "points": np.array([points for _, points in drawn], np.float32),
            "visibility": np.full((PIECE, len(SHAPE)), 2, np.uint8),
        }


def dots(index: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture (SIDE, SIDE, 3) and its (6, 2) points."""
    rng = np.random.default_rng((1, index))
    points = SHAPE * SIDE * rng.uniform(0.12, 0.17) + SIDE * rng.uniform(0.42, 0.5, 2)
    y, x = np.mgrid[:SIDE, :SIDE]
    image = np.full((SIDE, SIDE, 3), 60.0)
    for k, (px, py) in enumerate(points):
        near = np.hypot(x - px, y - py) < 2.5
        image[near] = [40 * k, 250 - 40 * k, 128]
    return image.astype(np.uint8), points
