"""One refinement of part of a quad mesh, on meshes small enough to know the answer."""

import numpy as np

from dlm.generator.models.subdivision import refine


def grid(n):
    """Return points and quads of an (n x n) sheet in the plane z = 0."""
    x, y = np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0))
    corner = np.arange(n * (n + 1)).reshape(n, n + 1)[:, :-1].ravel()
    quads = np.stack([corner, corner + 1, corner + n + 2, corner + n + 1], axis=1)
    return np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], axis=1), quads


def area(points, triangles):
    a, b, c = points[triangles].transpose(1, 0, 2)
    return np.cross(b - a, c - a)[:, 2] / 2


def test_weights_of_every_vertex_sum_to_one():
    points, quads = grid(4)
    refined = refine(quads, np.arange(16) % 3 > 0, len(points))
    np.testing.assert_allclose(refined.operator.sum(axis=1), 1)


def test_a_flat_sheet_stays_flat_without_holes_or_folds_where_fine_meets_coarse():
    points, quads = grid(4)
    refined = refine(quads, points[quads].mean(axis=1)[:, 0] < 2, len(points))
    areas = area(refined.operator @ points, np.concatenate(refined.triangles))
    assert (areas > 0).all()
    np.testing.assert_allclose(areas.sum(), 16, atol=0.4)  # open corners are rounded


def test_no_vertex_lies_on_the_middle_of_another_triangles_edge():
    points, quads = grid(4)
    refined = refine(quads, points[quads].mean(axis=1)[:, 0] < 2, len(points))
    triangles = np.concatenate(refined.triangles)
    sides = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]],
                                    triangles[:, [2, 0]]]), axis=1)  # fmt: skip
    edges, uses = np.unique(sides, axis=0, return_counts=True)
    new = refined.operator @ points
    middle = new[edges[uses == 1]].mean(axis=1)
    inside = (middle > 0.5).all(axis=1, where=[True, True, False]) & (middle[:, :2] < 3.5).all(1)
    assert not inside.any()


def test_a_cube_shrinks_to_the_points_that_the_rules_of_1978_give():
    points = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4],
                      [1, 5, 7, 3]])  # fmt: skip
    refined = refine(quads, np.ones(6, bool), 8)
    new = refined.operator @ points
    np.testing.assert_allclose(new[:8], points * 5 / 9)
    np.testing.assert_allclose(np.sort(np.abs(new[8:20]), axis=1), [[0, 0.75, 0.75]] * 12)
    np.testing.assert_allclose(np.sort(np.abs(new[20:]), axis=1), [[0, 0, 1]] * 6)
