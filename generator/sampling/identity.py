"""Who a head belongs to: age, sex, ancestry and build first, then a face of one's own.

MakeHuman's macro targets are corners of a box; a person is a point in it, so the weights of the
corners multiply. Local shape is drawn about that, alike on both sides but for a little.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import Identity
from dlm.generator.models.makehuman_targets import (
    MACROS,
    MUSCLES,
    RACES,
    WEIGHTS,
    mean_macro_weights,
)
from dlm.generator.sampling.streams import one_of, within

# Years at which MakeHuman's four ages stand; between them the weights are linear.
_AGE_YEARS = {"baby": 1.0, "child": 10.0, "young": 25.0, "old": 90.0}
# Share, from, to. Of faces on photographs one in a hundred (films' and news') to one in four
# (families') is a child's.
_AGE_GROUPS = ((0.11, 1, 12), (0.07, 12, 18), (0.65, 18, 55), (0.17, 55, 85))
_GROWN_EYES = 0.35  # of its slider, by which small children's eyes are wider than their faces make

# Standard deviation of a slider that ends at -1 and 1; the first prefix that fits counts.
_SPREAD: tuple[tuple[str, float], ...] = (
    ("asym-mouth-1", 0.07), ("asym-mouth-2", 0.18), ("asym-jaw", 0.14),
    ("asym-nose", 0.12), ("asym-", 0.09),
    ("eye-scale", 0.17), ("eye-trans", 0.13), ("eye-push", 0.28), ("eye-corner", 0.36),
    ("eye-height", 0.18), ("eye-eyefold", 0.45), ("eye-bag", 0.40), ("eye-epicanthus", 0.35),
    ("eye-", 0.19), ("ear-shape", 0.17), ("ear-", 0.19),
    ("cheek-", 0.20), ("head-scale-horiz", 0.14), ("head-scale", 0.11), ("head-fat", 0.20),
    ("head-back", 0.17), ("head-", 0.10), ("neck-double", 0.17), ("neck-", 0.15),
    ("mouth-trans", 0.18), ("mouth-scale-depth", 0.30), ("mouth-scale-vert", 0.20),
    ("mouth-scale-horiz", 0.28), ("mouth-angles", 0.25),
    ("mouth-upperlip-height", 0.28), ("mouth-lowerlip-height", 0.33), ("mouth-laugh", 0.17),
    ("mouth-", 0.30),
    ("nose-trans", 0.13), ("nose-scale", 0.18), ("nose-greek", 0.30), ("nose-", 0.18),
    ("chin-height", 0.28), ("chin-", 0.20), ("forehead-", 0.13), ("eyebrows-trans", 0.48),
    ("eyebrows-", 0.17),
)  # fmt: skip
# Where a slider's mean is not the template's, whose upper lip is thicker, lower lip pointed, mouth
# narrower and flatter, and eyes wider and closer, than those of people photographed.
_MEAN = {
    "mouth-scale-vert": -0.30, "mouth-upperlip-height": -0.35, "mouth-lowerlip-height": 0.15,
    "mouth-lowerlip-ext": 0.2, "mouth-lowerlip-width": 0.1, "mouth-scale-horiz": 0.22,
    "mouth-scale-depth": 0.35, "eye-push2": -0.30, "eye-scale": -0.20,
}  # fmt: skip
_ONE_SIDED = ("head-diamond", "head-invertedtriangular", "head-oval", "head-rectangular",
              "head-round", "head-square", "head-triangular", "chin-triangle",
              "ear-shape-")  # fmt: skip
_OWN_SIDE = 0.25  # share of a paired slider's spread that each side draws for itself


def sample_identity(rng: np.random.Generator, names: Sequence[str]) -> Identity:
    """Draw one person; `names` are the model's identity coefficients, macro corners first."""
    years = _age(rng)
    sex = within(rng.integers(2) + rng.normal(scale=0.15))
    shares = rng.dirichlet([0.4, 0.4, 0.4])
    muscle = within(rng.normal(0.45 + 0.1 * sex, 0.16))
    weight = within(rng.normal(0.5, 0.19))
    coefficients = np.zeros(len(names), dtype=np.float32)
    corners = macro_weights(years=years, sex=sex, shares=shares, muscle=muscle, weight=weight)
    coefficients[: len(MACROS)] = corners - mean_macro_weights()
    coefficients[len(MACROS) :] = _local(rng, tuple(names[len(MACROS) :]))
    coefficients[_eye_scales(tuple(names))] += _GROWN_EYES * childhood(years)
    traits = {"age": years, "sex": sex, "weight": weight, "muscle": muscle}
    traits |= {race: float(share) for race, share in zip(RACES, shares, strict=True)}
    return Identity(coefficients=coefficients, traits=traits)


