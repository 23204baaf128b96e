"""Which drawn faces a step may see, decided before any is drawn.

A run that learns while faces are drawn must not depend on how fast either goes. So the buffer moves
by the count of steps alone: a step waits for its faces, and faces that come early wait for their
step. Faces are counted in pieces of PIECE, which are drawn together.
"""

from dataclasses import dataclass

from dlm.generator.pipeline import BATCH

PIECE = BATCH  # posed together at no loss
FIRST_PART = 8  # the first step waits for this part of the buffer


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A buffer of `buffer` faces through which a run's faces pass in the order of their numbers."""

    batch: int  # samples a step
    steps: int
    reuse: int  # samples a face, on average over its stay
    buffer: int

    def drawn(self, step: int) -> int:
        """Return how many faces must have come for a step: those below this number."""
        first = max(self.buffer // FIRST_PART, self.batch)
        return pieces(first + min(step, self.steps - 1) * self.batch // self.reuse)

    @property
    def total(self) -> int:
        """How many faces the whole run draws."""
        return self.drawn(self.steps - 1)

    @property
    def capacity(self) -> int:
        """How many faces are kept at most."""
        return min(pieces(self.buffer), self.total)

    def held(self, step: int) -> int:
        """Return how many faces a step chooses from: the last that have come."""
        return min(self.drawn(step), self.capacity)

    def begin(self, step: int) -> int:
        """Return the number of the oldest face that a step may see."""
        return self.drawn(step) - self.held(step)


def pieces(faces: int) -> int:
    """Return `faces`, rounded up to whole pieces."""
    return -(-faces // PIECE) * PIECE
