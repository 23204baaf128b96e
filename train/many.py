"""Several runs on one machine, one after the other or some at the same time.

A small network keeps neither a GPU nor many cores busy: runs beside each other end sooner together.
What they learn from is read once and shared.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from dlm.datasets.files import write_errors
from dlm.errors import TrainError
from dlm.generator.supervisor import Job, run_tasks
from dlm.train import shared
from dlm.train.data import TrainingData
from dlm.train.photo_data import Photos
from dlm.train.run_folder import RunFile, RunFolder
from dlm.train.training import pick_device, train

Advance = Callable[[int], None]  # so many samples more were learned
ShouldStop = Callable[[], bool]


class Task(Protocol):
    """A run, and whatever is done with it; done again where its process died."""

    @property
    def name(self) -> str:
        """What a message calls it."""
        ...

    def __call__(self, device: torch.device, advance: Advance, should_stop: ShouldStop) -> None:
        """Go on from what is on disk, and leave the result there."""
        ...


def run_all(
    tasks: Sequence[Task],
    jobs: int,
    out: Path,
    *,
    advance: Advance,
    should_stop: ShouldStop = lambda: False,
) -> None:
    """Do all tasks, `jobs` at a time, until `should_stop` says so.

    One job runs in this process and stops after a step; several run in processes of their own,
    which are killed: their runs go on from their last validations. While they run, `out` holds a
    copy of what they share. TrainError where a task kills its process again and again.
    """
    if jobs == 1:
        for task in tasks:
            if not should_stop():
                task(pick_device(), advance, should_stop)
        return

    def counted(samples: int) -> None:
        advance(samples)
        if should_stop():
            raise _Stopped

    with _shared(tasks, out) as folder, suppress(_Stopped):
        in_processes(_Job(folder), len(tasks), jobs, counted, lambda number: tasks[number].name)


@contextmanager
def _shared(tasks: Sequence[Task], out: Path) -> Iterator[Path]:
    """Yield a folder of `out` with all that the tasks share; what a killed run left goes, too."""
    folder = out / ".shared"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with write_errors(folder):
            folder.mkdir(parents=True)
            shared.save(folder, tasks)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def in_processes(
    job: Job, count: int, jobs: int, advance: Advance, name: Callable[[int], str]
) -> None:
    """Do tasks 0 to `count` - 1 of a job; TrainError where one kills its process again and again.

    Each process computes on one core, unless OMP_NUM_THREADS says otherwise.
    """
    outcome = run_tasks(job, range(count), jobs, advance)
    if outcome.given_up:
        number, end = next(iter(outcome.given_up.items()))
        raise TrainError(
            f"its process was {end} three times", name(number),
            "what is done is kept; the same command with fewer --jobs goes on from here",
        )  # fmt: skip


def finish(
    folder: RunFolder,
    data: TrainingData,
    device: torch.device,
    advance: Advance,
    should_stop: ShouldStop,
    photos: Photos | None = None,
) -> RunFile:
    """Train a begun run to its end, or find it there; `advance` is told of all its samples."""
    run = folder.read_run()
    advance(told := run.samples_seen)
    if run.finished:
        return run

    def progress(seen: int, note: str) -> None:
        nonlocal told
        advance(seen - told)
        told = seen

    return train(
        folder, run, data, device=device, progress=progress, should_stop=should_stop, photos=photos
    )


class _Stopped(Exception):  # noqa: N818, nothing went wrong
    pass


@dataclass(frozen=True)
class _Job:
    folder: Path

    def start(self) -> Callable[[int, Advance], None]:
        tasks: Sequence[Task] = shared.load(self.folder)
        device = pick_device()

        def run(number: int, advance: Advance) -> None:
            tasks[number](device, advance, lambda: False)

        return run
