"""Small draws that every factor of a Look is made of.

Numbers are rounded to five digits, so that what is stored as JSON is what was drawn.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.generator.look.factors import Colour
from dlm.generator.sampling.streams import one_of

Channels = Sequence[float] | NDArray[Any]
LUMINANCE = (0.2126, 0.7152, 0.0722)  # of linear red, green and blue: Rec. 709


def tidy(value: float) -> float:
    """Return `value` with five significant digits."""
    return float(f"{value:.5g}")


def uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number between `low` and `high`."""
    return tidy(rng.uniform(low, high))


def normal(rng: np.random.Generator, mean: float, spread: float, low: float, high: float) -> float:
    """Return a normal draw, clipped to [`low`, `high`]."""
    return tidy(min(max(rng.normal(mean, spread), low), high))


def log_normal(
    rng: np.random.Generator, median: float, spread: float, low: float, high: float
) -> float:
    """Return `median` times e to a normal draw, clipped to [`low`, `high`]."""
    return tidy(min(max(median * np.exp(rng.normal(0.0, spread)), low), high))


def chance(rng: np.random.Generator, probability: float) -> bool:
    """Return True with `probability`."""
    return bool(rng.random() < probability)


def pick(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """Return one name, as often as its weight says."""
    return list(weights)[one_of(rng, map(float, weights.values()))]


def colour(values: Channels) -> Colour:
    """Return three tidy channels, none below zero."""
    red, green, blue = np.asarray(values, dtype=np.float64).tolist()
    return (tidy(max(0.0, red)), tidy(max(0.0, green)), tidy(max(0.0, blue)))


def any_colour(rng: np.random.Generator, saturation: float, value: float) -> Colour:
    """Return a colour of random hue; `saturation` 0 to 1, `value` its largest channel."""
    hue = rng.random() * 6.0
    wheel = (min(max(abs((hue + turn) % 6.0 - 3.0) - 1.0, 0.0), 1.0) for turn in (0.0, 4.0, 2.0))
    return colour([value * (1.0 - saturation * (1.0 - share)) for share in wheel])


def temperature(kelvin: float) -> NDArray[np.float64]:
    """Return the linear RGB of a black body beside 6500 K, green = 1 (a fit good to some 5 %)."""
    mired = 1e6 / kelvin - 1e6 / 6500.0
    return np.array([np.exp(0.0027 * mired), 1.0, np.exp(-0.0048 * mired)])


def luminance(values: Channels) -> float:
    """Return the Rec. 709 luminance of a linear colour."""
    return float(np.dot(LUMINANCE, values))