@lru_cache(maxsize=4)
def _eye_scales(names: tuple[str, ...]) -> list[int]:
    return [k for k, name in enumerate(names) if name.endswith("eye-scale")]


def childhood(years: float) -> float:
    """Return 1 for a small child, 0 for who is grown up."""
    return within((16.0 - years) / 10.0)


def growth(years: float) -> float:
    """Return the size of a face as a share of an adult's (`makehuman`'s, box of the 68 points)."""
    return float(np.interp(years, (1.0, 10.0, 25.0), (0.71, 0.93, 1.0)))


def macro_weights(
    *, years: float, sex: float, shares: Sequence[float] | NDArray[np.float64],
    muscle: float, weight: float,
) -> NDArray[np.float64]:  # fmt: skip
    """Return the weight of each macro corner, in the order of MACROS."""
    factor = {"female": 1 - sex, "male": sex, **dict(zip(RACES, shares, strict=True))}
    factor |= _between(list(_AGE_YEARS), list(_AGE_YEARS.values()), years)
    factor |= _between(list(MUSCLES), [0.0, 0.5, 1.0], muscle)
    factor |= _between(list(WEIGHTS), [0.0, 0.5, 1.0], weight)
    words, corners = _corner_words()
    levels = np.array([*(factor[word] for word in words), 1.0])
    return np.asarray(levels[corners].prod(axis=1))


@cache
def _corner_words() -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the words of MACROS, and for each corner the numbers (4,) of its own.

    The number behind the last stands for a factor of 1.
    """
    split = [name.removeprefix("universal-").split("-") for name in MACROS]
    words = tuple(dict.fromkeys(word for row in split for word in row))
    rows = [[words.index(word) for word in row] for row in split]
    return words, np.array([row + [len(words)] * (4 - len(row)) for row in rows])


def _between(names: list[str], at: list[float], value: float) -> dict[str, float]:
    """Return hat functions: 1 at a name's own place, 0 at its neighbours'."""
    k = min(max(bisect_right(at, value), 1), len(at) - 1)
    slope = 1.0 / (at[k] - at[k - 1])
    beyond = within(value, at[0], at[-1]) - at[k - 1]
    shares = dict.fromkeys(names, 0.0)
    shares[names[k - 1]], shares[names[k]] = 1.0 - slope * beyond, slope * beyond
    return shares


def _age(rng: np.random.Generator) -> float:
    _, low, high = _AGE_GROUPS[one_of(rng, (share for share, _, _ in _AGE_GROUPS))]
    return float(rng.uniform(low, high))


def _local(rng: np.random.Generator, names: tuple[str, ...]) -> NDArray[np.float64]:
    """Draw the local sliders, each within -1 to 1 (0 to 1 where it has no opposite)."""
    spread, mean, one_sided, partner = _sliders(names)
    draws = rng.normal(size=(2, len(names)))
    own = np.where(partner == np.arange(len(names)), 0.0, _OWN_SIDE)
    mixed = np.sqrt(1 - own**2) * draws[0][np.minimum(partner, np.arange(len(names)))]
    values = mean + (mixed + own * draws[1]) * spread
    return np.asarray(np.clip(np.where(one_sided, np.maximum(values, 0), values), -1, 1))


@lru_cache(maxsize=4)
def _sliders(
    names: tuple[str, ...],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """Return each slider's spread and mean, whether it has one side only, and its twin's number."""
    plain = [name[2:] if name[:2] in ("l-", "r-") else name for name in names]
    spread = [next(size for prefix, size in _SPREAD if name.startswith(prefix)) for name in plain]
    place = {name: k for k, name in enumerate(names)}
    swap = {"l-": "r-", "r-": "l-"}
    twin = [place[swap[n[:2]] + n[2:]] if n[:2] in swap else k for k, n in enumerate(names)]
    one_sided = np.array([n.startswith(_ONE_SIDED) for n in plain])
    mean = np.array([_MEAN.get(name, 0.0) for name in plain])
    return np.array(spread), mean, one_sided, np.array(twin)
