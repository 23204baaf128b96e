"""Relabelling gives what a render would have given, for every layout and either contour."""

from pathlib import Path

import numpy as np
import pytest

from dlm import datasets
from dlm.datasets import Recipe
from dlm.datasets.recipe import CONTOURS, parse_recipe
from dlm.datasets.writer import create_or_check, write_manifest, write_shard
from dlm.generator import render
from dlm.generator.pipeline import Generator, plan
from dlm.generator.relabel import labels, relabel
from dlm.generator.render.base import Frame
from dlm.landmark_specs import available, load
from tests.datasets import builders

IDS = range(4)
SIZE = 64
LAYOUT = ("points", "visibility", "box")


class Plate:
    """Stands in for a renderer: an upright plate through the head hides what lies behind it."""

    name = driver = "none"

    def draw(self, scene, vertices, normals):  # type: ignore[no-untyped-def]
        del vertices, normals
        depth = np.full((SIZE, SIZE), scene.camera.world_to_camera[2, 3] + 0.03, np.float32)
        return Frame(np.zeros((SIZE, SIZE, 3), np.uint8), depth)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """What a render of a layout with a contour policy has in its rows."""
    monkeypatch.setattr(render, "open_renderer", lambda *_, **__: Plate())

    def rows(layout: str, contour: str):  # type: ignore[no-untyped-def]
        recipe = plan(load(layout), size=SIZE, seed=5, contour=contour)
        return recipe, Generator(recipe).rows(IDS)

    return rows


def test_relabelled_is_rendered_for_every_layout_and_contour(drawn, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    recipe, columns = drawn("68", "fixed")
    source = tmp_path / "source"
    create_or_check(source, recipe)
    write_shard(source, 0, columns, recipe)
    write_manifest(source)
    for layout in available():
        for contour in CONTOURS:
            wanted_recipe, wanted = drawn(layout, contour)
            target = tmp_path / f"{layout}_{contour}"
            relabel(datasets.open(source), load(layout), target, lambda _: None, contour=contour)
            found = datasets.open(target)
            assert found.recipe.hash == wanted_recipe.hash
            for name, values in found.columns(LAYOUT).items():
                np.testing.assert_array_equal(values, wanted[name], err_msg=f"{target} {name}")
            assert 1 in wanted["visibility"]
            assert 2 in wanted["visibility"]


def test_labels_can_slide_without_being_written(drawn, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    recipe, columns = drawn("68", "visible")
    create_or_check(tmp_path / "ds", recipe)
    write_shard(tmp_path / "ds", 0, columns, recipe)
    write_manifest(tmp_path / "ds")
    points, seen = labels(datasets.open(tmp_path / "ds"), load("68"), [3, 1], contour="visible")
    np.testing.assert_array_equal(points, columns["points"][[3, 1]])
    np.testing.assert_array_equal(seen, columns["visibility"][[3, 1]])
    still, _ = labels(datasets.open(tmp_path / "ds"), load("68"), [3, 1])
    assert np.abs(still - points).max() > 1
    np.testing.assert_array_equal(still[:, 17:], points[:, 17:])  # the jaw alone slides


def test_layouts_are_compared_with_the_contour_of_their_dataset(drawn, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from dlm.train.relabelled import labels_of

    recipe, columns = drawn("68", "visible")
    create_or_check(tmp_path / "ds", recipe)
    write_shard(tmp_path / "ds", 0, columns, recipe)
    write_manifest(tmp_path / "ds")
    dense = load("243")
    points, _ = labels_of(datasets.open(tmp_path / "ds"), dense)
    np.testing.assert_array_equal(points[:, dense.ibug68[:17]], columns["points"][:, :17])


def test_a_recipe_older_than_the_contour_is_read_as_fixed_and_keeps_its_hash() -> None:
    old = builders.recipe()
    text = old.to_json().replace(',\n    "contour": "fixed"', "")
    assert '"contour"' not in text
    read = parse_recipe(text, "dataset.json")
    assert (read.contour, read.hash) == ("fixed", old.hash)


def test_the_contour_is_part_of_the_recipe() -> None:
    fixed, slides = builders.recipe(), builders.recipe(contour="visible")
    assert fixed.hash != slides.hash
    assert fixed.differences(slides) == ["contour fixed, not visible"]
    assert isinstance(parse_recipe(slides.to_json(), ""), Recipe)
