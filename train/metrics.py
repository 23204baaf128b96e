"""Errors of landmarks: NME under three normalisers, AUC, FR, CED, groups, and their uncertainty.

All errors are fractions here (0.04 = 4 % of the normaliser); reports print per cent. The
normaliser comes from the ground truth alone, and an NME of a set is a mean of faces, never a pool
of points. Shapes: N faces, P points.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float64 = NDArray[np.float64]
Normaliser = Literal["ocular", "pupil", "box"]

NORMALISERS: tuple[Normaliser, ...] = ("ocular", "pupil", "box")
THRESHOLD = 0.08
IBUG_GROUPS: Mapping[str, tuple[int, int]] = {
    "jaw": (0, 17), "brows": (17, 27), "nose": (27, 36), "eyes": (36, 48), "lips": (48, 68),
}  # fmt: skip
LIDS_68 = ([37, 38, 43, 44], [41, 40, 47, 46])  # upper, lower
LIPS_68 = (62, 66)  # inner edge of the upper lip, of the lower


def normaliser_68(truth: ArrayLike, kind: Normaliser) -> Float64:
    """Return (N,) divisors of (N, 68, 2) points.

    ocular: between the outer eye corners; pupil: between the means of the eyes' six points; box:
    square root of width times height of the tight box.
    """
    points = np.asarray(truth, dtype=np.float64)
    if kind == "box":
        return np.asarray(np.sqrt(np.prod(np.ptp(points, axis=1), axis=-1)))
    if kind == "ocular":
        return np.asarray(np.linalg.norm(points[:, 36] - points[:, 45], axis=-1))
    right, left = points[:, 36:42].mean(axis=1), points[:, 42:48].mean(axis=1)
    return np.asarray(np.linalg.norm(right - left, axis=-1))


def point_errors(predicted: ArrayLike, truth: ArrayLike) -> Float64:
    """Return (N, P) distances between (N, P, 2) points, in their unit."""
    difference = np.asarray(predicted, dtype=np.float64) - np.asarray(truth, dtype=np.float64)
    return np.asarray(np.linalg.norm(difference, axis=-1))


def nme(predicted: ArrayLike, truth: ArrayLike, divisors: ArrayLike) -> Float64:
    """Return (N,) mean distances of (N, P, 2) points over (N,) divisors."""
    return np.asarray(point_errors(predicted, truth).mean(axis=-1) / np.asarray(divisors))


def auc(errors: ArrayLike, threshold: float = THRESHOLD) -> float:
    """Return the area under the cumulative error curve up to `threshold`, 0 to 1, in closed form.

    The integral of #{e_i <= x}/N over [0, t], divided by t, is the mean of max(0, t - e_i)/t. A
    face that was not found has an infinite error.
    """
    return float(auc_share(errors, threshold).mean())


def auc_share(errors: ArrayLike, threshold: float = THRESHOLD) -> Float64:
    """Return (N,) what each face adds to the area: the area is their mean."""
    return np.asarray(np.clip(threshold - np.asarray(errors), 0, None) / threshold)


def failure_rate(errors: ArrayLike, threshold: float = THRESHOLD) -> float:
    """Return the share of errors strictly above `threshold`."""
    return float(np.mean(np.asarray(errors) > threshold))


def ced(errors: ArrayLike) -> tuple[Float64, Float64]:
    """Return sorted errors (N,) and the share of faces at or below each (N,)."""
    ordered = np.sort(np.asarray(errors, dtype=np.float64))
    return ordered, np.arange(1, len(ordered) + 1) / len(ordered)


def group_errors(
    predicted: ArrayLike, truth: ArrayLike, divisors: ArrayLike, scored: ArrayLike
) -> dict[str, float]:
    """Return the mean error of each group of the 68; `scored` (68,) says which points count."""
    errors = point_errors(predicted, truth) / np.asarray(divisors)[:, None]
    counted = np.asarray(scored, dtype=bool)
    result = {}
    for name, (start, stop) in IBUG_GROUPS.items():
        chosen = np.arange(start, stop)[counted[start:stop]]
        if len(chosen):
            result[name] = float(errors[:, chosen].mean())
    return result


def openings_68(points: ArrayLike, divisors: ArrayLike) -> dict[str, Float64]:
    """Return how far eyes and mouth of (N, 68, 2) points stand open, (N,) each, over divisors.

    eye: mean gap of the four pairs of lid points; mouth: gap of the inner lips in the middle.
    """
    found = np.asarray(points, dtype=np.float64)
    gap = np.linalg.norm(found[:, LIPS_68[0]] - found[:, LIPS_68[1]], axis=-1)
    lids = np.linalg.norm(found[:, LIDS_68[0]] - found[:, LIDS_68[1]], axis=-1).mean(axis=1)
    return {"eye": lids / np.asarray(divisors), "mouth": gap / np.asarray(divisors)}


def bootstrap_ci(
    errors: ArrayLike, clusters: ArrayLike, *, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of the mean error, resampling whole clusters (photos).

    `errors` (N,), `clusters` (N,) labels: faces of one photo are drawn together, since they share
    light, camera and annotator.
    """
    _, member = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(member, weights=np.asarray(errors, dtype=np.float64))
    counts = np.bincount(member)
    draws = np.random.default_rng(seed).integers(len(sums), size=(resamples, len(sums)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def paired_ci(
    errors: ArrayLike, baseline: ArrayLike, clusters: ArrayLike, *, resamples: int = 2000
) -> tuple[float, float]:
    """Return the 95 % interval of the mean difference of two methods on the same (N,) faces."""
    difference = np.asarray(errors, dtype=np.float64) - np.asarray(baseline, dtype=np.float64)
    return bootstrap_ci(difference, clusters, resamples=resamples)
