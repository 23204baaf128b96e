"""One random stream a factor, so that a new factor never changes the draws of another."""

from bisect import bisect_right
from collections.abc import Iterable
from enum import IntEnum
from itertools import accumulate

import numpy as np


class Factor(IntEnum):
    """What a stream is for. Append, never renumber: the numbers are part of every dataset."""

    IDENTITY = 0
    EXPRESSION = 1
    GAZE = 2
    POSE = 3
    CAMERA = 4
    SKIN = 5
    EYES = 6
    HAIR = 7
    WARDROBE = 8
    LIGHT = 9
    BACKGROUND = 10
    SENSOR = 11
    OCCLUDERS = 12
    ENVIRONMENT = 13


def stream(seed: int, index: int, factor: Factor) -> np.random.Generator:
    """Return the generator of one factor of one sample: a pure function of its arguments."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index, int(factor))))


def one_of(rng: np.random.Generator, shares: Iterable[float]) -> int:
    """Return a place in `shares`, as often as it says; `rng.choice` takes ten times as long."""
    ends = list(accumulate(shares))
    return bisect_right(ends, rng.random() * ends[-1])


def within(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """Return `value`, or the end that it is beyond; `np.clip` takes 6 us for one number."""
    return float(min(max(value, low), high))
