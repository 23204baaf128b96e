"""A click means what one sees under it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlm.cli.design import picking
from dlm.cli.design.picking import Ray

# A 9 x 9 grid of vertices at 1 mm in the plane z = 0, and the same again 1 cm behind it.
GRID = np.stack(np.meshgrid(np.arange(9), np.arange(9)), axis=-1).reshape(-1, 2) / 1000
NEAR = np.c_[GRID, np.zeros(81)]
VERTICES = np.concatenate([NEAR, NEAR - [0, 0, 0.01]]).astype(np.float32)
CELLS = np.array([9 * y + x for y in range(8) for x in range(8)])
SHEET = np.concatenate([np.stack([CELLS, CELLS + 1, CELLS + 10], 1),
                        np.stack([CELLS, CELLS + 10, CELLS + 9], 1)])  # fmt: skip
TRIANGLES = np.concatenate([SHEET, SHEET + 81]).astype(np.int32)


def looking_at(x: float, y: float, slant: float = 0.0) -> Ray:
    """Return a ray through (x, y, 0) from the front, or from the side by `slant`."""
    direction = np.array([slant, 0.0, -1.0]) / np.hypot(1.0, slant)
    return Ray(np.array([x, y, 0.0]) - direction, direction)


@given(x=st.floats(0.0002, 0.0078), y=st.floats(0.0002, 0.0078), slant=st.floats(-1, 1))
def test_the_nearest_vertex_of_the_near_sheet_is_hit(x: float, y: float, slant: float) -> None:
    met = picking.hit(looking_at(x, y, slant), VERTICES, TRIANGLES)
    assert met is not None
    vertex, distance = met
    gaps = np.linalg.norm(VERTICES[:81] - [x, y, 0], axis=1)
    assert vertex < 81
    assert gaps[vertex] <= gaps.min() + 1e-6
    assert distance == pytest.approx(1.0, abs=1e-6)


def test_a_click_beside_the_head_means_nothing() -> None:
    ray = looking_at(0.1, 0.1)
    none = np.zeros(0, np.int32)
    assert picking.hit(ray, VERTICES, TRIANGLES) is None
    assert picking.toggled(ray, VERTICES, TRIANGLES, none, 0.001) is None


def test_a_point_behind_the_surface_is_not_clicked() -> None:
    ray = looking_at(0.004, 0.004)
    behind = VERTICES[[40 + 81]]
    assert picking.point_at(ray, behind, limit=1.0, radius=0.001) is None
    assert picking.point_at(ray, behind, limit=1.02, radius=0.001) == 0


def test_a_ball_answers_for_its_vertex_where_no_other_is_nearer() -> None:
    points = np.array([40], dtype=np.int32)  # at (4, 4) mm
    big = 0.003
    assert picking.toggled(looking_at(0.0043, 0.004), VERTICES, TRIANGLES, points, big) == 40
    assert picking.toggled(looking_at(0.0049, 0.004), VERTICES, TRIANGLES, points, big) == 41
