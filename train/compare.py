"""`compare`: several layouts under the same conditions, so that only the layout differs.

Every layout learns from the same pictures, cropped at the same boxes, in the same order, with the
same augmentation, for the same number of steps, from the same seeds, in the same precision. All
are scored on the same points: the 68 of iBUG.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlm.datasets import Dataset
from dlm.errors import TrainError
from dlm.landmark_specs import LandmarkSpec
from dlm.train.data import Pictures, TrainingData
from dlm.train.evaluate import PhotoCrops
from dlm.train.faces import Report
from dlm.train.fit_score import FitTest, own_basis
from dlm.train.layout_run import LayoutRun, Tests, Trained
from dlm.train.many import Advance, run_all
from dlm.train.photos import PhotoSet
from dlm.train.relabelled import labels_of_all
from dlm.train.run_folder import RunFolder
from dlm.train.settings import Settings
from dlm.train.training import open_run, pick_device

Float64 = NDArray[np.float64]
FITTED_FACES = 96  # held-out renders that heads are laid on


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is compared."""

    specs: Sequence[LandmarkSpec]
    settings: Settings  # of every run but for its seed
    seeds: int
    real: Sequence[PhotoSet] = ()
    adapt_on: Sequence[PhotoSet] = ()
    command: str = ""

    @property
    def samples(self) -> int:
        """How many samples all runs see together."""
        return len(self.specs) * self.seeds * self.settings.steps * self.settings.batch


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """All runs of a plan, and the held-out renders that they are shown on."""

    plan: Plan
    runs: Sequence[Trained]
    held_out: NDArray[np.uint8]  # (N, S, S, 3)
    shared: int  # how many of the 68 every layout has
    jobs: int = 1  # how many runs were trained at a time
    unfitted: Float64 | None = None  # (n,) mm of the mean head, what a fit must beat

    def of(self, spec: LandmarkSpec) -> list[Trained]:
        """Return the runs of one layout, one a seed."""
        return [run for run in self.runs if run.spec.name == spec.name]


def compare(
    plan: Plan,
    dataset: Dataset,
    out: Path,
    *,
    jobs: int = 1,
    read: Report,
    learned: Advance,
    should_stop: Callable[[], bool] = lambda: False,
) -> Comparison | None:
    """Train and score every layout of the plan, `jobs` runs at a time; None where it was stopped.

    Runs live in OUT/runs and go on where they stopped. Pictures and photos are read once. `read`
    is told of faces as they are read or labelled, `learned` of samples as any run sees them.
    """
    shared = shared_68(plan.specs)
    pictures = Pictures.read(dataset, plan.settings.size, read)
    tests = _tests(plan, dataset, pictures, shared, read)
    labels = labels_of_all(dataset, plan.specs, jobs, read)
    data = [pictures.label(*own, spec) for own, spec in zip(labels, plan.specs, strict=True)]
    tasks = _begin(plan, out, data, tests)
    run_all(tasks, jobs, out, advance=learned, should_stop=should_stop)
    results = [task.result() for task in tasks]
    runs = [result for result in results if result is not None]
    if len(runs) < len(tasks):
        return None
    return Comparison(
        plan=plan, runs=runs, shared=len(tests.shared), jobs=jobs,
        held_out=pictures.validation.images,
        unfitted=None if tests.heads is None else tests.heads.errors_of_nothing(),
    )  # fmt: skip


def run_folder(out: Path, spec: LandmarkSpec, seed: int) -> RunFolder:
    """Return where the run of a layout and seed lives."""
    return RunFolder(out / "runs" / f"{spec.name}-seed{seed}")


def shared_68(specs: Sequence[LandmarkSpec]) -> NDArray[np.int64]:
    """Return which of the 68 of iBUG every layout has; TrainError where there is none."""
    shared = np.flatnonzero(np.all([spec.ibug68 >= 0 for spec in specs], axis=0))
    if not len(shared):
        raise TrainError(
            "share none of the 68 points of iBUG", "--specs", "fill ibug68 in their YAML"
        )
    return shared


def _tests(
    plan: Plan, dataset: Dataset, pictures: Pictures, shared: NDArray[np.int64], report: Report
) -> Tests:
    """Read what all runs are scored on; no heads where the dataset's head model is not here."""
    basis, size = own_basis(dataset), plan.settings.size
    real, adapt_on = (
        PhotoCrops.read(sets, size, report) if sets else None for sets in (plan.real, plan.adapt_on)
    )
    rows = pictures.validation_rows[:FITTED_FACES]
    return Tests(
        shared=shared, matrices=pictures.validation.matrices, real=real, adapt_on=adapt_on,
        heads=None if basis is None else FitTest.of(basis, dataset, rows),
    )  # fmt: skip


def _begin(plan: Plan, out: Path, data: Sequence[TrainingData], tests: Tests) -> list[LayoutRun]:
    """Begin every run, or find it; all compute in the precision of the first."""
    tasks, like = [], None
    for seed in range(plan.seeds):
        settings = replace(plan.settings, seed=plan.settings.seed + seed)
        for layout in data:
            folder = run_folder(out, layout.spec, settings.seed)
            run = open_run(folder, settings, layout, plan.command, pick_device(), like)
            like = like or run
            tasks.append(LayoutRun(folder=folder, data=layout, tests=tests, first=seed == 0))
    return tasks
