"""A row keeps its Scene whole: what was drawn can be drawn again."""

from dataclasses import asdict

import numpy as np
import pytest

from dlm.generator import models
from dlm.generator.look import probabilities
from dlm.generator.pipeline import join, sample_scene
from dlm.generator.rows import Drawn, attribute_kinds, scene_columns, scenes_of


@pytest.fixture(scope="module")
def columns_and_scenes():  # type: ignore[no-untyped-def]
    head = models.load("makehuman")
    scenes = [sample_scene(head, probabilities.default(), 7, i, 128) for i in range(5)]
    drawn = [Drawn(jpeg=b"", visible_vertices=np.zeros(4, np.uint8))] * 5
    columns = scene_columns(scenes, drawn)
    return {name: np.asarray(values) for name, values in columns.items()}, scenes


def test_a_scene_comes_back_from_its_row_bit_for_bit(columns_and_scenes) -> None:  # type: ignore[no-untyped-def]
    columns, scenes = columns_and_scenes
    stored = {**columns, "intrinsics": columns["intrinsics"].astype(np.float32)}
    for before, after in zip(scenes, scenes_of(stored, 128), strict=True):
        for name in ("identity", "expression", "gaze", "neck", "head"):
            np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
        np.testing.assert_array_equal(before.camera.world_to_camera, after.camera.world_to_camera)
        assert np.float32(before.camera.fx) == np.float32(after.camera.fx)
        assert asdict(before.look) == asdict(after.look)
        assert dict(before.traits) == dict(after.traits)
        assert (before.seed, before.index) == (after.seed, after.index)


def test_every_attribute_is_a_column_of_the_kind_told(columns_and_scenes) -> None:  # type: ignore[no-untyped-def]
    columns, scenes = columns_and_scenes
    for name, kind in attribute_kinds(scenes[0]).items():
        assert (columns[name].dtype.kind == "U") == (kind == "string")


def test_batches_join_to_one(columns_and_scenes) -> None:  # type: ignore[no-untyped-def]
    columns, _ = columns_and_scenes
    halves = [
        {name: values[part] for name, values in columns.items()}
        for part in (slice(0, 2), slice(2, 5))
    ]
    for name, values in join(halves).items():
        np.testing.assert_array_equal(values, columns[name])
