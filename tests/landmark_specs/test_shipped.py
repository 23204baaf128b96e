"""What the shipped layouts promise, on the head they were picked on."""

import numpy as np
import pytest

from dlm.generator import models
from dlm.generator.layout_geometry import layout_geometry
from dlm.generator.models.base import FaceModel
from dlm.landmark_specs import available, load
from dlm.landmark_specs.checks import check
from dlm.landmark_specs.spec import Int32

IBUG_MIRROR = [
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
]  # fmt: skip


@pytest.fixture(scope="module")
def head() -> FaceModel:
    return models.load("makehuman")


def bound(name: str, head: FaceModel) -> Int32:
    return load(name).vertex_indices(head.name, head.topology.hash, head.topology.vertex_count)


@pytest.mark.parametrize("name", available())
def test_a_layout_named_by_a_number_has_as_many_points(name: str) -> None:
    assert load(name).size == int(name)


@pytest.mark.parametrize("name", available())
def test_every_rule_of_the_check_holds(name: str, head: FaceModel) -> None:
    indices = bound(name, head)
    verdicts = check(load(name), indices, layout_geometry(head, indices, 40))
    assert [v.detail for v in verdicts if not v.passed] == []


@pytest.mark.parametrize("name", available())
def test_mirrored_points_are_mirrored_vertices(name: str, head: FaceModel) -> None:
    indices, mirror = bound(name, head), load(name).mirror
    np.testing.assert_array_equal(head.topology.mirror[indices], indices[mirror])


@pytest.mark.parametrize("name", available())
def test_every_layout_holds_all_68_and_mirrors_them_as_ibug_does(name: str) -> None:
    spec = load(name)
    assert np.unique(spec.ibug68).size == 68
    assert spec.ibug68.min() >= 0
    np.testing.assert_array_equal(spec.mirror[spec.ibug68], spec.ibug68[IBUG_MIRROR])


def test_68_is_in_the_order_of_ibug() -> None:
    np.testing.assert_array_equal(load("68").ibug68, np.arange(68))


@pytest.mark.parametrize("name", available())
def test_left_is_the_subjects_left(name: str, head: FaceModel) -> None:
    x = head.template[bound(name, head), 0]
    for place, point in zip(x, load(name).names, strict=True):
        if "_left" in point:
            assert place > 0, point
        elif "_right" in point:
            assert place < 0, point
        else:
            assert abs(place) < 1e-5, point


def test_the_jaw_and_the_hairline_close_the_face_oval(head: FaceModel) -> None:
    spec, indices = load("243"), bound("243", head)
    rim = head.template[indices[[*spec.groups["jaw"], *spec.groups["hairline"]]]]
    inner = np.delete(head.template[indices], [*spec.groups["jaw"], *spec.groups["hairline"]], 0)
    assert np.abs(inner[:, 0]).max() < np.abs(rim[:, 0]).max()
    assert rim[:, 1].min() < inner[:, 1].min()
    assert rim[:, 1].max() > inner[:, 1].max()
