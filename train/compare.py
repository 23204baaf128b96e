"""`compare`: several layouts under the same conditions, so that only the layout differs.

Every layout learns from the same pictures, cropped at the same boxes, in the same order, with the
same augmentation, for the same number of steps, from the same seeds, in the same precision. All
are scored on the same points: the 68 of iBUG.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dlm.datasets import Dataset
from dlm.errors import TrainError
from dlm.landmark_specs import LandmarkSpec
from dlm.train import metrics
from dlm.train.data import Pictures, TrainingData, box_divisors
from dlm.train.evaluate import Scores, protocol_for, score_photos
from dlm.train.faces import Float32, UInt8
from dlm.train.fit_score import FitTest, in_pictures, own_basis
from dlm.train.photos import PhotoSet
from dlm.train.predictor import Predictor
from dlm.train.run_folder import MODEL_FILE, RunFile, RunFolder
from dlm.train.settings import Settings
from dlm.train.training import open_run, train

Float64 = NDArray[np.float64]
FITTED_FACES = 96  # held-out renders that heads are laid on

Stage = Callable[[str, int], None]  # what is being done, samples learned so far in all runs


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
class Trained:
    """One layout, one seed."""

    spec: LandmarkSpec
    run: RunFile
    weights: int
    megabytes: float
    synthetic: Float64  # (N,) errors of the shared points on held-out renders, of the box
    predicted: Float32  # (N, P, 2) all points of the layout on those renders
    real: Mapping[str, Scores] = field(default_factory=dict)  # protocol -> scores on photos
    adapter: Mapping[str, Any] = field(default_factory=dict)
    fitted: Float64 | None = None  # (n,) mm of heads laid on its points; None: heads unknown
    fitted_to_truth: Float64 | None = None  # (n,) the same with the layout's true points

    def errors(self) -> dict[str, Float64]:
        """Return (N,) errors by what they were measured on."""
        found = {"synthetic": self.synthetic}
        return found | {name: scores.errors["ocular"] for name, scores in self.real.items()}


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """All runs of a plan, and the held-out renders that they are shown on."""

    plan: Plan
    runs: Sequence[Trained]
    held_out: NDArray[np.uint8]  # (N, S, S, 3)
    shared: int  # how many of the 68 every layout has
    unfitted: Float64 | None = None  # (n,) mm of the mean head, what a fit must beat

    def of(self, spec: LandmarkSpec) -> list[Trained]:
        """Return the runs of one layout, one a seed."""
        return [run for run in self.runs if run.spec.name == spec.name]


def compare(
    plan: Plan,
    dataset: Dataset,
    out: Path,
    *,
    device: torch.device,
    read: Callable[[int], None],
    stage: Stage,
    should_stop: Callable[[], bool] = lambda: False,
) -> Comparison | None:
    """Train and score every layout of the plan; None where `should_stop` ended it early.

    Runs live in OUT/runs and go on where they stopped. `read` counts faces as they are read.
    """
    shared = shared_68(plan.specs)
    pictures = Pictures.read(dataset, plan.settings.size, read)
    data = {spec.name: pictures.label(*labels_of(dataset, spec), spec) for spec in plan.specs}
    fits = _fit_test(dataset, pictures)
    runs: list[Trained] = []
    for seed in range(plan.seeds):
        for spec in plan.specs:
            before = len(runs) * plan.settings.steps * plan.settings.batch
            folder = RunFolder(out / "runs" / f"{spec.name}-seed{plan.settings.seed + seed}")
            like = runs[0].run if runs else None
            run = _train(plan, seed, folder, data[spec.name], device, like, before, stage,
                         should_stop)  # fmt: skip
            if not run.finished:
                return None
            stage(f"scoring {spec.name}", before + run.samples_seen)
            scored = _score(plan, folder, data[spec.name], shared, device)
            stage(f"fitting heads to {spec.name}", before + run.samples_seen)
            runs.append(_fit(scored, folder, pictures, fits, device))
    return Comparison(
        plan=plan, runs=runs, shared=len(shared),
        held_out=data[plan.specs[0].name].validation.images,
        unfitted=None if fits is None else fits.errors_of_nothing(),
    )  # fmt: skip


def labels_of(dataset: Dataset, spec: LandmarkSpec) -> tuple[Float32, UInt8]:
    """Return (N, P, 2) points and (N, P) visibility of every row in `spec`.

    They are relabelled where the dataset has another layout, with the dataset's own contour.
    """
    if dataset.recipe.spec_hash == spec.hash:
        held = dataset.columns(["points", "visibility"])
        return held["points"], held["visibility"]
    from dlm.datasets.recipe import CONTOURS
    from dlm.generator.relabel import labels

    contour = dataset.recipe.contour if spec.contour else CONTOURS[0]  # some have none to slide
    return labels(dataset, spec, contour=contour)


def shared_68(specs: Sequence[LandmarkSpec]) -> NDArray[np.int64]:
    """Return which of the 68 of iBUG every layout has; TrainError where there is none."""
    shared = np.flatnonzero(np.all([spec.ibug68 >= 0 for spec in specs], axis=0))
    if not len(shared):
        raise TrainError(
            "share none of the 68 points of iBUG", "--specs", "fill ibug68 in their YAML"
        )
    return shared


def _train(
    plan: Plan,
    seed: int,
    folder: RunFolder,
    data: TrainingData,
    device: torch.device,
    like: RunFile | None,
    before: int,
    stage: Stage,
    should_stop: Callable[[], bool],
) -> RunFile:
    settings = Settings(**{**plan.settings.to_dict(), "seed": plan.settings.seed + seed})
    run = open_run(folder, settings, data, plan.command, device, like)
    if run.finished:
        return run
    name = f"training {data.spec.name}, seed {settings.seed}"
    return train(
        folder, run, data, device=device, should_stop=should_stop,
        progress=lambda seen, note: stage(name, before + seen),
    )  # fmt: skip


def _score(
    plan: Plan,
    folder: RunFolder,
    data: TrainingData,
    shared: NDArray[np.int64],
    device: torch.device,
) -> Trained:
    predictor = Predictor.load(folder.path, device)
    spec, faces = data.spec, data.validation
    predicted = predictor.points(faces.images)
    chosen = spec.ibug68[shared]
    dividers = box_divisors(faces.points, spec)
    protocols = ["nearest", *(["adapter"] if plan.adapt_on else [])] if plan.real else []
    real: dict[str, Scores] = {}
    adapter: dict[str, Any] = {}
    for name in protocols:
        fitted = plan.adapt_on if name == "adapter" else ()
        protocol, found = protocol_for(predictor, fitted, flip=False, report=_silent)
        real[name] = score_photos(predictor, plan.real, protocol, flip=False, report=_silent)
        adapter |= found
    return Trained(
        spec=spec,
        run=predictor.run,
        weights=sum(p.numel() for p in predictor.network.parameters()),
        megabytes=(folder.path / MODEL_FILE).stat().st_size / 1e6,
        synthetic=metrics.nme(predicted[:, chosen], faces.points[:, chosen], dividers),
        predicted=predicted,
        real=real,
        adapter=adapter,
    )


def _fit_test(dataset: Dataset, pictures: Pictures) -> FitTest | None:
    """Return the first held-out rows to lay heads on; None where the head model is not here."""
    basis = own_basis(dataset)
    if basis is None:
        return None
    return FitTest.of(basis, dataset, pictures.validation_rows[:FITTED_FACES])


def _fit(
    scored: Trained, folder: RunFolder, pictures: Pictures, fits: FitTest | None,
    device: torch.device,
) -> Trained:  # fmt: skip
    """Return `scored` with the errors of heads laid on its points, and on the true ones."""
    if fits is None:
        return scored
    some = slice(0, len(fits.rows))
    said = Predictor.load(folder.path, device).predict(pictures.validation.images[some])
    matrices = pictures.validation.matrices[some]
    points, sigma = in_pictures(said.points, said.sigma, matrices)
    return replace(
        scored,
        fitted=fits.errors(scored.spec, points, sigma, _silent),
        fitted_to_truth=fits.errors_of_truth(scored.spec, _silent),
    )


def _silent(count: int) -> None:
    pass
