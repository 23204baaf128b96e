"""Two ways of scoring a layout against iBUG-68 labels.

nearest   each of the 68 is the layout's own choice of its nearest point (spec.ibug68); what the
          layout does not cover is not scored, and the result says how many points were.
adapter   a regression fitted on other labelled photos moves the predictions to the convention of
          the annotators. Ridge and a small MLP are both fitted; held-out photos choose. What
          labels lie aside of their pictures by is taken off before: faces are fitted with their
          mirror images, so that a regression knows no side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dlm.errors import TrainError
from dlm.landmark_specs import LandmarkSpec
from dlm.train import crops, upright
from dlm.train.adapter import Predict, fit_mlp, fit_ridge
from dlm.train.metrics import nme, normaliser_68

Float64 = NDArray[np.float64]

PROTOCOLS = ("nearest", "adapter")
HELD_OUT = 0.1  # of the photos to adapt on
METHODS = ("ridge", "mlp")
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
    """A fitted regression on top of the nearest points, of faces that are turned upright.

    `shape` (P, 2) is what faces are turned to; `sideways` says how far, in pixels of the photos,
    labels lie to the right of their pictures.
    """

    def __init__(
        self, spec: LandmarkSpec, residual: Predict, shape: Float64, sideways: float
    ) -> None:
        self.scored = np.ones(68, dtype=bool)
        self._spec, self._residual, self._shape = spec, residual, shape
        self._sideways = sideways

    def __call__(self, points: Float64, boxes: Float64) -> Float64:
        """Return the adapted 68 points."""
        inside = _normalised(points + np.array([self._sideways, 0]), boxes)
        turn = upright.matrices(inside, self._shape)
        turned = crops.apply(turn, inside)
        residual = self._residual(_inputs(inside, turned, self._spec)).reshape(-1, 68, 2)
        moved = crops.apply(crops.invert(turn), _base(turned, self._spec) + residual)
        return np.asarray(moved * boxes[:, None, 2:] + boxes[:, None, :2])


def fit_adapter(spec: LandmarkSpec, faces: Labelled) -> tuple[Adapter, dict[str, Any]]:
    """Fit ridge and MLP on nine tenths of the photos, choose on the rest, fit the choice on all.

    Returns the adapter and what was found; its errors are those on the held-out tenth.
    """
    if spec.size < 2:
        raise TrainError(
            "one point is too few to fit an adapter", f"layout {spec.name}", "add points to it"
        )
    held = _held_out(faces.photos)
    test = faces.take(held)
    divisors = normaliser_68(test.truth, "ocular")
    errors = {
        name: 100 * float(nme(adapter(test.points, test.boxes), test.truth, divisors).mean())
        for name, (adapter, _) in _fit(spec, faces.take(~held), METHODS).items()
    }
    chosen = "mlp" if errors["mlp"] < (1 - MLP_GAIN) * errors["ridge"] else "ridge"
    adapter, found = _fit(spec, faces, (chosen,))[chosen]
    return adapter, {
        "chosen": chosen,
        **found,
        "fitted_on": len(faces),
        "held_out_to_choose": int(held.sum()),
        "held_out_nme_ocular": {name: round(error, 4) for name, error in errors.items()},
    }


def _fit(
    spec: LandmarkSpec, faces: Labelled, names: Sequence[str]
) -> dict[str, tuple[Adapter, dict[str, Any]]]:
    """Return the adapters of these names, fitted on all faces, and what they found."""
    sideways = _label_offset(_Examples.of(spec, faces, 0.0))
    examples = _Examples.of(spec, faces, sideways)
    ridge, strength = fit_ridge(examples.inputs, examples.targets, examples.photos)
    found = {"ridge_lambda": strength, "sideways_px": round(sideways, 3)}
    fits = {
        "ridge": lambda: ridge,
        "mlp": lambda: fit_mlp(examples.inputs, examples.targets, ridge),
    }
    return {name: (Adapter(spec, fits[name](), examples.shape, sideways), found) for name in names}


def _label_offset(examples: "_Examples") -> float:
    """Return how many pixels of the photos labels lie to the right of their pictures.

    Faces and their mirror images differ in nothing but the side that such an offset points to.
    What a ridge makes of that side by chance is taken off it (Frisch, Waugh and Lovell).
    """
    both = np.hstack([examples.targets, examples.aside])
    left = both - fit_ridge(examples.inputs, both, examples.photos)[0](examples.inputs)
    moved, aside = left[:, :-2].reshape(-1, 68, 2).mean(axis=1), left[:, -2:]
    return float((moved * aside).sum() / (aside**2).sum())


@dataclass(frozen=True, eq=False)
class _Examples:
    """What a regression is fitted to: 2 N faces, the mirrored ones too, turned upright."""

    inputs: Float64  # (2 N, D)
    targets: Float64  # (2 N, 136) what to add to the base guess
    aside: Float64  # (2 N, 2) a pixel to the right on the photo
    photos: NDArray[np.int64]  # (2 N,)
    shape: Float64  # (P, 2) what they are turned to

    @classmethod
    def of(cls, spec: LandmarkSpec, faces: Labelled, sideways: float) -> "_Examples":
        """Mirror and turn faces whose predictions are moved `sideways` pixels to the right."""
        inside = _normalised(faces.points + np.array([sideways, 0]), faces.boxes)
        inside = np.concatenate([inside, inside[:, spec.mirror] * [-1, 1]])
        truth = _normalised(faces.truth, faces.boxes)
        truth = np.concatenate([truth, truth[:, MIRROR_68] * [-1, 1]])
        shape = upright.reference(inside)
        turn = upright.matrices(inside, shape)
        turned = crops.apply(turn, inside)
        pixel = 1 / faces.boxes[:, 2:]
        _, member = np.unique(faces.photos, return_inverse=True)
        return cls(
            inputs=_inputs(inside, turned, spec),
            targets=_flat(crops.apply(turn, truth) - _base(turned, spec)),
            aside=turn[:, :, 0] * np.concatenate([pixel, -pixel]),
            photos=np.tile(member, 2),
            shape=shape,
        )


def _inputs(inside: Float64, turned: Float64, spec: LandmarkSpec) -> Float64:
    """Return (N, D) inputs: the shape turned upright, and where the nearest points lie."""
    return np.hstack([_flat(turned), _flat(_base(inside, spec))])


def _base(points: Float64, spec: LandmarkSpec) -> Float64:
    """Return the guess that an adapter corrects: nearest points, or the middle."""
    covered = (spec.ibug68 >= 0)[:, None]
    return np.where(covered, points[:, spec.ibug68], 0.0)


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
