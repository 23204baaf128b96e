"""Two ways of scoring a layout against iBUG-68 labels.

nearest   each of the 68 is the layout's own choice of its nearest point (spec.ibug68); what the
          layout does not cover is not scored, and the result says how many points were.
adapter   a regression fitted on other labelled photos moves the predictions to the convention of
          the annotators. Ridge and a small MLP are both fitted; held-out photos choose.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dlm.errors import TrainError
from dlm.landmark_specs import LandmarkSpec
from dlm.train.adapter import Predict, fit_mlp, fit_ridge
from dlm.train.metrics import nme, normaliser_68

Float64 = NDArray[np.float64]

PROTOCOLS = ("nearest", "adapter")
HELD_OUT = 0.1  # of the photos to adapt on
MLP_GAIN = 0.02  # the MLP is chosen where it beats ridge by this much
MIRROR_68 = np.array(
    [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42,
     47, 46, 39, 38, 37, 36, 41, 40, *range(54, 47, -1), *range(59, 54, -1),
     *range(64, 59, -1), 67, 66, 65]
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Labelled:
    """Predictions of a network on labelled faces, all in pixels of the photos."""

    points: Float64  # (N, P, 2)
    truth: Float64  # (N, 68, 2)
    boxes: Float64  # (N, 3) the crops they were predicted in
    photos: NDArray[np.str_]  # (N,) which photograph a face is from
    sigma: Float64 | None = None  # (N, P) how sure the network is, along either axis

    def __len__(self) -> int:
        return len(self.points)

    def take(self, rows: NDArray[Any]) -> "Labelled":
        """Return some of the faces."""
        return Labelled(
            self.points[rows], self.truth[rows], self.boxes[rows], self.photos[rows],
            None if self.sigma is None else self.sigma[rows],
        )  # fmt: skip


class Protocol68(Protocol):
    """From a layout's points to the 68."""

    scored: NDArray[np.bool_]  # (68,) which of the 68 it answers for

    def __call__(self, points: Float64, boxes: Float64) -> Float64:
        """Return (N, 68, 2) of (N, P, 2) points predicted in crops (N, 3)."""
        ...


class Nearest:
    """The layout's own nearest points; NaN where it has none."""

    def __init__(self, spec: LandmarkSpec) -> None:
        self.scored = spec.ibug68 >= 0
        if not self.scored.any():
            raise TrainError(
                "covers none of the 68 points of iBUG", f"layout {spec.name}",
                "fill ibug68 in its YAML, or score it with --protocol adapter",
            )  # fmt: skip
        self._index = spec.ibug68

    def __call__(self, points: Float64, boxes: Float64) -> Float64:
        """Return the nearest points."""
        chosen = points[:, self._index].astype(np.float64)
        chosen[:, ~self.scored] = np.nan
        return chosen


class Adapter:
    """A fitted regression on top of the nearest points."""

    def __init__(self, spec: LandmarkSpec, residual: Predict) -> None:
        self.scored = np.ones(68, dtype=bool)
        self._spec, self._residual = spec, residual

    def __call__(self, points: Float64, boxes: Float64) -> Float64:
        """Return the adapted 68 points."""
        inputs = _normalised(points, boxes)
        moved = _base(inputs, self._spec) + self._residual(_flat(inputs)).reshape(-1, 68, 2)
        return np.asarray(moved * boxes[:, None, 2:] + boxes[:, None, :2])


def fit_adapter(spec: LandmarkSpec, faces: Labelled) -> tuple[Adapter, dict[str, Any]]:
    """Fit ridge and MLP on nine tenths of the photos, choose on the rest; return what was found."""
    held = _held_out(faces.photos)
    inputs, targets, clusters = _examples(spec, faces.take(~held))
    ridge, strength = fit_ridge(inputs, targets, clusters)
    candidates = {
        "ridge": Adapter(spec, ridge),
        "mlp": Adapter(spec, fit_mlp(inputs, targets, ridge)),
    }
    test = faces.take(held)
    divisors = normaliser_68(test.truth, "ocular")
    errors = {
        name: 100 * float(nme(adapter(test.points, test.boxes), test.truth, divisors).mean())
        for name, adapter in candidates.items()
    }
    chosen = "mlp" if errors["mlp"] < (1 - MLP_GAIN) * errors["ridge"] else "ridge"
    return candidates[chosen], {
        "chosen": chosen,
        "ridge_lambda": strength,
        "fitted_on": int((~held).sum()),
        "held_out": int(held.sum()),
        "held_out_nme_ocular": {name: round(error, 4) for name, error in errors.items()},
    }


def _examples(spec: LandmarkSpec, faces: Labelled) -> tuple[Float64, Float64, NDArray[np.int64]]:
    """Return (2 N, 2 P) inputs, (2 N, 136) residuals and (2 N,) photos, mirrored ones too."""
    inputs = _normalised(faces.points, faces.boxes)
    truth = _normalised(faces.truth, faces.boxes)
    inputs = np.concatenate([inputs, inputs[:, spec.mirror] * [-1, 1]])
    truth = np.concatenate([truth, truth[:, MIRROR_68] * [-1, 1]])
    _, member = np.unique(faces.photos, return_inverse=True)
    return _flat(inputs), _flat(truth - _base(inputs, spec)), np.tile(member, 2)


def _base(inputs: Float64, spec: LandmarkSpec) -> Float64:
    """Return the guess that an adapter corrects: nearest points, or the crop's centre."""
    covered = (spec.ibug68 >= 0)[:, None]
    return np.where(covered, inputs[:, spec.ibug68], 0.0)


def _normalised(points: Float64, boxes: Float64) -> Float64:
    return np.asarray((points - boxes[:, None, :2]) / boxes[:, None, 2:])


def _flat(points: Float64) -> Float64:
    return points.reshape(len(points), -1)


def _held_out(photos: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Return (N,) a fixed random tenth of the photographs, with all their faces."""
    names, member = np.unique(photos, return_inverse=True)
    count = max(1, round(HELD_OUT * len(names)))
    if len(names) < 2 * max(count, 5):
        raise TrainError(
            f"{len(names)} photographs are too few to fit an adapter", "--adapt-on", "give more"
        )
    drawn = np.random.default_rng(0).permutation(len(names))[:count]
    return np.isin(member, drawn)
