"""Faces that are drawn while a run learns from them, and stored nowhere.

Workers draw pieces into a ring, in the order of their numbers; the trainer takes each at the step
that the schedule says. When workers are ahead they wait for a slot; when they lag the step waits.
"""

import copy
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from dlm.datasets import Recipe
from dlm.errors import DlmError, TrainError
from dlm.generator.backgrounds import Backgrounds
from dlm.generator.supervisor import Outcome, run_tasks
from dlm.landmark_specs import parse
from dlm.train.augment import CACHE_MARGIN
from dlm.train.drawing import DrawJob
from dlm.train.faces import VALIDATION_FACES, Faces, Report, box_points, cache_size
from dlm.train.ring import CLOSED, FIRST, HEADER, TAKEN, UNKNOWN, Ring
from dlm.train.schedule import PIECE, Schedule, pieces

SLOTS, MIN_SLOTS = 4, 8  # of the ring, a worker: what they draw while the trainer validates
LOOK = 0.002  # seconds between two looks at the ring
CLOSE_SECONDS = 10.0  # a worker that hangs is killed as this process ends


class ClosedError(Exception):
    """No more faces are wanted: ends the supervisor."""


class Rolling:
    """The faces of a run, piece by piece: the held-out ones first. Made by `drawn_beside`."""

    def __init__(self, job: DrawJob, schedule: Schedule, workers: int) -> None:
        self.schedule, self.workers = schedule, workers
        self._job, self._ring = job, job.ring
        self._outcome = Outcome()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._supervise, daemon=True)
        self._thread.start()

    @property
    def side(self) -> int:
        """Pixels of a picture's side."""
        return self._ring.side

    @property
    def points(self) -> int:
        """How many points a face has."""
        return self._ring.points

    def begin(self, step: int) -> int:
        """Say at which step the run goes on; return the number of the first face it will get."""
        first = self.schedule.begin(step)
        assert self._ring.counters[FIRST] in (UNKNOWN, first)
        self._ring.counters[FIRST] = first
        return first

    def held_out(self, count: int, report: Report) -> Faces:
        """Wait for the held-out faces and return them, in crops as at test."""
        size, taken = self._job.size, list[Faces]()
        while len(taken) < self._job.held_out:
            if (piece := self.next(1.0)) is not None:
                taken.append(copy.deepcopy(replace(piece, images=piece.images[:, :size, :size])))
                self.release()
                report(PIECE)
        return Faces(
            np.concatenate([part.images for part in taken])[:count],
            np.concatenate([part.points for part in taken])[:count],
            np.concatenate([np.asarray(part.visibility) for part in taken])[:count],
        )

    def next(self, seconds: float) -> Faces | None:
        """Return the next piece, None where it has not come within so many seconds.

        Its arrays are the ring's: they are valid until `release`. TrainError where it cannot be
        drawn.
        """
        piece, begun = int(self._ring.counters[TAKEN]), time.monotonic()
        while self._ring.counters[HEADER + piece % self._ring.slots] != piece + 1:
            self._raise_failure()
            if time.monotonic() - begun > seconds:
                return None
            time.sleep(LOOK)
        return Faces(*self._ring.slot(piece))

    def release(self) -> None:
        """Say that the piece was taken: its slot may be written."""
        self._ring.counters[TAKEN] += 1

    def close(self) -> None:
        """End the workers."""
        self._ring.counters[CLOSED] = 1
        self._thread.join(CLOSE_SECONDS)
        self._ring.close()

    def _supervise(self) -> None:
        tasks = range(self._job.held_out + self.schedule.total // PIECE)
        try:
            run_tasks(self._job, tasks, self.workers, self._hear, self._outcome)
        except ClosedError:
            pass
        except Exception as error:
            self._failure = error

    def _hear(self, count: int) -> None:
        if self._ring.counters[CLOSED]:
            raise ClosedError

    def _raise_failure(self) -> None:
        if isinstance(self._failure, DlmError):
            raise self._failure
        if self._outcome.given_up or self._failure is not None:
            end = next(iter(self._outcome.given_up.values()), repr(self._failure))
            raise TrainError(
                f"faces could not be drawn: the worker was {end} three times", "--render",
                "draw some with 'dlm render' to see why, or give fewer --render-workers",
            )  # fmt: skip


@contextmanager
def drawn_beside(
    recipe: Recipe,
    schedule: Schedule,
    *,
    size: int,
    workers: int,
    held_out: int = VALIDATION_FACES,
    backgrounds: Backgrounds | None = None,
    report: Report = lambda count: None,
) -> Iterator[tuple[Rolling, Faces]]:
    """Start drawing the faces of a recipe, and yield them beside the held-out ones.

    The workers are gone afterwards.
    """
    spec = parse(recipe.spec_text, f"layout {recipe.spec_name!r}")
    ring = Ring.make(max(SLOTS * workers, MIN_SLOTS), cache_size(size), spec.size)
    job = DrawJob(
        recipe, ring, pieces(held_out) // PIECE, schedule.total, size, CACHE_MARGIN,
        tuple(box_points(spec).tolist()), backgrounds,
    )  # fmt: skip
    rolling = Rolling(job, schedule, workers)
    try:
        yield rolling, rolling.held_out(held_out, report)
    finally:
        rolling.close()
