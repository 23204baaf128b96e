"""What is not linear in a linear head: lids that close and lie on the ball, lips, turning eyes.

Everything is elementwise over the batch or a sparse product, so that a row does not depend on its
neighbours, bit for bit. Shapes: V vertices, B samples, K places along an edge; heads as (V, 3, B).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dlm.generator.models.ball import centre_weights
from dlm.generator.models.base import ARKIT_UNITS, Float32, Topology
from dlm.generator.models.slits import Edges, Index, Slit, find_slit

SIDES = ("left", "right")
_UNIT = {name: k for k, name in enumerate(ARKIT_UNITS)}
_FULL_LOOK = np.float32(np.radians(30))  # the gaze that the eyeLook units are made for
_LIDS = {"upper_share": 0.85, "falloff": 0.0045, "blur": 0.0012}  # the upper lid comes down
_LIPS = {"upper_share": 0.5, "falloff": 0.005, "blur": 0.0012}
_LIP_OVERLAP = np.float32(3e-4)  # metres that shut lips press into each other
_CLEAR_IN, _CLEAR_OUT = 1.5e-4, 5e-4  # metres of lid before the ball: its inner, its outer face
_BLINK_LEAST, _BLINK_MOST = np.float32(0.6), np.float32(1.8)  # weights a full blink may need


@dataclass(frozen=True, eq=False)
class Ball:
    """One eyeball."""

    vertices: Index  # (n,)
    weights: sp.csr_matrix  # (1, n) of vertices to their centre


@dataclass(frozen=True, eq=False)
class Lids:
    """One eye's lids."""

    slit: Slit
    shell: Index  # (m,) vertices that must stay outside the ball
    clear: Float32  # (m,) metres at least from the ball
    rest: Float32  # (K,) opening of the template
    by_identity: sp.csr_matrix  # (K, I)
    by_expression: sp.csr_matrix  # (K, 52), the blink left out
    towards: sp.csr_matrix  # (1, K) of an opening to the blink's weight that closes it
    unit: int  # the blink unit


@dataclass(frozen=True, eq=False)
class Lips:
    """The mouth: on most identities the linear shapes leave it ajar."""

    slit: Slit
    by_expression: sp.csr_matrix  # (K, 52)


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
    full = np.asarray(lids.towards @ rest)[0]
    return blink * np.clip(full, _BLINK_LEAST, _BLINK_MOST), np.maximum(1 - blink, 0) * rest


def fit_lids(rows: Float32, lids: Lids, ball: Ball, opening: Float32) -> None:
    """Bring the lids of `rows` (V, 3, B) to `opening` (K, B), then off the ball; in place."""
    lids.slit.set_opening(rows, opening)
    centre, radius = _sphere(rows, ball)
    ray = rows[lids.shell] - centre
    distance = _length(ray)
    least = radius + lids.clear[:, None]
    rows[lids.shell] = centre + ray * (np.maximum(distance, least) / distance)[:, None]
    lids.slit.set_opening(rows, opening)  # what the ball has pushed ajar


def fit_lips(rows: Float32, lips: Lips, expression: Float32) -> None:
    """Let the lips of `rows` (V, 3, B) part only as far as `expression` (B, 52) parts them."""
    parting = lips.by_expression @ np.ascontiguousarray(expression.T)
    lips.slit.set_opening(rows, np.maximum(parting, 0) - _LIP_OVERLAP)


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


def find_lips(
    arrays: Mapping[str, NDArray[Any]], template: Float32, topology: Topology,
    expression: sp.csr_matrix,
) -> Lips | None:  # fmt: skip
    """Return the lips, None where the file does not name their edges."""
    if "lip_upper" not in arrays:
        return None
    edges = Edges(
        upper=arrays["lip_upper"].astype(np.int64), lower=arrays["lip_lower"].astype(np.int64),
        shut=template, apart=template + _moved(expression, _UNIT["jawOpen"]), **_LIPS,
    )  # fmt: skip
    slit = find_slit(edges, _part(topology, "skin"), (_part(topology, ""), _part(topology, "")))
    return Lips(slit, slit.of_basis(expression))


def _lids(
    arrays: Mapping[str, NDArray[Any]], template: Float32, topology: Topology,
    bases: tuple[sp.csr_matrix, sp.csr_matrix], side: str, eye: Ball,
) -> Lids:  # fmt: skip
    unit = _UNIT[f"eyeBlink{side.capitalize()}"]
    edges = Edges(
        upper=arrays[f"lid_{side}_upper"].astype(np.int64),
        lower=arrays[f"lid_{side}_lower"].astype(np.int64),
        shut=template + _moved(bases[1], unit), apart=template, **_LIDS,
    )  # fmt: skip
    lashes = (_part(topology, "lashes_upper"), _part(topology, "lashes_lower"))
    slit = find_slit(edges, _part(topology, "skin"), lashes)
    identity, expression = (slit.of_basis(basis) for basis in bases)
    closing = -np.asarray(expression[:, [unit]].toarray())[:, 0]
    others = sp.diags((np.arange(len(ARKIT_UNITS)) != unit).astype(np.float32))
    shell, clear = _shell(template, topology, eye)
    return Lids(
        slit=slit, shell=shell, clear=clear, rest=slit.opening @ template[:, 1],
        by_identity=identity, by_expression=sp.csr_matrix(expression @ others), unit=unit,
        towards=sp.csr_matrix(closing[None] / max(float((closing**2).sum()), 1e-12)),
    )  # fmt: skip


def _moved(basis: sp.csr_matrix, column: int) -> Float32:
    return np.asarray(basis[:, [column]].toarray().reshape(-1, 3))


def _part(topology: Topology, name: str) -> Index:
    """Return the vertices of a part, none where the head lacks it."""
    if name not in topology.parts:
        return np.zeros(0, dtype=np.int64)
    return topology.part_vertices(name).astype(np.int64)


def _shell(template: Float32, topology: Topology, eye: Ball) -> tuple[Index, Float32]:
    """Return the skin around the ball, and how far before it each vertex stays.

    What lies farther out on the template stays so: the lids keep their thickness.
    """
    points = template[eye.vertices]
    centre = (eye.weights @ points)[0]
    radius = float(np.linalg.norm(points - centre, axis=1).mean())
    skin = _part(topology, "skin")
    away = np.linalg.norm(template[skin] - centre, axis=1)
    mine = away < 1.4 * radius
    clear = np.clip(away[mine] - radius, _CLEAR_IN, _CLEAR_OUT)
    return skin[mine], clear.astype(np.float32)
