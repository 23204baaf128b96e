"""Which MakeHuman targets span identity and expression, and how left and right relate.

A coefficient of a pair (decr/incr, down/up, ...) moves along half the difference of its two
targets, so that the model is linear; -1 and 1 are what MakeHuman shows at the ends of its sliders.
Every direction is made exactly symmetric: the mirrored coefficients give the mirrored head.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import ARKIT_UNITS
from dlm.generator.models.makehuman_files import Target, read_target

Dense = NDArray[np.float64]

RACES = ("african", "asian", "caucasian")
SEXES = ("female", "male")
AGES = ("baby", "child", "young", "old")
MUSCLES = ("minmuscle", "averagemuscle", "maxmuscle")
WEIGHTS = ("minweight", "averageweight", "maxweight")

MACROS: tuple[str, ...] = (
    *("-".join(words) for words in product(RACES, SEXES, AGES)),
    *("-".join(("universal", *words)) for words in product(SEXES, AGES, MUSCLES, WEIGHTS)),
)

_LOCAL_FOLDERS = ("cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth",
                  "neck", "nose", "asym")  # fmt: skip
_ENDS = (("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward"),
         ("concave", "convex"), ("compress", "uncompress"))  # fmt: skip
# Whole-head moves say nothing about a face, and a head's angle is pose.
_LEFT_OUT = ("head-trans-", "head-angle-", "head-age-", "neck-trans-", "measure-neck-",
             "asymm-")  # fmt: skip


@cache
def mean_macro_weights() -> NDArray[np.float64]:
    """Return the corner weights of the template: both sexes, adult, all ancestries alike."""
    age = {"baby": 0.0, "child": 0.0, "young": 0.75, "old": 0.25}
    weights = []
    for name in MACROS:
        words = name.split("-")
        if words[0] == "universal":
            even = words[3] == "averagemuscle" and words[4] == "averageweight"
            weights.append(0.5 * age[words[2]] * even)
        else:
            weights.append(0.5 * age[words[2]] / 3)
    return np.array(weights)


@dataclass(frozen=True, eq=False)
class Directions:
    """Shifts of all base.obj vertices a coefficient each, and the coefficients' mirror."""

    names: tuple[str, ...]
    shifts: Dense  # (C, N, 3) decimetres
    mirror: NDArray[np.int64]  # (C,) the coefficient on the other side
    sign: NDArray[np.int64]  # (C,) -1 where the mirrored coefficient changes its sign


class Reader:
    """Reads targets as dense shifts of all vertices, and mirrors them."""

    def __init__(self, mirror: NDArray[np.int64], tick: Callable[[], None]) -> None:
        self.mirror, self._tick = mirror, tick

    def dense(self, path: Path) -> Dense:
        """Return the (N, 3) shifts of one target file."""
        target: Target = read_target(path)
        shifts = np.zeros((len(self.mirror), 3))
        shifts[target[0]] = target[1]
        self._tick()
        return shifts

    def mirrored(self, shifts: Dense) -> Dense:
        """Return the shifts seen in a mirror."""
        return np.asarray(shifts[self.mirror] * [-1.0, 1.0, 1.0])

    def symmetric(self, shifts: Dense, sign: int = 1) -> Dense:
        """Return the part that is its own mirror image (or, with sign -1, its negative)."""
        return np.asarray((shifts + sign * self.mirrored(shifts)) / 2)


def macro_directions(folder: Path, reader: Reader) -> Directions:
    """Return one direction for each corner of age, sex, ancestry, muscle and weight."""
    targets = folder / "mpfb2/targets/macrodetails"
    shifts = [reader.symmetric(reader.dense(targets / f"{name}.target.gz")) for name in MACROS]
    count = len(MACROS)
    return Directions(MACROS, np.array(shifts), np.arange(count), np.ones(count, np.int64))


def local_directions(folder: Path, reader: Reader) -> Directions:
    """Return the local shape directions, left and right apart."""
    table: dict[str, Dense] = {}
    for part in _LOCAL_FOLDERS:
        files = sorted((folder / "mpfb2/targets" / part).glob("*.target.gz"))
        kept = [path for path in files if not path.name.startswith(_LEFT_OUT)]
        stems = {path.name.removesuffix(".target.gz"): path for path in kept}
        table |= _paired({stem: reader.dense(path) for stem, path in stems.items()})
    return _symmetrised(table, reader, lambda name: _other_side(name, "l-", "r-"))


def expression_directions(folder: Path, reader: Reader) -> Directions:
    """Return the 52 units, in the order of ARKIT_UNITS."""
    units = folder / "faceunits01/targets/faceunits"
    table = {name: reader.dense(units / f"{name}.target") for name in ARKIT_UNITS}
    return _symmetrised(table, reader, _other_unit)


def _paired(targets: dict[str, Dense]) -> dict[str, Dense]:
    """Join the two ends of each slider; shapes without an opposite stay as they are."""
    joined: dict[str, Dense] = {}
    for stem, shifts in targets.items():
        if stem.startswith("asym-"):
            if stem.endswith("-l"):
                joined[stem[:-2]] = (shifts - targets[f"{stem[:-2]}-r"]) / 2
            continue
        head, _, end = stem.rpartition("-")
        low = next((low for low, high in _ENDS if end == high), None)
        if low is not None and f"{head}-{low}" in targets:
            joined[head] = (shifts - targets[f"{head}-{low}"]) / 2
        elif not any(end == low and f"{head}-{high}" in targets for low, high in _ENDS):
            joined[stem] = shifts
    return joined


def _other_side(name: str, left: str, right: str) -> str:
    if name.startswith(left):
        return right + name[len(left) :]
    return left + name[len(right) :] if name.startswith(right) else name


def _other_unit(name: str) -> str:
    if "Left" in name:
        return name.replace("Left", "Right")
    return name.replace("Right", "Left")


def _symmetrised(
    table: dict[str, Dense], reader: Reader, other: Callable[[str], str]
) -> Directions:
    """Make pairs exact mirror images, and lone directions exactly even or odd."""
    names = tuple(table)
    position = {name: k for k, name in enumerate(names)}
    mirror = np.array([position[other(name)] for name in names])
    sign = np.ones(len(names), dtype=np.int64)
    shifts = np.empty((len(names), *reader.mirror.shape, 3))
    for k, (name, twin) in enumerate(zip(names, mirror, strict=True)):
        raw = table[name]
        if twin == k:
            even, odd = reader.symmetric(raw), reader.symmetric(raw, -1)
            sign[k] = 1 if np.abs(even).sum() >= np.abs(odd).sum() else -1
            shifts[k] = even if sign[k] == 1 else odd
        elif k < twin:
            shifts[k] = (raw + reader.mirrored(table[names[twin]])) / 2
            shifts[twin] = reader.mirrored(shifts[k])
    return Directions(names, shifts, mirror, sign)
