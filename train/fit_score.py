"""How near fits of a run's points come to the heads that were drawn: mm on unseen renders."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dlm.datasets import Dataset
from dlm.datasets.recipe import CONTOURS
from dlm.errors import TrainError
from dlm.generator import models
from dlm.generator.relabel import labels
from dlm.landmark_specs import LandmarkSpec
from dlm.train import crops
from dlm.train.faces import Float32, boxes_of, plain_crops
from dlm.train.fit import Seen, default_sigma, fit
from dlm.train.fit_basis import HeadBasis, build
from dlm.train.fit_truth import Truth, face_errors, mean_face_errors, truth_of
from dlm.train.metrics import bootstrap_ci
from dlm.train.predictor import Predictor

Float64 = NDArray[np.float64]
Report = Callable[[int], None]

PERFECT = 1 / 12  # of the usual standard deviation, for points that are true
UNIT = "mean distance of the face's surface in mm, after a similarity; focal length not told"


@dataclass(frozen=True, kw_only=True, eq=False)
class FitTest:
    """n rows of a dataset whose heads are known, to lay heads on."""

    basis: HeadBasis
    dataset: Dataset
    rows: NDArray[np.int64]  # (n,)
    truth: Truth

    @classmethod
    def of(cls, basis: HeadBasis, dataset: Dataset, rows: NDArray[np.int64]) -> Self:
        """Return the test on `rows`; TrainError where the dataset has heads of another model."""
        if not knows_heads(dataset, basis.model.name):
            raise TrainError(
                f"holds heads of {dataset.recipe.model} on topology {dataset.recipe.topology}",
                str(dataset.path), f"give a dataset of this dlm's {basis.model.name}",
            )  # fmt: skip
        return cls(basis=basis, dataset=dataset, rows=rows, truth=truth_of(basis, dataset, rows))

    def errors(
        self, spec: LandmarkSpec, points: Float64, sigma: Float64, report: Report
    ) -> Float64:
        """Return (n,) errors in mm of fits to (n, P, 2) points in pixels of the pictures."""
        sliding = self.dataset.recipe.contour != CONTOURS[0]
        seen = Seen(points=points, sigma=sigma, axis=self.truth.axis, sliding=sliding)
        return face_errors(self.basis, fit(self.basis, spec, seen, report), self.truth)

    def errors_of_truth(self, spec: LandmarkSpec, report: Report) -> Float64:
        """Return (n,) errors in mm of fits to the true points: what a layout can give at best."""
        true = true_points(self.dataset, spec, self.rows).astype(np.float64)
        return self.errors(spec, true, PERFECT * default_sigma(true), report)

    def errors_of_nothing(self) -> Float64:
        """Return (n,) errors in mm of the mean neutral face."""
        return mean_face_errors(self.basis, self.truth)


def true_points(dataset: Dataset, spec: LandmarkSpec, rows: NDArray[np.int64]) -> Float32:
    """Return the (n, P, 2) points of `rows` in `spec`, relabelled where the dataset has another."""
    if dataset.recipe.spec_hash == spec.hash:
        return np.asarray(dataset.columns(["points"], rows)["points"], np.float32)
    return labels(dataset, spec, rows)[0]


def knows_heads(dataset: Dataset, model: str) -> bool:
    """Whether the rows of a dataset can be posed again as heads of this dlm's `model`."""
    return dataset.recipe.model == model and (
        models.load(model).topology.hash == dataset.recipe.topology
    )


def own_basis(dataset: Dataset) -> HeadBasis | None:
    """Return the basis of the head that a dataset was drawn with; None where it is not here."""
    name = dataset.recipe.model
    if name not in models.names() or not knows_heads(dataset, name):
        return None
    return build(models.load(name))


@dataclass(frozen=True, kw_only=True, eq=False)
class FitScores:
    """Errors of n faces in mm."""

    errors: Mapping[str, Float64]  # points of 'network', 'truth', or none: 'mean face' -> (n,)
    identities: NDArray[np.int64]  # (n,) the unit of resampling

    def summary(self) -> dict[str, Any]:
        """Return the numbers of a result file."""
        found = {
            name.replace(" ", "_"): {
                "mm": round(float(each.mean()), 3),
                "median": round(float(np.median(each)), 3),
                "ci95": [round(x, 3) for x in bootstrap_ci(each, self.identities)],
            }
            for name, each in self.errors.items()
        }
        return {"n": len(self.identities), "unit": UNIT, **found}


def score_fit(
    predictor: Predictor, dataset: Dataset, basis: HeadBasis, rows: NDArray[np.int64], *,
    flip: bool, report: Report,
) -> FitScores:  # fmt: skip
    """Fit the faces of `rows`, best unseen ones: by the network's points, and by the true ones."""
    spec = predictor.spec
    test = FitTest.of(basis, dataset, rows)
    faces = plain_crops(
        dataset, rows, boxes_of(true_points(dataset, spec, rows), spec), predictor.size, _silent
    )
    said = predictor.predict(faces.images, flip=flip)
    points, sigma = in_pictures(said.points, said.sigma, faces.matrices)
    identity = dataset.columns(["identity"], rows)["identity"]
    return FitScores(
        errors={
            "network": test.errors(spec, points, sigma, report),
            "truth": test.errors_of_truth(spec, report),
            "mean face": test.errors_of_nothing(),
        },
        identities=np.unique(identity, axis=0, return_inverse=True)[1],
    )


def in_pictures(
    points: NDArray[np.floating], sigma: NDArray[np.floating], matrices: Float64
) -> tuple[Float64, Float64]:
    """Return (n, P, 2) points and (n, P) sigmas of crops in pixels of the pictures.

    `matrices` (n, 2, 3) map pictures to crops.
    """
    moved = crops.apply(crops.invert(matrices), points)
    return moved, np.asarray(sigma, np.float64) / matrices[:, 0, :1]


def _silent(count: int) -> None:
    pass
