"""Two edges that meet, lids or lips: how far apart they stand, and what a change of it moves.

A model's own shapes close one person's eyes and mouth and leave another's ajar, or cross them. A
Slit measures the opening as a linear function of the vertices, so that it can be set.

Shapes: V vertices, K places along the upper edge, n vertices near the edges.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dlm.generator.models.base import Float32

Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Slit:
    """The opening between two edges."""

    opening: sp.csr_matrix  # (K, V) of heights to metres between the edges
    near: Index  # (n,) vertices that move with the edges
    follow: sp.csr_matrix  # (n, K) of a change of opening to a change of height

    def set_opening(self, rows: Float32, wanted: Float32) -> None:
        """Move what is near the edges of `rows` (V, 3, B) until they open by `wanted` (K, B)."""
        change = wanted - self.opening @ np.ascontiguousarray(rows[:, 1])
        rows[self.near, 1] += self.follow @ change

    def of_basis(self, basis: sp.csr_matrix) -> sp.csr_matrix:
        """Return (K, M): what each column of `basis` (3V, M) adds to the opening."""
        edges = np.unique(self.opening.indices)
        return sp.csr_matrix(self.opening[:, edges] @ basis[3 * edges + 1])


@dataclass(frozen=True, eq=False)
class Edges:
    """Where a slit is on the template, and how its surroundings give way."""

    upper: Index  # vertices from one corner to the other, both corners included
    lower: Index
    shut: Float32  # (V, 3) vertices with the edges together
    apart: Float32  # (V, 3) vertices with the edges apart
    upper_share: float  # of a change of opening; the lower edge takes the rest
    falloff: float  # metres from the edges at which 60 % of the change remain
    blur: float  # metres along the edges


def find_slit(edges: Edges, skin: Index, strips: tuple[Index, Index]) -> Slit:
    """Return the slit; `strips` hang on the upper and the lower edge and follow them whole."""
    upper = edges.upper[1:-1]
    near, is_upper, amount = _surroundings(edges, skin, strips)
    x = edges.shut[:, 0]
    columns = np.exp(-0.5 * ((x[near][:, None] - x[upper]) / edges.blur) ** 2)
    columns += 1e-6 * (columns == columns.max(axis=1, keepdims=True))
    columns /= columns.sum(axis=1, keepdims=True)
    own = np.isin(near, upper)
    columns[own] = near[own][:, None] == upper
    share = np.where(is_upper, edges.upper_share, edges.upper_share - 1)
    columns *= (amount * share)[:, None]
    columns[np.abs(columns) < 1e-4] = 0
    opening = _opening(x, upper, edges.lower)
    return Slit(opening, near, sp.csr_matrix(columns.astype(np.float32)))


def _surroundings(
    edges: Edges, skin: Index, strips: tuple[Index, Index]
) -> tuple[Index, NDArray[np.bool_], NDArray[np.float64]]:
    """Return the vertices near the edges, which edge they follow, and how much, 0 to 1."""
    from scipy.spatial import cKDTree  # slow to load, and the linear heads alone need it

    both = np.concatenate([edges.upper[1:-1], edges.lower])
    tree = cKDTree(edges.apart[both])
    away, which = tree.query(edges.apart[skin])
    close = away < 3 * edges.falloff
    near, is_upper = [skin[close]], [which[close] < len(edges.upper) - 2]
    amount = [np.exp(-0.5 * (away[close] / edges.falloff) ** 2)]
    for strip, above in zip(strips, (True, False), strict=True):
        mine = strip[tree.query(edges.apart[strip])[0] < 6 * edges.falloff]
        near.append(mine)
        is_upper.append(np.full(len(mine), above))
        amount.append(np.ones(len(mine)))
    return np.concatenate(near), np.concatenate(is_upper), np.concatenate(amount)


def _opening(x: NDArray[Any], upper: Index, lower: Index) -> sp.csr_matrix:
    """Return (K, V): each vertex of the upper edge above the lower edge at its x."""
    order = lower[np.argsort(x[lower], kind="stable")]
    low = np.clip(np.searchsorted(x[order], x[upper]) - 1, 0, len(order) - 2)
    step = np.maximum(x[order[low + 1]] - x[order[low]], 1e-9)
    share = np.clip((x[upper] - x[order[low]]) / step, 0, 1)
    k = np.arange(len(upper))
    values = np.concatenate([np.ones(len(k)), share - 1, -share]).astype(np.float32)
    columns = np.concatenate([upper, order[low], order[low + 1]])
    return sp.csr_matrix((values, (np.tile(k, 3), columns)), shape=(len(k), len(x)))
