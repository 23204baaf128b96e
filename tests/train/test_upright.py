"""Shapes are turned to a reference by the similarity that they were moved by."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dlm.train import crops, upright

SHAPE = upright.reference(np.random.default_rng(0).normal(3, 2, (1, 12, 2)))


def test_a_reference_is_centred_and_of_size_one():
    assert np.allclose(SHAPE.mean(axis=0), 0)
    assert np.isclose(np.linalg.norm(SHAPE, axis=1).mean(), 1)


@given(st.floats(-np.pi, np.pi), st.floats(0.1, 50), st.floats(-99, 99), st.floats(-99, 99))
def test_whatever_similarity_moved_a_shape_is_undone(angle, scale, x, y):
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    moved = SHAPE @ np.array([[cos, sin], [-sin, cos]]) + np.array([x, y])
    turn = upright.matrices(moved[None], SHAPE)
    assert np.allclose(crops.apply(turn, moved[None]), SHAPE, atol=1e-9)


def test_it_is_the_closest_of_all_similarities_and_no_reflection():
    rng = np.random.default_rng(1)
    shapes = rng.normal(0, 2, (20, 12, 2))
    turn = upright.matrices(shapes, SHAPE)
    away = np.square(crops.apply(turn, shapes) - SHAPE).sum(axis=(1, 2))
    assert (np.linalg.det(turn[:, :, :2]) > 0).all()
    for _ in range(20):
        other = turn.copy()
        cos, sin = 1 + rng.normal(0, 0.01), rng.normal(0, 0.01)
        other[:, :, :2] = np.array([[cos, -sin], [sin, cos]]) @ other[:, :, :2]
        other[:, :, 2] += rng.normal(0, 0.01, 2)
        assert (np.square(crops.apply(other, shapes) - SHAPE).sum(axis=(1, 2)) >= away).all()
