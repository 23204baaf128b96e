"""Small fabricated datasets: right in every column, drawn in microseconds."""

from pathlib import Path
from typing import Any

import numpy as np

from dlm.datasets.images import encode_jpeg
from dlm.datasets.manifest import write_manifest
from dlm.datasets.recipe import Recipe
from dlm.datasets.writer import create_or_check, missing_shards, write_shard

SPEC = """\
name: tri_3
version: 1
topology: {makehuman: 3f9c1a}
points:
  #     makehuman
  left:  [10]
  right: [20]
  chin:  [30]
mirror: {pairs: [[left, right]], midline: [chin]}
groups: {eyes: [left, right], jaw: [chin]}
lines: {face: {points: [left, right, chin], closed: true}}
ibug68: {}
normaliser: {inter_ocular: [right, left]}
contour: []
"""


def recipe(**changes: Any) -> Recipe:
    """A recipe of three points, two coefficients and 20 vertices, unless `changes` say else."""
    fields: dict[str, Any] = {
        "spec_name": "tri_3",
        "spec_hash": "0123456789ab",
        "spec_text": SPEC,
        "points": 3,
        "model": "makehuman",
        "topology": "3f9c1a",
        "vertices": 20,
        "identity": 2,
        "attributes": {"age": "float32", "hair_style": "string", "glasses": "int32"},
        "size": 32,
        "seed": 7,
        "look": "hair: {short: 1.0}",
        "versions": {"dlm": "0.1.0"},
        "shard_size": 100,
    }
    return Recipe(**{**fields, **changes})


def rows(recipe: Recipe, ids: range) -> dict[str, Any]:
    """Columns for `ids`: a pure function of recipe and id, as a renderer's would be."""
    drawn = [_row(recipe, index) for index in ids]
    return {
        column.name: _column([row[column.name] for row in drawn], column.kind)
        for column in recipe.columns
    }


def _column(values: list[Any], kind: str) -> Any:
    return values if kind in ("image", "string") else np.array(values)


def _row(recipe: Recipe, index: int) -> dict[str, Any]:
    rng = np.random.default_rng((recipe.seed, index))
    row: dict[str, Any] = {
        column.name: rng.normal(0, 20, column.shape).astype(np.float32)
        for column in recipe.columns
        if column.kind == "float32"
    }
    colour = rng.integers(40, 216, 3)
    row["id"] = index
    row["image"] = encode_jpeg(np.full((recipe.size,) * 2 + (3,), colour, np.uint8), 90)
    row["points"] = rng.uniform(0, recipe.size, (recipe.points, 2)).astype(np.float32)
    row["visibility"] = rng.integers(0, 3, recipe.points).astype(np.uint8)
    row["visible_vertices"] = np.packbits(rng.random(recipe.vertices) < 0.5, bitorder="little")
    row["scene"] = '{"version": 1}'
    row["age"] = np.float32(rng.uniform(18, 80))
    row["hair_style"] = ["bald", "short", "long"][index % 3]
    row["glasses"] = index % 2
    return row


def dataset(
    folder: Path, n: int = 250, *, complete: bool = True, of: Recipe | None = None
) -> Recipe:
    """Write a dataset of `n` rows and return its recipe."""
    asked = of or recipe()
    create_or_check(folder, asked)
    for shard in missing_shards(folder, asked, n):
        write_shard(folder, shard, rows(asked, asked.shard_ids(shard, n)), asked)
    if complete:
        write_manifest(folder)
    return asked
