"""One random stream a factor, so that a new factor never changes the draws of another."""

from enum import IntEnum

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
