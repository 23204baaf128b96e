"""Points taken along a curve are in order, distinct, and as even as the mesh allows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dlm.landmark_specs.curves import along, settle, straighten


def grid(n: int) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n))
    return np.stack([x.ravel(), y.ravel(), np.zeros(n * n)], axis=1)


def test_fractions_count_along_the_arc_not_the_samples() -> None:
    bent = np.array([[0, 0], [0.1, 0], [3, 0], [3, 1.0]])
    np.testing.assert_allclose(along(bent, np.array([0, 0.75, 1])), [[0, 0], [3, 0], [3, 1]])


@given(count=st.integers(3, 12), height=st.floats(0.1, 0.9), last=st.integers(0, 1600))
def test_points_are_distinct_near_and_end_where_they_must(
    count: int, height: float, last: int
) -> None:
    mesh = grid(41)
    wanted = np.stack(
        [np.linspace(0.1, 0.9, count), np.full(count, height), np.zeros(count)], axis=1
    )
    chosen = settle(wanted, mesh, np.arange(len(mesh)), {count - 1: last})
    assert chosen[-1] == last
    assert len(set(chosen[:-1].tolist())) == count - 1
    free = np.linalg.norm(mesh[chosen[:-2]] - wanted[:-2], axis=1)
    assert (free < 0.1).all()


def test_only_allowed_vertices_are_taken() -> None:
    mesh = grid(21)
    rim = np.flatnonzero(mesh[:, 1] == 0)
    wanted = np.stack([np.linspace(0, 1, 5), np.full(5, 0.3), np.zeros(5)], axis=1)
    np.testing.assert_allclose(mesh[settle(wanted, mesh, rim, {})][:, 0], wanted[:, 0])


def test_a_line_between_two_rows_keeps_to_one_of_them() -> None:
    mesh = grid(11)
    wavering = 0.55 + 0.004 * (-1) ** np.arange(7)
    wanted = np.stack([np.linspace(0.2, 0.8, 7), wavering, np.zeros(7)], axis=1)
    everywhere = np.arange(len(mesh))
    nearest = mesh[settle(wanted, mesh, everywhere, {}, evenness=0.0)]
    assert np.unique(nearest[:, 1].round(3)).size == 2
    straight = mesh[straighten(wanted, mesh, everywhere, {})]
    assert np.unique(straight[:, 1].round(3)).size == 1
    np.testing.assert_allclose(straight[:, 0], wanted[:, 0])


@given(count=st.integers(3, 9), first=st.integers(0, 440), last=st.integers(0, 440))
def test_a_straightened_line_goes_through_what_is_settled(
    count: int, first: int, last: int
) -> None:
    mesh = grid(21)
    wanted = np.stack(
        [np.linspace(0.1, 0.9, count), np.full((count), 0.5), np.zeros(count)], axis=1
    )
    chosen = straighten(wanted, mesh, np.arange(len(mesh)), {0: first, count - 1: last})
    assert (chosen[0], chosen[-1]) == (first, last)
    if count > 3:
        assert (np.diff(chosen) != 0).all()
