"""Crops: one affine map for pixels and points, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlm.landmark_specs import load
from dlm.train import crops
from dlm.train.metrics import nme, normaliser_68
from dlm.train.protocols import MIRROR_68
from tests.train.builders import draw

boxes = st.tuples(st.floats(-50, 400), st.floats(-50, 400), st.floats(5, 600)).map(np.array)
points = st.lists(
    st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=1, max_size=9
).map(np.array)


@given(box=boxes, place=points, size=st.integers(8, 300))
def test_points_come_back_from_a_crop(box, place, size):
    matrix = crops.crop_matrix(box, size)
    back = crops.apply(crops.invert(matrix), crops.apply(matrix, place))
    np.testing.assert_allclose(back, place, atol=1e-8)


def test_the_whole_picture_is_its_own_crop():
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    box = np.array([19.5, 19.5, 40.0])
    np.testing.assert_array_equal(crops.crop_image(image, box, 40), image)
    np.testing.assert_allclose(crops.crop_matrix(box, 40), [[1, 0, 0], [0, 1, 0]])


def test_half_the_size_maps_x_to_half_of_x_plus_a_half_less_a_half():
    matrix = crops.crop_matrix(np.array([19.5, 19.5, 40.0]), 20)
    moved = crops.apply(matrix, np.array([[7.0, 12.0]]))
    np.testing.assert_allclose(moved, [[0.5 * 7.5 - 0.5, 0.5 * 12.5 - 0.5]])


@pytest.mark.parametrize("box", [(50.3, 41.7, 60.2), (50, 40, 130), (46, 42, 25.5), (60, 20, 80)])
def test_a_dot_is_drawn_where_its_point_is_mapped(box):
    place = np.array([[44.3, 38.6]] * 6)
    picture = crops.crop_image(draw(place, 96, radius=2), np.array(box, float), 64)
    expected = crops.apply(crops.crop_matrix(np.array(box, float), 64), place[:1])[0]
    mass = np.abs(picture - 0.25 * 255).clip(1) - 1
    mass = mass.sum(axis=-1)
    found = [(mass * axis).sum() / mass.sum() for axis in np.mgrid[:64, :64][::-1]]
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_perfect_points_in_a_flipped_crop_give_no_error_in_the_photo():
    truth = np.random.default_rng(1).uniform(100, 300, (4, 68, 2))
    matrix = crops.crop_matrix(crops.square_box(truth), 128)
    in_flipped = crops.flip_points(crops.apply(matrix, truth), MIRROR_68, 128)
    back = crops.apply(crops.invert(matrix), crops.flip_points(in_flipped, MIRROR_68, 128))
    assert nme(back, truth, normaliser_68(truth, "ocular")).max() < 1e-6


def test_the_box_is_square_around_the_labels_and_larger_by_the_rule():
    face = np.array([[10.0, 20.0], [50.0, 100.0]])
    np.testing.assert_allclose(crops.square_box(face), [30, 60, crops.ENLARGE * 80])


@pytest.mark.parametrize("name", ["68", "243"])
def test_mirroring_twice_changes_nothing(name):
    spec = load(name)
    place = np.random.default_rng(2).uniform(0, 128, (3, spec.size, 2))
    twice = crops.flip_points(crops.flip_points(place, spec.mirror, 128), spec.mirror, 128)
    np.testing.assert_allclose(twice, place)


def test_the_shipped_68_mirrors_as_ibug_does():
    np.testing.assert_array_equal(load("68").mirror, MIRROR_68)
