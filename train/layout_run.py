"""One run of a comparison: a layout learned with one seed, scored, and heads laid on its points.

All that it found is kept in RUN/compare.npz, so that neither is done twice.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray

from dlm.datasets.files import replacing
from dlm.landmark_specs import LandmarkSpec
from dlm.train import metrics
from dlm.train.data import TrainingData, box_divisors
from dlm.train.evaluate import PhotoCrops, Scores, protocol_for, score_photos
from dlm.train.faces import Float32
from dlm.train.fit_score import FitTest, in_pictures
from dlm.train.many import finish
from dlm.train.predictor import Predicted, Predictor
from dlm.train.protocols import PROTOCOLS
from dlm.train.run_folder import MODEL_FILE, RunFile, RunFolder

Float64 = NDArray[np.float64]
Arrays = dict[str, Any]  # of arrays

FOUND_FILE = "compare.npz"
_PLAIN = ("sources", "photos", "predicted", "truth", "yaw", "sigma")  # of Scores


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
class Tests:
    """What every run of a comparison is scored on; the first n held-out renders get heads."""

    shared: NDArray[np.int64]  # which of the 68 every layout has
    matrices: Float64  # (N, 2, 3) held-out pictures to crops
    real: PhotoCrops | None = None
    adapt_on: PhotoCrops | None = None
    heads: FitTest | None = None

    @property
    def protocols(self) -> dict[str, PhotoCrops | None]:
        """The protocols to score by, with what they are fitted on."""
        if self.real is None:
            return {}
        nearest, adapter = PROTOCOLS
        return {nearest: None} | ({} if self.adapt_on is None else {adapter: self.adapt_on})


@dataclass(frozen=True, kw_only=True, eq=False)
class LayoutRun:
    """A task of `many.run_all`; its folder holds a run that was begun."""

    folder: RunFolder
    data: TrainingData
    tests: Tests
    first: bool  # of its layout: heads are laid on the true points once

    @property
    def name(self) -> str:
        """What a message calls it."""
        return str(self.folder.path)

    def __call__(
        self, device: torch.device, advance: Callable[[int], None], should_stop: Callable[[], bool]
    ) -> None:
        """Train, then score, what of it is not done yet."""
        run = finish(self.folder, self.data, device, advance, should_stop)
        if run.finished and self._kept() is None:
            arrays = self._found(Predictor.load(self.folder.path, device))
            with replacing(self._path) as file:
                np.savez(file, **arrays)

    def result(self) -> Trained | None:
        """Return what was found; None where it is not there yet."""
        arrays, run = self._kept(), self.folder.read_run()
        if arrays is None:
            return None
        assert self.tests.real is not None or not self.tests.protocols
        real = {name: _scores(name, arrays, self.tests.real) for name in self.tests.protocols}
        return Trained(
            spec=self.data.spec, run=run, weights=int(arrays["weights"]),
            megabytes=(self.folder.path / MODEL_FILE).stat().st_size / 1e6,
            synthetic=arrays["synthetic"], predicted=arrays["points"], real=real,
            adapter=json.loads(str(arrays["adapter"])), fitted=arrays.get("fitted"),
            fitted_to_truth=arrays.get("fitted_to_truth"),
        )  # fmt: skip

    @property
    def _path(self) -> Path:
        return self.folder.path / FOUND_FILE

    def _kept(self) -> Arrays | None:
        """Return what an earlier start found of this very run on these very tests."""
        try:
            with np.load(self._path) as file:
                arrays = dict(file)
        except (OSError, ValueError, BadZipFile):
            return None
        return arrays if str(arrays.get("made_from")) == self._made_from() else None

    def _made_from(self) -> str:
        run, tests = self.folder.read_run(), self.tests
        photos = {
            name: None if faces is None else [*dict.fromkeys(faces.sources.tolist()), len(faces)]
            for name, faces in (("real", tests.real), ("adapt_on", tests.adapt_on))
        }
        heads = 0 if tests.heads is None else len(tests.heads.rows)
        return json.dumps({
            "kept": run.kept, "shared": tests.shared.tolist(), **photos, "heads": heads,
            "true_heads": self.first,
        })  # fmt: skip

    def _found(self, predictor: Predictor) -> Arrays:
        faces, spec = self.data.validation, self.data.spec
        said = predictor.predict(faces.images)
        chosen = spec.ibug68[self.tests.shared]
        dividers = box_divisors(faces.points, spec)
        arrays: Arrays = {
            "made_from": np.array(self._made_from()),
            "points": said.points,
            "synthetic": metrics.nme(said.points[:, chosen], faces.points[:, chosen], dividers),
            "weights": np.array(sum(p.numel() for p in predictor.network.parameters())),
        }
        adapters: dict[str, Any] = {}
        for name, fitted_on in self.tests.protocols.items():
            assert self.tests.real is not None
            protocol, found = protocol_for(predictor, fitted_on, flip=False)
            adapters |= found
            arrays |= _arrays(name, score_photos(predictor, self.tests.real, protocol, flip=False))
        arrays["adapter"] = np.array(json.dumps(adapters))
        return arrays | self._heads(said)

    def _heads(self, said: Predicted) -> Arrays:
        """Return the errors of heads laid on the layout's points, and on the true ones."""
        heads = self.tests.heads
        if heads is None:
            return {}
        some = slice(0, len(heads.rows))
        points, sigma = in_pictures(said.points[some], said.sigma[some], self.tests.matrices[some])
        arrays: Arrays = {"fitted": heads.errors(self.data.spec, points, sigma, _silent)}
        if self.first:
            arrays["fitted_to_truth"] = heads.errors_of_truth(self.data.spec, _silent)
        return arrays


def _arrays(name: str, scores: Scores) -> Arrays:
    """Return all of the scores by a protocol but the crops, which the photos' faces are."""
    arrays: Arrays = {f"{name}.{each}": getattr(scores, each) for each in _PLAIN}
    arrays |= {f"{name}.errors.{key}": errors for key, errors in scores.errors.items()}
    return arrays | {f"{name}.groups.{key}": np.array(x) for key, x in scores.groups.items()}


def _scores(name: str, arrays: Arrays, faces: PhotoCrops | None) -> Scores:
    """Return what `_arrays` was given."""
    assert faces is not None

    def under(part: str) -> Arrays:
        start = f"{name}.{part}."
        return {key.removeprefix(start): x for key, x in arrays.items() if key.startswith(start)}

    return Scores(
        **{each: arrays[f"{name}.{each}"] for each in _PLAIN}, crops=faces.images,
        errors=under("errors"), groups={key: float(x) for key, x in under("groups").items()},
    )  # fmt: skip


def _silent(count: int) -> None:
    pass
