"""Label drawn faces with another layout, without drawing them again.

Rows keep the Scene's numbers and which vertices the picture shows, so points, visibility and box
of any layout follow: bit for bit those that a render with that layout would have.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dlm.datasets import Dataset, Recipe
from dlm.datasets.writer import create_or_check, missing_shards, write_manifest, write_shard
from dlm.errors import DatasetError, SpecError
from dlm.generator import models
from dlm.generator.models.base import FaceModel, Float32
from dlm.generator.pipeline import BATCH, join, pose_heads
from dlm.generator.placing import FIXED, Placer
from dlm.generator.rows import SCENE_COLUMNS, poses_of
from dlm.landmark_specs import LandmarkSpec


def labels(
    dataset: Dataset, spec: LandmarkSpec, rows: ArrayLike | None = None, *, contour: str = FIXED
) -> tuple[Float32, NDArray[np.uint8]]:
    """Return points (n, P, 2) and visibility (n, P) of `rows`, all by default, in layout `spec`.

    `contour` is where the layout's contour groups lie, one of CONTOURS. Raises SpecError where the
    layout does not fit the dataset's head model or the policy.
    """
    places = np.arange(len(dataset)) if rows is None else np.asarray(rows)
    columns = Relabeller(dataset.recipe, spec, contour).columns(dataset, places)
    return columns["points"], columns["visibility"]


class Relabeller:
    """Computes the columns of one layout for rows of a recipe."""

    def __init__(self, recipe: Recipe, spec: LandmarkSpec, contour: str = FIXED) -> None:
        self.model: FaceModel = models.load(recipe.model)
        topology = self.model.topology
        if topology.hash != recipe.topology:
            raise SpecError(
                f"the dataset was rendered on topology {recipe.topology} of {recipe.model}, "
                f"this dlm has {topology.hash}",
                f"spec {spec.name!r}",
                "render it again with this dlm",
            )
        self._placer = Placer(self.model, spec, contour)
        self.recipe = replace(
            recipe,
            spec_name=spec.name,
            spec_hash=spec.hash,
            spec_text=spec.text,
            points=spec.size,
            contour=contour,
        )

    def columns(self, dataset: Dataset, rows: NDArray[np.int64]) -> dict[str, Any]:
        """Return points, visibility and box of `rows` in the layout."""
        parts = [self._batch(dataset, rows[i : i + BATCH]) for i in range(0, len(rows), BATCH)]
        return join(parts)

    def _batch(self, dataset: Dataset, rows: NDArray[np.int64]) -> dict[str, Any]:
        stored = dataset.columns([*SCENE_COLUMNS, "visible_vertices"], rows)
        poses = list(poses_of(stored, self.recipe.size))
        heads = pose_heads(self.model, poses)
        return self._placer.columns(poses, heads, stored["visible_vertices"])


def relabel(
    dataset: Dataset,
    spec: LandmarkSpec,
    folder: Path,
    advance: Callable[[int], None],
    *,
    contour: str = FIXED,
) -> None:
    """Write `dataset` anew to `folder` with the labels of `spec`; a stopped run is continued.

    `contour` is where the layout's contour groups lie, one of CONTOURS.
    Raises DatasetError for an unfinished dataset or a folder of something else.
    """
    if not dataset.complete or dataset.ids[-1] + 1 != len(dataset):
        raise DatasetError(
            "is unfinished", str(dataset.path), "finish it with the same 'dlm render' first"
        )
    relabeller = Relabeller(dataset.recipe, spec, contour)
    recipe, n = relabeller.recipe, len(dataset)
    create_or_check(folder, recipe)
    missing = set(missing_shards(folder, recipe, n))
    kept = [column.name for column in recipe.columns]
    for shard in range(recipe.shard_count(n)):
        rows = np.array(recipe.shard_ids(shard, n))
        if shard in missing:
            columns = dataset.columns(kept, rows) | relabeller.columns(dataset, rows)
            write_shard(folder, shard, columns, recipe)
        advance(len(rows))
    write_manifest(folder)
