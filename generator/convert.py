"""Points of one layout turned into points of another, by a linear map learned on sampled faces.

Faces are drawn as datasets draw them (identity, expression, gaze, neck, head, camera) and projected
without any pixels. Each face is first laid onto the mean of the source's points (shift, turn and
scale), so the map does not depend on where in the picture a face is. Shapes: N faces, A points of
the source, B of the target.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlm.errors import SpecError
from dlm.generator import labels
from dlm.generator.models.base import FaceModel, Int32
from dlm.generator.sampling import pose
from dlm.generator.sampling.expression import sample_expression, sample_gaze
from dlm.generator.scene import rotation

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]

_LEARNT_ON, _TRIED_ON = 2000, 500  # faces
_SEED = 0
_BATCH = 32
_SIZE = 256  # pixels of the picture that faces are projected into
_SCATTER = 0.004  # of the inter-ocular distance: how wrong given points are taken to be
NOISE = 0.01  # of the same: how wrong they are made to be, to tell what that does
_TURNED = np.radians(30.0)


@dataclass(frozen=True, eq=False)
class Faces:
    """Sampled faces, seen by their cameras."""

    pixels: Float  # (N, V, 2) of the vertices asked for
    unit: Float  # (N,) pixels of the inter-ocular distance, unforeshortened
    yaw: Float  # (N,) radians


@dataclass(frozen=True, eq=False)
class Expected:
    """How wrong converted points are on faces that the map has not seen: inter-ocular distances."""

    exact: Float  # (B,) mean error where the given points are exact
    noisy: Float  # (B,) where each coordinate of them is off by NOISE, standard deviation
    frontal: float  # mean over points and the faces turned up to 30 degrees
    turned: float  # over the others


class Conversion:
    """A learned map; points that both layouts have are taken over as they are."""

    def __init__(self, source: Int32, target: Int32, faces: Faces) -> None:
        """Learn from the `source` (A,) and `target` (B,) vertices, the columns of `faces`."""
        count = len(source)
        place = {int(vertex): k for k, vertex in enumerate(source)}
        self.taken = np.array([place.get(int(vertex), -1) for vertex in target])  # (B,) or -1
        given, wanted = _complex(faces.pixels[:, :count]), _complex(faces.pixels[:, count:])
        centred = given - given.mean(axis=1, keepdims=True)
        self._mean = (centred / np.linalg.norm(centred, axis=1, keepdims=True)).mean(axis=0)
        shift, scale = self._frame(given)
        x, y = _columns((given - shift) / scale), _columns((wanted - shift) / scale)
        self._from, self._to = x.mean(axis=0), y.mean(axis=0)
        x, y = x - self._from, y - self._to
        scatter = _SCATTER * np.mean(faces.unit / np.abs(scale[:, 0]))
        penalty = len(x) * scatter**2 * np.eye(x.shape[1])
        self._weights = np.linalg.solve(x.T @ x + penalty, x.T @ y)

    def __call__(self, points: Float) -> Float:
        """Return (N, B, 2) points for (N, A, 2); SpecError where a face is a single place."""
        given = _complex(points)
        shift, scale = self._frame(given)
        x = _columns((given - shift) / scale) - self._from
        flat = x @ self._weights + self._to
        count = len(self.taken)
        found = (flat[:, :count] + 1j * flat[:, count:]) * scale + shift
        known = self.taken >= 0
        found[:, known] = given[:, self.taken[known]]
        return np.stack([found.real, found.imag], axis=-1)

    def _frame(self, given: Complex) -> tuple[Complex, Complex]:
        """Return the shift and the turn with scale (N, 1) that lay the mean points onto these."""
        shift = given.mean(axis=1, keepdims=True)
        scale = (given - shift) @ self._mean.conj() / np.vdot(self._mean, self._mean).real
        flat = np.abs(scale) < 1e-6
        if flat.any():
            raise SpecError(
                "all points are in one place, or in no likeness of a face",
                f"face {int(flat.argmax())}", "are they points of that layout, in its order?",
            )  # fmt: skip
        return shift, scale[:, None]


def learn(
    model: FaceModel, source: Int32, target: Int32, eyes: tuple[int, int]
) -> tuple[Conversion, Expected]:
    """Return the map from vertices `source` (A,) to `target` (B,), and how exact it is.

    `eyes` are the vertices of the outer eye corners, whose distance is the unit of errors.
    Raises SpecError for a source of fewer than three points.
    """
    if len(source) < 3:
        raise SpecError(
            f"known points: {len(source)}, too few to tell a face", "", "give three or more"
        )
    vertices = np.concatenate([source, target])
    faces = sampled_faces(model, vertices, eyes, _LEARNT_ON + _TRIED_ON)
    seen, unseen = _split(faces, _LEARNT_ON)
    conversion = Conversion(source, target, seen)
    return conversion, _expected(conversion, unseen, len(source))


def sampled_faces(
    model: FaceModel, vertices: Int32, eyes: tuple[int, int], count: int
) -> Faces:  # fmt: skip
    """Return `count` faces drawn as datasets draw them: where `vertices` (V,) come to lie."""
    rng = np.random.default_rng(_SEED)
    wanted = np.concatenate([vertices, eyes])
    rows = [row for start in range(0, count, _BATCH)
            for row in _batch(model, wanted, rng, min(_BATCH, count - start))]  # fmt: skip
    pixels, unit, yaw = zip(*rows, strict=True)
    return Faces(np.array(pixels, np.float64), np.array(unit), np.array(yaw))


def _batch(
    model: FaceModel, wanted: Int32, rng: np.random.Generator, count: int
) -> Iterator[tuple[NDArray[np.float32], float, float]]:
    turns = [pose.sample_head(rng) for _ in range(count)]
    heads = model.vertices(
        np.stack([model.sample_identity(rng).coefficients for _ in turns]),
        np.stack([sample_expression(rng) for _ in turns]),
        np.stack([sample_gaze(rng, turn) for turn in turns]),
        np.stack([pose.sample_neck(rng, turn) for turn in turns]),
    )
    for turn, head in zip(turns, heads[:, wanted], strict=True):
        camera = pose.sample_camera(rng, turn, _SIZE)
        pixels, depth = labels.project(camera, labels.transform(rotation(*turn), head))
        apart = float(np.linalg.norm(head[-1] - head[-2]))
        yield pixels[:-2], apart * camera.fx / float(depth[-2:].mean()), float(turn[0])


def _split(faces: Faces, count: int) -> tuple[Faces, Faces]:
    parts = slice(None, count), slice(count, None)
    first, rest = (Faces(faces.pixels[p], faces.unit[p], faces.yaw[p]) for p in parts)
    return first, rest


def _expected(conversion: Conversion, faces: Faces, count: int) -> Expected:
    given, wanted = faces.pixels[:, :count], faces.pixels[:, count:]
    scatter = np.random.default_rng(_SEED).normal(scale=NOISE, size=given.shape)
    exact, noisy = (
        np.linalg.norm(conversion(points) - wanted, axis=2) / faces.unit[:, None]
        for points in (given, given + scatter * faces.unit[:, None, None])
    )
    turned = np.abs(faces.yaw) > _TURNED
    return Expected(
        exact.mean(axis=0), noisy.mean(axis=0), float(exact[~turned].mean()),
        float(exact[turned].mean()),
    )  # fmt: skip


def _complex(points: Float) -> Complex:
    return np.asarray(points[..., 0] + 1j * points[..., 1])


def _columns(places: Complex) -> Float:
    """Return (N, 2 n): x of all, then y of all."""
    return np.concatenate([places.real, places.imag], axis=1)
