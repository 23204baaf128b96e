"""The faces of each step: chosen of all there are, or of those that a rolling buffer holds.

Which they are is a pure function of seed and step, so that a run can go on from any step.
"""

import time
from typing import TYPE_CHECKING, Protocol

import torch

from dlm.train.faces import Faces, batch_rows
from dlm.train.store import Store, Taken

if TYPE_CHECKING:
    from dlm.train.rolling import Rolling

WAIT = 1.0  # seconds at a time, so that Ctrl-C is heard


class Feed(Protocol):
    """Where the faces of a kind come from, step by step."""

    def ready(self, step: int, seconds: float) -> bool:
        """Return whether the faces of a step are there; wait for them, but no longer than this."""

    def take(self, step: int, part: slice) -> Taken:
        """Return a part of the step's faces, which are ready."""

    def told(self) -> dict[str, float]:
        """Return what is logged of it since the last call."""

    @property
    def note(self) -> str:
        """What a user should see of it beside the loss."""


class Shuffled:
    """All faces are there; every epoch is a new permutation of them."""

    note = ""

    def __init__(self, faces: Faces, batch: int, seed: int, device: torch.device) -> None:
        self._store, self._batch, self._seed = Store.of(faces, device), batch, seed

    def ready(self, step: int, seconds: float) -> bool:
        return True

    def take(self, step: int, part: slice) -> Taken:
        rows = batch_rows(len(self._store), self._batch, step, self._seed)
        return self._store.take(rows[part])

    def told(self) -> dict[str, float]:
        return {}


class Rolled:
    """A buffer that workers fill: face k lies in row k modulo its capacity.

    Rows are permuted as an epoch's are; once the buffer is full a face is seen as often as it stays
    epochs, which is the schedule's reuse.
    """

    def __init__(self, rolling: "Rolling", batch: int, seed: int, device: torch.device) -> None:
        self._rolling, self._schedule = rolling, rolling.schedule
        self._batch, self._seed = batch, seed
        self._store = Store.empty(self._schedule.capacity, rolling.side, rolling.points, device)
        self._come: int | None = None  # faces below this number were put in, or are not needed
        self._waited, self._since = 0.0, time.monotonic()

    def ready(self, step: int, seconds: float) -> bool:
        come = self._rolling.begin(step) if self._come is None else self._come
        needed, begun = self._schedule.drawn(step), time.monotonic()
        while come < needed:
            piece = self._rolling.next(begun + seconds - time.monotonic())
            if piece is None:
                break
            self._store.put(come % self._schedule.capacity, piece)
            self._rolling.release()
            come += len(piece)
        self._come = come
        self._waited += time.monotonic() - begun
        return come >= needed

    def take(self, step: int, part: slice) -> Taken:
        while not self.ready(step, WAIT):
            pass
        count = self._schedule.held(step)
        rows = batch_rows(self._schedule.capacity, self._batch, step, self._seed) % count
        return self._store.take(rows[part])

    def told(self) -> dict[str, float]:
        told = {"drawn": self._come or 0, "waited": round(self._share, 3)}
        self._waited, self._since = 0.0, time.monotonic()
        return told

    @property
    def note(self) -> str:
        return f", {self._come or 0:,} drawn, waiting {self._share:.0%}"

    @property
    def _share(self) -> float:
        """How much of the time since the last call of `told` was spent waiting for faces."""
        return self._waited / max(time.monotonic() - self._since, 1e-9)
