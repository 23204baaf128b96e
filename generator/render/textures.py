"""Small tiling textures that all procedural detail is made of, the same on every machine."""

import numpy as np
from numpy.typing import NDArray

SIDE = 256


def _octave(rng: np.random.Generator, cells: int, rows: int) -> NDArray[np.float64]:
    """Return smooth periodic noise (SIDE, SIDE) with `cells` across and `rows` down."""
    grid = rng.standard_normal((rows, cells))
    for axis, count in ((0, rows), (1, cells)):
        place = np.arange(SIDE) * count / SIDE
        low = np.floor(place).astype(int)
        share = place - low
        share = share * share * (3 - 2 * share)
        first, second = np.take(grid, low % count, axis), np.take(grid, (low + 1) % count, axis)
        share = share[:, None] if axis == 0 else share[None, :]
        grid = first + (second - first) * share
    return grid


def _levels(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return `values` as bytes by rank, so that every level is equally common."""
    order = np.argsort(values, axis=None, kind="stable")
    ranks = np.empty(values.size)
    ranks[order] = np.arange(values.size)
    return (ranks.reshape(values.shape) * 256 / values.size).astype(np.uint8)


def detail_texture() -> NDArray[np.uint8]:
    """Return (SIDE, SIDE, 4): slow noise, fine noise, strands along v, spots; uniform in level."""
    rng = np.random.default_rng(7)
    slow = sum(_octave(rng, n, n) / n**0.9 for n in (4, 8, 16, 32, 64))
    fine = _octave(rng, 64, 64) * 0.6 + _octave(rng, 128, 128)
    fine += 0.6 * rng.standard_normal((SIDE, SIDE))
    strands = (
        _octave(rng, 16, 2) * 0.6 + _octave(rng, 40, 3) + _octave(rng, 96, 5) * 1.1
        + _octave(rng, 128, 12) * 0.8
    )  # fmt: skip
    return np.stack([_levels(np.asarray(part)) for part in (slow, fine, strands, _spots(rng))], -1)


def _spots(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise whose highest levels are round spots: freckles and moles."""
    best = np.full((SIDE, SIDE), -3.0)
    for _ in range(420):
        top, left = rng.integers(0, SIDE, 2)
        radius, height = rng.uniform(1.5, 4.5), rng.uniform(0.6, 1.0)
        y, x = np.mgrid[-9:10, -9:10]
        rows, columns = (top + y) % SIDE, (left + x) % SIDE
        spot = height - np.hypot(x, y) / radius * 0.5
        best[rows, columns] = np.maximum(best[rows, columns], spot)
    return best + 0.02 * rng.standard_normal((SIDE, SIDE))
