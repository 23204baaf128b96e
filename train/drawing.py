"""What a worker does that draws faces for a run: crops with labels, into the shared ring.

No torch here: there are as many workers as cores.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dlm.datasets import Recipe
from dlm.datasets.images import decode_batch
from dlm.train import crops
from dlm.train.ring import CLOSED, FIRST, HEADER, TAKEN, UNKNOWN, Ring
from dlm.train.schedule import PIECE
from dlm.train.split import hashes_of, held_out

if TYPE_CHECKING:
    from dlm.generator.backgrounds import Backgrounds
    from dlm.generator.pipeline import Generator

NEXT = 1 << 24  # added to the index of a face whose person belongs to the other side
LOOK, TELL = 0.003, 1.0  # seconds: between looks at the ring, and between signs of life


@dataclass(frozen=True)
class DrawJob:
    """Draws pieces: first the held-out faces, then those to learn from, both without an end."""

    recipe: Recipe
    ring: Ring
    held_out: int  # pieces that are held out; the others follow
    faces: int  # to learn from, in all
    size: int  # pixels of a held-out crop; one to learn from fills the ring's pictures
    margin: float  # sides of the held-out crop that one to learn from has
    centred_on: tuple[int, ...]  # points of the layout that a crop is centred on
    backgrounds: "Backgrounds | None" = None

    def start(self) -> Callable[[int, Callable[[int], None]], None]:
        """Open the model and a GL context, and return the task that draws one piece."""
        from dlm.generator.pipeline import Generator

        return partial(self._draw, Generator(self.recipe, self.backgrounds))

    def _draw(self, generator: "Generator", piece: int, advance: Callable[[int], None]) -> None:
        held = piece < self.held_out
        if not self._may_write(piece, held, advance):
            advance(0)
            return
        first = piece * PIECE
        if not held:
            first += int(self.ring.counters[FIRST]) - self.held_out * PIECE
            if first >= self.faces:
                return  # the run went on from a later step
        ids = [index_of(generator, number, held) for number in range(first, first + PIECE)]
        self._fill(piece, held, generator.rows(ids))
        advance(PIECE)
        self.ring.counters[HEADER + piece % self.ring.slots] = piece + 1

    def _may_write(self, piece: int, held: bool, advance: Callable[[int], None]) -> bool:
        """Wait for the piece's slot; False where no more is wanted."""
        counters, told = self.ring.counters, time.monotonic()
        while not counters[CLOSED]:
            free = piece < counters[TAKEN] + self.ring.slots
            if free and (held or counters[FIRST] != UNKNOWN):
                return True
            time.sleep(LOOK)
            if time.monotonic() - told > TELL:
                advance(0)  # fails where nobody listens any more, and so ends this worker
                told = time.monotonic()
        return False

    def _fill(self, piece: int, held: bool, rows: dict[str, Any]) -> None:
        """Write PIECE rows as crops."""
        images, points, visibility = self.ring.slot(piece)
        size, margin = (self.size, 1.0) if held else (self.ring.side, self.margin)
        decoded = decode_batch(rows["image"], self.recipe.size)
        boxes = crops.square_box(rows["points"][:, list(self.centred_on)])
        drawn = crops.crop_all(list(decoded), boxes * [1, 1, margin], size)
        images[:, :size, :size] = drawn
        points[:] = crops.apply(crops.crop_matrix(boxes * [1, 1, margin], size), rows["points"])
        visibility[:] = rows["visibility"]


def index_of(generator: "Generator", number: int, held: bool) -> int:
    """Return the index of a run's face `number`, held out or to learn from.

    It is the number itself, or what is many NEXT further, where the person belongs to that side:
    a dataset of the same recipe holds out the same people.
    """
    index = number
    while bool(held_out(hashes_of(_people(generator, [index])))[0]) != held:
        index += NEXT
    return index


def _people(generator: "Generator", ids: Sequence[int]) -> NDArray[np.float32]:
    from dlm.generator.sampling.streams import Factor, stream

    seed = generator.recipe.seed
    drawn = [generator.model.sample_identity(stream(seed, i, Factor.IDENTITY)) for i in ids]
    return np.array([person.coefficients for person in drawn], np.float32)
