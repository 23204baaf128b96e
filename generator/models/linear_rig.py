"""What is not linear in a linear head: lids that close and lie on the ball, and turning eyes.

Everything is elementwise over the batch or a sparse product, so that a row does not depend on its
neighbours, bit for bit. Shapes: V vertices, B samples, K places along a lid; heads as (V, 3, B).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dlm.generator.models.ball import centre_weights
from dlm.generator.models.base import ARKIT_UNITS, Float32, Topology

Index = NDArray[np.int64]

SIDES = ("left", "right")
_UNIT = {name: k for k, name in enumerate(ARKIT_UNITS)}
_FULL_LOOK = np.float32(np.radians(30))  # the gaze that the eyeLook units are made for
_UPPER_SHARE = 0.85  # of a lid's closing; the lower lid comes to meet it
_LID_FALLOFF, _LID_REACH = 0.0045, 0.013  # metres from the lid's edge that follow its closing
_COLUMN_BLUR = 0.0012  # metres along the lid
_CLEAR_IN, _CLEAR_OUT = 1.5e-4, 5e-4  # metres of lid before the ball: its inner, its outer face
_BLINK_RANGE = (0.6, 1.8)  # weights that a full blink may need


@dataclass(frozen=True, eq=False)
class Lids:
    """One eye's lids: what measures their opening and what a change of it moves."""

    opening: sp.csr_matrix  # (K, V) of heights to metres between the lids
    near: Index  # (n,) vertices that move with the lids' edges
    follow: sp.csr_matrix  # (n, K) of a change of opening to a change of height
    shell: Index  # (m,) vertices that must stay outside the ball
    clear: Float32  # (m,) metres at least from the ball
    rest: Float32  # (K,) opening of the template
    by_identity: sp.csr_matrix  # (K, I)
    by_expression: sp.csr_matrix  # (K, 52), the blink left out
    closing: Float32  # (K,) what a full blink unit takes from the opening
    unit: int  # the blink unit


@dataclass(frozen=True, eq=False)
class Ball:
    """One eyeball."""

    vertices: Index  # (n,)
    weights: sp.csr_matrix  # (1, n) of vertices to their centre


def balls(topology: Topology, template: Float32) -> list[Ball]:
    """Return the eyeballs of a head, left then right; none where it has not both."""
    if not all(f"eye_{side}" in topology.parts for side in SIDES):
        return []
    found = []
    for side in SIDES:
        vertices = topology.part_vertices(f"eye_{side}").astype(np.int64)
        weights = sp.csr_matrix(centre_weights(template[vertices])[None])
        found.append(Ball(vertices, weights))
    return found


def lids_follow(expression: Float32, gaze: Float32) -> Float32:
    """Return the expression (B, 52) with the lids that the gaze (B, 2, 2) draws along."""
    result = expression.copy()
    for eye, (side, towards_nose) in enumerate((("Left", -1), ("Right", 1))):
        yaw, pitch = (gaze[:, eye] / _FULL_LOOK).T
        for unit, amount in (("Up", pitch), ("Down", -pitch), ("In", yaw * towards_nose),
                             ("Out", -yaw * towards_nose)):  # fmt: skip
            result[:, _UNIT[f"eyeLook{unit}{side}"]] += np.clip(amount, 0, 1.2)
    return result


def blink_weight(lids: Lids, identity: Float32, expression: Float32) -> tuple[Float32, Float32]:
    """Return the weight (B,) of the blink unit and the opening (K, B) that is asked for.

    A unit made on one face closes another one's eyes too little or too far: the weight is what
    brings this person's own opening to zero at a full blink, in the least squares sense.
    """
    blink = expression[:, lids.unit]
    rest = lids.rest[:, None] + lids.by_identity @ np.ascontiguousarray(identity.T)
    rest += lids.by_expression @ np.ascontiguousarray(expression.T)
    rest = np.maximum(rest, 0)
    towards = lids.closing / max(float((lids.closing**2).sum()), 1e-12)
    full = sp.csr_matrix(towards[None].astype(np.float32)) @ rest
    weight = blink * np.clip(np.asarray(full)[0], *np.float32(_BLINK_RANGE))
    return weight, np.maximum(1 - blink, 0) * rest


def fit_lids(rows: Float32, lids: Lids, ball: Ball, opening: Float32) -> None:
    """Bring the lids of `rows` (V, 3, B) to `opening` (K, B), then off the ball; in place."""
    heights = np.ascontiguousarray(rows[:, 1])
    change = opening - lids.opening @ heights
    rows[lids.near, 1] += lids.follow @ change
    centre, radius = _sphere(rows, ball)
    ray = rows[lids.shell] - centre
    distance = _length(ray)
    least = radius + lids.clear[:, None]
    rows[lids.shell] = centre + ray * (np.maximum(distance, least) / distance)[:, None]


def turn_ball(rows: Float32, ball: Ball, gaze: Float32) -> None:
    """Turn one eyeball of `rows` (V, 3, B) by `gaze` (B, 2) yaw and pitch, in place."""
    centre, _ = _sphere(rows, ball)
    x, y, z = np.moveaxis(rows[ball.vertices] - centre, 1, 0)
    yaw, pitch = gaze.T
    y, z = y * np.cos(pitch) + z * np.sin(pitch), z * np.cos(pitch) - y * np.sin(pitch)
    x, z = x * np.cos(yaw) + z * np.sin(yaw), z * np.cos(yaw) - x * np.sin(yaw)
    rows[ball.vertices] = centre + np.stack([x, y, z], axis=1)


