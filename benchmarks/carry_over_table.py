"""The table of benchmarks/carry_over.py: one row a look, all of them beside everything on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.train.metrics import bootstrap_ci

Figures = Mapping[int, Any]  # of a row, by seed: what carry_over.py writes

BASE = "all"  # the row that others are set beside
COLUMNS = (
    "row", "seeds", "nearest", "adapter", "95 %", "beside everything on", "jaw", "brows", "nose",
    "eyes", "lips", "FR8", "eye slope", "mouth slope",
)  # fmt: skip


def table(titles: Mapping[str, str], found: Mapping[str, Figures]) -> str:
    """Return the rows that have figures as Markdown, each a name and its title.

    A cell is the mean of the seeds, +- half of their range. Intervals are 95 %, photographs
    resampled: they hold for these very networks.
    """
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    base = found.get(BASE, {})
    for name, title in titles.items():
        if found[name]:
            cells = [title, *cells_of(found[name], {} if name == BASE else base)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def cells_of(found: Figures, base: Figures) -> list[str]:
    """Return a row's cells but its title; differences to `base` are of the seeds both have."""
    every = list(found.values())
    adapted = [one["adapter"] for one in every]
    groups = [np.mean([one["groups"][group] for one in adapted]) for group in adapted[0]["groups"]]
    slopes = [np.mean([one["slopes"][part] for one in adapted]) for part in ("eye", "mouth")]
    errors, photos = {seed: errors_of(one) for seed, one in found.items()}, every[0]["photos"]
    low, high = bootstrap_ci(np.mean(list(errors.values()), axis=0), photos)
    beside = ""
    if common := sorted(found.keys() & base.keys()):
        differences = np.mean([errors[seed] - errors_of(base[seed]) for seed in common], axis=0)
        ends = bootstrap_ci(differences, photos)
        beside = f"{differences.mean():+.2f} ({ends[0]:+.2f} to {ends[1]:+.2f})"
    return [
        str(len(every)), spread([one["nearest"]["nme"] for one in every]),
        spread([one["nme"] for one in adapted]), f"{low:.2f} to {high:.2f}", beside,
        *(f"{error:.2f}" for error in groups), f"{np.mean([one['fr8'] for one in adapted]):.1f}",
        *(f"{slope:.2f}" for slope in slopes),
    ]  # fmt: skip


def errors_of(result: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return (N,) errors after the adapter, in per cent."""
    return np.array(result["adapter"]["errors"])


def spread(values: Sequence[float]) -> str:
    """Return the mean, and half of the range where there is one."""
    half = f" +- {np.ptp(values) / 2:.2f}" if len(values) > 1 else ""
    return f"{np.mean(values):.2f}{half}"
