"""Whether a network knows how wrong it is: its sigmas beside its errors, its chances beside truth.

A point is taken as a Gaussian of the same sigma along both axes, so that its error r is within
sigma * sqrt(-2 ln(1 - p)) with probability p. Shapes: N faces, P points; errors and sigmas in one
unit. NaN where a point has no sigma or no label.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Float64 = NDArray[np.float64]

LEVELS = np.arange(0.05, 0.96, 0.05)  # probabilities at which coverage is compared
BINS = 10


def calibration(errors: Float64, sigma: Float64) -> dict[str, Any]:
    """Return what (N, P) errors say of (N, P) sigmas.

    expected_error  mean over LEVELS of |share of points within the level's radius - level|
    scale           what sigmas must be multiplied by so that their squares are right on average
    rank            Spearman's correlation of sigma and error, over points
    bins            points in tenths by sigma: mean sigma, and the error along an axis beside it
    """
    known = np.isfinite(errors) & np.isfinite(sigma)
    r, s = np.asarray(errors, float)[known], np.asarray(sigma, float)[known]
    covered = coverage(r, s)
    return {
        "n_points": len(r),
        "expected_error": float(np.abs(covered - LEVELS).mean()),
        "scale": float(np.sqrt((r**2 / (2 * s**2)).mean())),
        "rank": float(np.corrcoef(rankdata(r), rankdata(s))[0, 1]),
        "levels": [round(float(level), 2) for level in LEVELS],
        "coverage": [round(float(share), 4) for share in covered],
        "bins": _sigma_bins(r, s),
    }


def coverage(errors: Float64, sigma: Float64) -> Float64:
    """Return, for each of LEVELS, the share of (M,) errors within that level's radius."""
    radii = np.sqrt(-2 * np.log(1 - LEVELS))
    return np.asarray((errors[:, None] <= sigma[:, None] * radii).mean(axis=0))


def _sigma_bins(errors: Float64, sigma: Float64) -> list[dict[str, float]]:
    order = np.argsort(sigma, kind="stable")
    return [
        {
            "n": len(rows),
            "sigma": round(float(sigma[rows].mean()), 4),
            "error": round(float(np.sqrt((errors[rows] ** 2).mean() / 2)), 4),
        }
        for rows in np.array_split(order, BINS)
        if len(rows)
    ]


def visibility_scores(chance: Float64, seen: NDArray[np.bool_]) -> dict[str, Any]:
    """Return how well (N, P) probabilities foretell whether points are `seen` (N, P).

    accuracy  of calling seen what is likelier than not; area the chance that a seen point is
    called likelier than a hidden one (None where all are seen, or none); brier the mean squared
    difference, expected_error the mean distance of tenths by probability from what came true.
    """
    p, truth = np.asarray(chance, float).ravel(), np.asarray(seen, bool).ravel()
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    gaps = np.abs(np.bincount(bins, p - truth, minlength=BINS))
    return {
        "n_points": len(p),
        "seen": float(truth.mean()),
        "accuracy": float(((p > 0.5) == truth).mean()),
        "area": area_under_roc(p, truth),
        "brier": float(((p - truth) ** 2).mean()),
        "expected_error": float(gaps.sum() / counts.sum()),
    }


def area_under_roc(scores: Float64, positive: NDArray[np.bool_]) -> float | None:
    """Return the chance that a positive of (M,) scores is above a negative; ties count half."""
    count = int(positive.sum())
    if count in (0, len(positive)):
        return None
    ranks = rankdata(scores)[positive].sum() - count * (count + 1) / 2
    return float(ranks / (count * (len(positive) - count)))
