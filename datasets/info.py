"""What a dataset holds and whether it is whole, as plain JSON values."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.datasets.manifest import MANIFEST_FILE, read_manifest
from dlm.datasets.reader import Dataset
from dlm.datasets.recipe import Recipe, read_recipe
from dlm.datasets.shards import Shard, shard_path, survey, verify
from dlm.errors import DatasetError

ANGLES = ("yaw", "pitch", "roll")
QUANTILES = {"min": 0.0, "q05": 0.05, "median": 0.5, "q95": 0.95, "max": 1.0}
MOST_COMMON = 12  # values of a string attribute that are listed


def describe(path: str | Path, *, deep: bool = False) -> dict[str, Any]:
    """Return what the dataset at `path` holds and whether it is whole, as JSON values.

    Damaged shards are named under 'health' and left out of the counts; `deep` reads every byte
    to find them. Raises DatasetError where there is no dataset.
    """
    folder = Path(path)
    recipe = read_recipe(folder)
    shards, faults = survey(folder, recipe)
    listed, complete = _manifest(folder, recipe, faults)
    if deep:
        found = verify([listed.get(shard.path, shard) for shard in shards], recipe)
        shards = [shard for shard in shards if str(shard.path) not in {f.where for f in found}]
        faults += found
    data = Dataset(folder, recipe, shards, complete=complete)
    told = {fault.where: str(fault) for fault in faults}  # two checks may find the same
    return {
        "path": str(folder),
        "samples": len(data),
        "complete": complete,
        "recipe": {"hash": recipe.hash, **_summary(recipe)},
        "libraries": _libraries(folder),
        "bytes": sum(shard.size for shard in shards),
        "health": {
            "shards": len(shards),
            "damaged": list(told.values()),
            "missing": _gaps(folder, recipe, shards),
            "read_to_the_last_byte": deep,
        },
        "visibility": _visibility(data),
        "numbers": _numbers(data),
        "words": _words(data),
    }


def _manifest(
    folder: Path, recipe: Recipe, faults: list[DatasetError]
) -> tuple[dict[Path, Shard], bool]:
    try:
        listed = read_manifest(folder, recipe)
    except DatasetError as fault:
        faults.append(fault)
        return {}, False
    return {shard.path: shard for shard in listed or []}, listed is not None


def _summary(recipe: Recipe) -> dict[str, Any]:
    names = ("spec_name", "spec_hash", "points", "model", "topology", "contour", "layers",
             "size", "seed", "shard_size")  # fmt: skip
    return {name: getattr(recipe, name) for name in names} | {"versions": dict(recipe.versions)}


def _libraries(folder: Path) -> dict[str, str]:
    try:
        content = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        return dict(content["libraries"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # unfinished, or told under 'damaged'


def _gaps(folder: Path, recipe: Recipe, whole: list[Shard]) -> list[str]:
    """Name the absent shards before the last one; how many should follow it nobody has said."""
    held = {shard.ids.start // recipe.shard_size for shard in whole}
    numbers = range(max(held, default=-1) + 1)
    absent = (shard_path(folder, k) for k in numbers if k not in held)
    return [path.name for path in absent if not path.exists()]


def _visibility(data: Dataset) -> dict[str, float]:
    values = data.columns(["visibility"])["visibility"]
    shares = np.bincount(values.reshape(-1), minlength=3) / max(values.size, 1)
    return {
        "outside": round(float(shares[0]), 4),
        "hidden": round(float(shares[1]), 4),
        "visible": round(float(shares[2]), 4),
    }


def _numbers(data: Dataset) -> dict[str, dict[str, float]]:
    """Quantiles of the head's angles and of every attribute that is a number."""
    names = [name for name, kind in data.recipe.attributes.items() if kind != "string"]
    columns = data.columns([*ANGLES, *names])
    return {name: _quantiles(values) for name, values in columns.items() if len(values)}


def _quantiles(values: NDArray[Any]) -> dict[str, float]:
    found = np.quantile(values.astype(np.float64), list(QUANTILES.values()))
    return {name: round(float(value), 3) for name, value in zip(QUANTILES, found, strict=True)}


def _words(data: Dataset) -> dict[str, dict[str, float]]:
    """The share of each value of every attribute that is a word, the most common ones first."""
    names = [name for name, kind in data.recipe.attributes.items() if kind == "string"]
    shares = {}
    for name, values in data.columns(names).items():
        common = Counter(values.tolist()).most_common(MOST_COMMON)
        shares[name] = {word: round(count / len(values), 4) for word, count in common}
    return shares
