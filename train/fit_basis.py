"""A head model as Gauss and Newton like it: vertices linear in a few whitened coefficients.

A FaceModel is linear in identity and expression but for lids that rest on eyeballs, lips that touch
and turned eyes. Its own draws of people span its identities here: their principal components are
the coefficients, each with unit variance, so that the prior of a person is a unit Gaussian. One
delta a unit makes the expressions; what draws of them have in common is their prior.
Shapes: N draws, V vertices, K components, E = 52 expression units.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import ARKIT_UNITS, FaceModel, Float32
from dlm.generator.sampling.expression import sample_expression

Float64 = NDArray[np.float64]

DRAWS = 400  # people
COMPONENTS = 60
FACES = 2000  # draws of expressions
SEED = 11
BATCH = 25
SHRINK = 0.03  # standard deviation added to every unit: draws leave some at zero
BEHIND, ABOVE, BELOW = -0.055, 0.085, -0.135  # metres from between the eyes: ends of the face
NOT_FACE = ("inner_mouth", "cavity", "ear", "scalp", "neck", "shirt")


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadBasis:
    """A head model, linearised about its mean neutral head."""

    model: FaceModel
    mean: Float32  # (V, 3) metres
    identity: Float32  # (K, V, 3) metres a standard deviation
    expression: Float32  # (E, V, 3) metres at weight 1
    coefficients: Float32  # (K + 1, I) the model's identity coefficients: components, then mean
    expression_mean: Float64  # (E,)
    expression_root: Float64  # (E, E) whitens: root @ (weights - mean) has unit covariance
    face: NDArray[np.int64]  # (F,) the vertices of the face's surface, ears and neck left out
    area: Float64  # (F,) share of the face's surface, sums to 1
    explained: float  # share of the face's variance that the components hold

    def heads(self, identity: Float64, expression: Float64) -> Float32:
        """Return (B, V, 3) heads, by the model itself, of (B, K) components and (B, E) weights."""
        count = len(identity)
        own = identity @ self.coefficients[:-1] + self.coefficients[-1]
        return self.model.vertices(
            own.astype(np.float32), expression.astype(np.float32),
            np.zeros((count, 2, 2), np.float32), np.zeros((count, 3), np.float32),
        )  # fmt: skip


def build(model: FaceModel, components: int = COMPONENTS) -> HeadBasis:
    """Return the basis of `model`; the same one at every call."""
    draws = np.stack([
        model.sample_identity(np.random.default_rng((SEED, k))).coefficients for k in range(DRAWS)
    ])  # fmt: skip
    people = np.concatenate([_neutral(model, draws[k : k + BATCH]) for k in range(0, DRAWS, BATCH)])
    mean = people.mean(axis=0)
    people -= mean
    face, area = face_surface(model)
    scores, explained = _whitened_scores(people[:, face], area, components)
    modes = np.einsum("nk,nvc->kvc", scores / DRAWS, people, optimize=True)
    middle = draws.mean(axis=0)
    own = np.concatenate([scores.T @ (draws - middle) / DRAWS, middle[None]])
    weights = np.stack([
        sample_expression(np.random.default_rng((SEED, k))) for k in range(FACES)
    ]).astype(np.float64)  # fmt: skip
    covariance = np.cov(weights.T) + SHRINK**2 * np.eye(len(ARKIT_UNITS))
    return HeadBasis(
        model=model, mean=mean, identity=modes.astype(np.float32),
        expression=_expressions(model, middle), coefficients=own.astype(np.float32),
        expression_mean=weights.mean(axis=0),
        expression_root=np.linalg.inv(np.linalg.cholesky(covariance)),
        face=face, area=area, explained=explained,
    )  # fmt: skip


def face_surface(model: FaceModel) -> tuple[NDArray[np.int64], Float64]:
    """Return the face's vertices (F,) and the share of its surface that each stands for (F,)."""
    template, topology = model.template, model.topology
    shown = topology.part_mask("skin")
    shown &= (template[:, 2] > BEHIND) & (template[:, 1] < ABOVE) & (template[:, 1] > BELOW)
    for name in NOT_FACE:
        if name in model.regions:
            shown &= model.regions[name] < 0.5
    start, stop = topology.parts["skin"]
    triangles = topology.triangles[start:stop]
    triangles = triangles[shown[triangles].all(axis=1)]
    a, b, c = (template[triangles[:, k]].astype(np.float64) for k in range(3))
    thirds = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    area = np.bincount(triangles.ravel(), np.repeat(thirds, 3), topology.vertex_count)
    face = np.flatnonzero(area > 0)
    return face, area[face] / area[face].sum()


def _neutral(model: FaceModel, identity: Float32) -> Float32:
    count = len(identity)
    return model.vertices(
        identity, np.zeros((count, len(ARKIT_UNITS)), np.float32),
        np.zeros((count, 2, 2), np.float32), np.zeros((count, 3), np.float32),
    )  # fmt: skip


def _whitened_scores(people: Float32, area: Float64, components: int) -> tuple[Float64, float]:
    """Return (N, K) scores of unit variance of centred (N, F, 3) people, and their share."""
    weighted = (people * np.sqrt(area)[:, None]).reshape(len(people), -1).astype(np.float64)
    values, vectors = np.linalg.eigh(weighted @ weighted.T)
    scores = vectors[:, ::-1][:, :components] * np.sqrt(len(people))
    return scores, float(values[::-1][:components].sum() / values.sum())


def _expressions(model: FaceModel, identity: Float32) -> Float32:
    """Return (E, V, 3) deltas of every unit at weight 1 on one person."""
    units = np.concatenate([np.zeros((1, len(ARKIT_UNITS))), np.eye(len(ARKIT_UNITS))])
    count = len(units)
    heads = model.vertices(
        np.tile(identity.astype(np.float32), (count, 1)), units.astype(np.float32),
        np.zeros((count, 2, 2), np.float32), np.zeros((count, 3), np.float32),
    )  # fmt: skip
    return np.asarray(heads[1:] - heads[0])