def _sphere(rows: Float32, ball: Ball) -> tuple[Float32, Float32]:
    """Return centre (3, B) and radius (B,)."""
    points = rows[ball.vertices]
    count, _, batch = points.shape
    centre = (ball.weights @ points.reshape(count, -1)).reshape(3, batch)
    even = sp.csr_matrix(np.full((1, count), 1 / count, dtype=np.float32))
    return centre, np.asarray(even @ _length(points - centre))[0]


def _length(rays: Float32) -> Float32:
    x, y, z = np.moveaxis(rays, 1, 0)
    return np.asarray(np.sqrt(x * x + y * y + z * z))


def find_lids(
    arrays: Mapping[str, NDArray[Any]], template: Float32, topology: Topology,
    bases: tuple[sp.csr_matrix, sp.csr_matrix], eyes: list[Ball],
) -> list[Lids]:  # fmt: skip
    """Return both eyes' lids, left first; none where the file does not name their edges.

    `bases` are identity (3V, I) and expression (3V, 52) of (V, 3) in metres.
    """
    if "lid_left_upper" not in arrays or not eyes:
        return []
    return [_lids(arrays, template, topology, bases, side, eye)
            for side, eye in zip(SIDES, eyes, strict=True)]  # fmt: skip


def _lids(
    arrays: Mapping[str, NDArray[Any]], template: Float32, topology: Topology,
    bases: tuple[sp.csr_matrix, sp.csr_matrix], side: str, eye: Ball,
) -> Lids:  # fmt: skip
    upper = arrays[f"lid_{side}_upper"].astype(np.int64)[1:-1]
    lower = arrays[f"lid_{side}_lower"].astype(np.int64)
    unit = _UNIT[f"eyeBlink{side.capitalize()}"]
    blink = bases[1][:, [unit]].toarray().reshape(-1, 3)
    shut = template + blink
    opening = _opening(shut[:, 0], upper, lower, len(template))
    heights = np.arange(1, 3 * len(template), 3)
    identity, expression = ((opening @ basis[heights]).tocsr() for basis in bases)
    closing = -np.asarray(expression[:, [unit]].toarray())[:, 0]
    others = sp.diags((np.arange(len(ARKIT_UNITS)) != unit).astype(np.float32))
    near, follow = _follow(template, shut, topology, upper, lower)
    shell, clear = _shell(template, topology, eye)
    return Lids(
        opening=opening, near=near, follow=follow, shell=shell, clear=clear,
        rest=opening @ template[:, 1], by_identity=identity,
        by_expression=(expression @ others).tocsr(), closing=closing.astype(np.float32), unit=unit,
    )  # fmt: skip


def _between(x: NDArray[Any], at: NDArray[Any]) -> tuple[Index, NDArray[np.float64]]:
    """Return the places in sorted `x` below each of `at`, and the share of the way to the next."""
    low = np.clip(np.searchsorted(x, at) - 1, 0, len(x) - 2)
    share = (at - x[low]) / np.maximum(x[low + 1] - x[low], 1e-9)
    return low, np.clip(share, 0, 1)


def _opening(x: NDArray[Any], upper: Index, lower: Index, count: int) -> sp.csr_matrix:
    """Return (K, V): each vertex of the upper edge above the lower edge at its x, lids shut."""
    order = lower[np.argsort(x[lower])]
    low, share = _between(x[order], x[upper])
    k = np.arange(len(upper))
    values = np.concatenate([np.ones(len(k)), share - 1, -share]).astype(np.float32)
    columns = np.concatenate([upper, order[low], order[low + 1]])
    return sp.csr_matrix((values, (np.tile(k, 3), columns)), shape=(len(k), count))


def _follow(
    template: Float32, shut: Float32, topology: Topology, upper: Index, lower: Index
) -> tuple[Index, sp.csr_matrix]:
    """Return what moves with the lids' edges, and how far for a change of opening."""
    edge = np.concatenate([upper, lower])
    tree = cKDTree(template[edge])
    skin = topology.part_vertices("skin").astype(np.int64)
    away, which = tree.query(template[skin])
    close = away < _LID_REACH
    near, is_upper = skin[close], which[close] < len(upper)
    amount = np.exp(-0.5 * (away[close] / _LID_FALLOFF) ** 2)
    for part, above in (("lashes_upper", True), ("lashes_lower", False)):
        if part in topology.parts:
            strip = topology.part_vertices(part).astype(np.int64)
            mine = strip[tree.query(template[strip])[0] < 2 * _LID_REACH]
            near, amount = np.append(near, mine), np.append(amount, np.ones(len(mine)))
            is_upper = np.append(is_upper, np.full(len(mine), above))
    columns = np.exp(-0.5 * ((shut[near, 0][:, None] - shut[upper, 0]) / _COLUMN_BLUR) ** 2)
    columns += 1e-6 * (columns == columns.max(axis=1, keepdims=True))
    columns /= columns.sum(axis=1, keepdims=True)
    own = np.isin(near, upper)
    columns[own] = near[own][:, None] == upper
    columns *= (amount * np.where(is_upper, _UPPER_SHARE, _UPPER_SHARE - 1))[:, None]
    columns[np.abs(columns) < 1e-4] = 0
    return near, sp.csr_matrix(columns.astype(np.float32))


def _shell(template: Float32, topology: Topology, eye: Ball) -> tuple[Index, Float32]:
    """Return the skin around the ball, and how far before it each vertex stays.

    What lies farther out on the template stays so: the lids keep their thickness.
    """
    points = template[eye.vertices]
    centre = (eye.weights @ points)[0]
    radius = float(np.linalg.norm(points - centre, axis=1).mean())
    skin = topology.part_vertices("skin").astype(np.int64)
    away = np.linalg.norm(template[skin] - centre, axis=1)
    mine = away < 1.4 * radius
    clear = np.clip(away[mine] - radius, _CLEAR_IN, _CLEAR_OUT)
    return skin[mine], clear.astype(np.float32)
