"""One smooth subdivision of part of a quad mesh, as a sparse matrix.

Numbering: [old vertices in their order][edge midpoints in sorted edge order][quad centres], so an
old vertex keeps its number. Where refined quads meet coarse ones the border is kept as it is
(vertices fixed, midpoints on the straight edge), and the coarse quad is cut through its border
midpoints: no cracks.
Source: Catmull & Clark, Recursively generated B-spline surfaces on arbitrary topological meshes,
1978; rules for borders after Hoppe et al., Piecewise smooth surface reconstruction, 1994.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Refined:
    """A mesh of which some quads were refined once."""

    operator: sp.csr_matrix  # (V, N) weights of the old vertices
    triangles: list[Index]  # for each old quad, in order, (n, 3) new triangles
    parents: Index  # (V, 4) old vertices that a new vertex lies between; repeated where fewer


def refine(quads: Index, fine: NDArray[np.bool_], count: int) -> Refined:
    """Refine the `quads` (Q, 4) marked in `fine` (Q,) of a mesh with `count` vertices."""
    edges, edge_of, uses = _edges(quads[fine])
    coarse_edges = {tuple(e) for e in _edges(quads[~fine])[0].tolist()} if (~fine).any() else set()
    seam = np.array([tuple(edge) in coarse_edges for edge in edges.tolist()], dtype=bool)
    operator = sp.vstack([
        _old_vertices(quads[fine], edges, uses, seam, count),
        _midpoints(quads[fine], edges, edge_of, uses, seam, count),
        _average(quads[fine], count),
    ]).tocsr()  # fmt: skip
    operator.sort_indices()
    triangles = cut(quads, fine, fine, count)
    parents = np.concatenate([
        np.repeat(np.arange(count)[:, None], 4, axis=1), edges[:, [0, 0, 1, 1]], quads[fine],
    ])  # fmt: skip
    return Refined(operator, triangles, parents)


def cut(
    quads: Index, fine: NDArray[np.bool_], detail: NDArray[np.bool_], count: int
) -> list[Index]:
    """Return the triangles of each quad, in the numbering of `refine(quads, fine, count)`.

    Quads of `detail` (Q,), a part of `fine`, become eight; all others stay as coarse as their
    neighbours of `detail` allow without cracks.
    """
    edges, edge_of, _ = _edges(quads[fine])
    first_centre = count + len(edges)
    rank = np.cumsum(fine) - 1
    shared = np.unique(edge_of[rank[detail]])
    midpoint = {tuple(edges[k].tolist()): count + int(k) for k in shared}
    triangles: list[Index] = []
    for k, quad in enumerate(quads.tolist()):
        if detail[k]:
            middle = count + edge_of[rank[k]]
            triangles.append(_cut_fine(quad, middle.tolist(), first_centre + int(rank[k])))
        else:
            triangles.append(_cut_coarse(quad, midpoint))
    return triangles


def _edges(quads: Index) -> tuple[Index, Index, Index]:
    """Return sorted unique edges (E, 2), the edge of each quad side (Q, 4), quads at each edge."""
    sides = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    sides.sort(axis=1)
    edges, which, uses = np.unique(sides, axis=0, return_inverse=True, return_counts=True)
    return edges, which.reshape(-1, 4), uses


def _average(rows: Index, count: int) -> sp.csr_matrix:
    """Return the matrix whose row k averages the vertices rows[k]."""
    n, width = rows.shape
    entries = (np.full(rows.size, 1 / width), (np.repeat(np.arange(n), width), rows.ravel()))
    return sp.csr_matrix(entries, shape=(n, count))


def _midpoints(
    quads: Index, edges: Index, edge_of: Index, uses: Index, seam: NDArray[np.bool_], count: int
) -> sp.csr_matrix:
    """Edge points: on a border the middle, inside the mean of middle and the two quad centres."""
    middle = _average(edges, count)
    inside = (uses == 2) & ~seam
    joins = sp.csr_matrix(
        (np.ones(edge_of.size), (edge_of.ravel(), np.repeat(np.arange(len(quads)), 4))),
        shape=(len(edges), len(quads)),
    )
    centres = joins @ _average(quads, count) / 2
    keep = sp.diags(np.where(inside, 0.5, 1.0))
    return (keep @ middle + sp.diags(np.where(inside, 0.5, 0.0)) @ centres).tocsr()


def _old_vertices(
    quads: Index, edges: Index, uses: Index, seam: NDArray[np.bool_], count: int
) -> sp.csr_matrix:
    """Old vertices: (F + 2R + (n-3)P) / n inside, 1/8 6/8 1/8 on an open border, else kept."""
    border_edge = (uses == 1) & ~seam
    valence = np.bincount(edges.ravel(), minlength=count)
    on_border = np.bincount(edges[border_edge].ravel(), minlength=count)
    on_seam = np.bincount(edges[seam].ravel(), minlength=count) > 0
    inside = (valence > 2) & (on_border == 0) & ~on_seam
    curve = (on_border == 2) & ~on_seam
    n = np.maximum(valence, 1)
    spread = sp.csr_matrix(
        (np.ones(edges.size), (edges.T.ravel(), np.tile(np.arange(len(edges)), 2))),
        shape=(count, len(edges)),
    )
    around = sp.csr_matrix(
        (np.ones(quads.size), (quads.ravel(), np.repeat(np.arange(len(quads)), 4))),
        shape=(count, len(quads)),
    )
    middles, centres = spread @ _average(edges, count), around @ _average(quads, count)
    on_curve = spread @ sp.diags(border_edge.astype(float)) @ _average(edges, count)
    keep = np.where(inside, (n - 3) / n, np.where(curve, 0.5, 1.0))
    result = (
        sp.diags(keep)
        + sp.diags(np.where(inside, 1 / n**2, 0.0)) @ centres
        + sp.diags(np.where(inside, 2 / n**2, 0.0)) @ middles
        + sp.diags(np.where(curve, 0.25, 0.0)) @ on_curve
    ).tocsr()
    result.eliminate_zeros()
    return result


def _cut_fine(quad: list[int], middle: list[int], centre: int) -> Index:
    """Return the 8 triangles of a refined quad; each small quad is cut from corner to centre."""
    rows: list[list[int]] = []
    for k, corner in enumerate(quad):
        rows += [[corner, middle[k], centre], [corner, centre, middle[k - 1]]]
    return np.array(rows)


def _cut_coarse(quad: list[int], midpoint: dict[tuple[int, ...], int]) -> Index:
    """Return the triangles of a coarse quad, through the midpoints of refined neighbours."""
    ring: list[int] = []
    for k, corner in enumerate(quad):
        ring.append(corner)
        edge = tuple(sorted((corner, quad[(k + 1) % 4])))
        if edge in midpoint:
            ring.append(midpoint[edge])
    start = next((k for k, vertex in enumerate(ring) if vertex not in quad), 0)
    ring = ring[start:] + ring[:start]
    return np.array([[ring[0], ring[k], ring[k + 1]] for k in range(1, len(ring) - 1)])
