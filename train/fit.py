"""`fit`: a head model laid on points: who it is, what face it makes, how it turns, from where.

Gauss and Newton's method with Levenberg's damping, a batch of faces at once in float64. Minimised
is the negative log posterior: squared distances of projected and given points in units of their
standard deviations, with a robust weight; unit Gaussians on identity; the Gaussian of the model's
own draws on expression, within 0 and 1; and a broad prior on the camera's distance, for a single
picture tells hardly anything of it, nor of a head's true size.

A model point X (metres) turned to X' = R X is seen at pixel
    u = s (X'_xy + a) / (1 + X'_z / d) + c
with s pixels a metre at the head's origin, d the camera's distance, a the head's place across the
view (metres), c the camera's axis. The focal length is s d.
Shapes: B faces, P points, K identity components, E = 52 expression units, n = K + E + 7 unknowns.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlm.landmark_specs import LandmarkSpec
from dlm.train.fit_basis import HeadBasis

Float64 = NDArray[np.float64]

EFFECTIVE_POINTS = 100  # neighbours err together: more points than this do not outvote the priors
SIGMA = 0.012  # of a face's box, for points that tell none: about a network's error on renders
DISTANCE, DISTANCE_SPREAD = 1.0, 0.6  # metres and log SD of the prior: from selfie to portrait
KNOWN_FOCAL = 0.01  # log SD of a focal length that is given
ROBUST = 3.0  # standard deviations at which a point's pull falls to a quarter
PLAIN_STEPS, ROBUST_STEPS = 4, 11
CHUNK = 16  # faces a batch
POSE = 7  # unknowns beside the coefficients: 3 turn, 2 place, log s, log d


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """Points of B faces."""

    points: Float64  # (B, P, 2) pixels
    sigma: Float64  # (B, P) pixels
    axis: Float64  # (B, 2) pixels, where the camera looks: the middle of an uncropped photo
    focal: Float64 | None = None  # (B,) pixels, where it is known
    sliding: bool = False  # contour groups follow the outline: they are no vertices, and left out

    def __len__(self) -> int:
        return len(self.points)

    def part(self, chosen: slice) -> "Seen":
        """Return some of the faces."""
        focal = None if self.focal is None else self.focal[chosen]
        return replace(self, points=self.points[chosen], sigma=self.sigma[chosen],
                    axis=self.axis[chosen], focal=focal)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """Heads laid on B faces."""

    identity: Float64  # (B, K) components of the basis
    expression: Float64  # (B, E) 0 to 1
    turn: Float64  # (B, 3, 3) from the head's frame to the camera's axes (OpenCV)
    place: Float64  # (B, 2) metres
    scale: Float64  # (B,) pixels a metre
    distance: Float64  # (B,) metres
    axis: Float64  # (B, 2) pixels
    residual: Float64  # (B,) root mean square of the distance to the points, pixels

    def part(self, chosen: slice) -> "Fitted":
        """Return some of the faces."""
        return Fitted(**{name: getattr(self, name)[chosen] for name in self.__dataclass_fields__})

    def project(self, vertices: NDArray[np.floating]) -> Float64:
        """Return the (B, n, 2) pixels of (B, n, 3) points in the head's frame."""
        turned = np.asarray(vertices, np.float64) @ np.swapaxes(self.turn, 1, 2)
        depth = 1 + turned[..., 2:] / self.distance[:, None, None]
        across = turned[..., :2] + self.place[:, None]
        return np.asarray(self.scale[:, None, None] * across / depth + self.axis[:, None])

    def pose_degrees(self) -> Float64:
        """Return (B, 3) yaw, pitch, roll: positive to the subject's left, up, to its left side."""
        m = self.turn * np.array([1.0, -1.0, -1.0])[:, None]
        yaw = np.arctan2(m[:, 0, 2], m[:, 2, 2])
        pitch = np.arcsin(np.clip(m[:, 1, 2], -1, 1))
        roll = -np.arctan2(m[:, 1, 0], m[:, 1, 1])
        return np.asarray(np.degrees(np.stack([yaw, pitch, roll], axis=1)))


def default_sigma(points: Float64) -> Float64:
    """Return (B, P) standard deviations for (B, P, 2) points that tell none."""
    side = np.sqrt(np.prod(np.ptp(points, axis=1), axis=-1))
    return np.tile(SIGMA * side[:, None], (1, points.shape[1]))


def fit(basis: HeadBasis, spec: LandmarkSpec, seen: Seen, report: Callable[[int], None]) -> Fitted:
    """Return the heads that explain the points of `seen`, in the layout `spec`."""
    topology = basis.model.topology
    vertices = spec.vertex_indices(basis.model.name, topology.hash, topology.vertex_count)
    used = np.isin(vertices, topology.part_vertices("skin"))  # irises turn with the gaze
    if seen.sliding:
        used[[point for group in spec.contour for point in spec.groups[group]]] = False
    solver = _Solver(basis, vertices[used])
    parts = []
    for start in range(0, len(seen), CHUNK):
        part = seen.part(slice(start, start + CHUNK))
        parts.append(solver.solve(part, used))
        report(len(part))
    return Fitted(**{
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in Fitted.__dataclass_fields__
    })  # fmt: skip


@dataclass(frozen=True, eq=False)
class _State:
    """Unknowns of B faces."""

    weights: Tensor  # (B, K + E)
    turn: Tensor  # (B, 3, 3)
    camera: Tensor  # (B, 4) place x, y, log s, log d

    def where(self, better: Tensor, other: "_State") -> "_State":
        """Return `other` for the faces (B,) that are better with it."""
        return _State(
            torch.where(better[:, None], other.weights, self.weights),
            torch.where(better[:, None, None], other.turn, self.turn),
            torch.where(better[:, None], other.camera, self.camera),
        )


@dataclass(frozen=True, eq=False)
class _Target:
    points: Tensor  # (B, P, 2)
    sigma: Tensor  # (B, P)
    axis: Tensor  # (B, 2)
    focal: Tensor | None  # (B,)
    share: float  # of a point's weight


class _Solver:
    """The linearised points of one layout, and the steps towards them."""

    def __init__(self, basis: HeadBasis, vertices: NDArray[np.int32]) -> None:
        self._mean = torch.from_numpy(basis.mean[vertices]).double()
        modes = np.concatenate([basis.identity[:, vertices], basis.expression[:, vertices]])
        self._modes = torch.from_numpy(modes).double()  # (K + E, P, 3)
        self._components = len(basis.identity)
        self._usual = torch.from_numpy(basis.expression_mean)
        self._root = torch.from_numpy(basis.expression_root)
        count = len(modes) + POSE
        prior = torch.zeros(count, count, dtype=torch.float64)
        k = self._components
        prior[:k, :k] = torch.eye(k)
        prior[k : len(modes), k : len(modes)] = self._root.T @ self._root
        self._prior = prior

    def solve(self, seen: Seen, used: NDArray[np.bool_]) -> Fitted:
        target = _Target(
            torch.from_numpy(seen.points[:, used]).double(),
            torch.from_numpy(seen.sigma[:, used]).double(), torch.from_numpy(seen.axis).double(),
            None if seen.focal is None else torch.from_numpy(seen.focal).double(),
            min(1.0, EFFECTIVE_POINTS / int(used.sum())),
        )  # fmt: skip
        state = self._start(target)
        for robust, steps in ((False, PLAIN_STEPS), (True, ROBUST_STEPS)):
            state = self._descend(state, target, robust, steps)
        away = (self._pixels(state, target)[0] - target.points).norm(dim=-1)
        k = self._components
        return Fitted(
            identity=state.weights[:, :k].numpy(), expression=state.weights[:, k:].numpy(),
            turn=state.turn.numpy(), place=state.camera[:, :2].numpy(),
            scale=state.camera[:, 2].exp().numpy(), distance=state.camera[:, 3].exp().numpy(),
            axis=seen.axis, residual=away.square().mean(dim=1).sqrt().numpy(),
        )  # fmt: skip

    def _start(self, target: _Target) -> _State:
        """Return the mean head in scaled orthography: an affine map, and the nearest rotation."""
        count = len(target.points)
        columns = torch.cat([self._mean, torch.ones(len(self._mean), 1)], dim=1)
        affine = torch.linalg.lstsq(columns.expand(count, -1, -1), target.points).solution.mT
        left, sizes, right = torch.linalg.svd(affine[:, :, :3], full_matrices=False)
        rows = left @ right
        turn = torch.cat([rows, torch.linalg.cross(rows[:, 0], rows[:, 1])[:, None]], dim=1)
        scale = sizes.mean(dim=1)
        place = (affine[:, :, 3] - target.axis) / scale[:, None]
        distance = torch.full_like(scale, DISTANCE)
        if target.focal is not None:
            distance = target.focal / scale
        camera = torch.cat([place, scale.log()[:, None], distance.log()[:, None]], dim=1)
        usual = self._usual.clamp(0, 1).expand(count, -1)
        nobody = torch.zeros(count, self._components, dtype=torch.float64)
        return _State(torch.cat([nobody, usual], dim=1), turn, camera)

    def _descend(self, state: _State, target: _Target, robust: bool, steps: int) -> _State:
        damping = torch.full((len(target.points),), 1e-2, dtype=torch.float64)
        cost = self._cost(state, target, robust)
        for _ in range(steps):
            normal, slope = self._linearise(state, target, robust)
            diagonal = torch.diagonal(normal, dim1=1, dim2=2)
            damped = normal + torch.diag_embed(damping[:, None] * diagonal + 1e-12)
            tried = _moved(state, -torch.linalg.solve(damped, slope), self._components)
            reached = self._cost(tried, target, robust)
            better = reached < cost
            state, cost = state.where(better, tried), torch.where(better, reached, cost)
            damping = torch.where(better, damping * 0.3, damping * 5).clamp(1e-6, 1e6)
        return state

    def _pixels(self, state: _State, target: _Target) -> tuple[Tensor, Tensor, Tensor]:
        """Return pixels (B, P, 2), turned points (B, P, 3) and relative depths (B, P, 1)."""
        shape = self._mean + torch.einsum("bn,npc->bpc", state.weights, self._modes)
        turned = shape @ state.turn.mT
        scale, distance = (state.camera[:, None, k, None].exp() for k in (2, 3))
        depth = (1 + turned[..., 2:] / distance).clamp(min=0.05)
        across = turned[..., :2] + state.camera[:, None, :2]
        return scale * across / depth + target.axis[:, None], turned, depth

    def _cost(self, state: _State, target: _Target, robust: bool) -> Tensor:
        """Return (B,) twice the negative log posterior but for a constant."""
        away = (self._pixels(state, target)[0] - target.points) / target.sigma[..., None]
        squares = away.square().sum(dim=-1)
        if robust:
            squares = squares / (1 + squares / ROBUST**2)
        k = self._components
        unusual = (state.weights[:, k:] - self._usual) @ self._root.T
        prior = state.weights[:, :k].square().sum(dim=1) + unusual.square().sum(dim=1)
        camera = sum(r.square() for r, _ in _camera_priors(state, target))
        return target.share * squares.sum(dim=1) + prior + camera

    def _linearise(self, state: _State, target: _Target, robust: bool) -> tuple[Tensor, Tensor]:
        """Return the normal matrix (B, n, n) and the slope (B, n), bounds taken into account."""
        pixels, turned, depth = self._pixels(state, target)
        jacobian = self._jacobian(state, target, pixels, turned, depth)  # (B, P, 2, n)
        away = (pixels - target.points) / target.sigma[..., None]
        trust = target.share * torch.ones_like(target.sigma)
        if robust:
            trust = trust / (1 + away.square().sum(dim=-1) / ROBUST**2) ** 2
        rows = (jacobian * (trust.sqrt() / target.sigma)[..., None, None]).flatten(1, 2)
        slope = (rows.mT @ (away * trust.sqrt()[..., None]).flatten(1)[..., None])[..., 0]
        normal = rows.mT @ rows + self._prior
        k, count = self._components, state.weights.shape[1]
        unusual = state.weights.clone()
        unusual[:, k:] -= self._usual
        slope[:, :count] += unusual @ self._prior[:count, :count]
        for residual, pulls in _camera_priors(state, target):
            pull = torch.zeros_like(slope)
            pull[:, -2:] = torch.tensor(pulls, dtype=torch.float64)
            slope += residual[:, None] * pull
            normal = normal + pull[:, :, None] * pull[:, None]
        return _hold_at_bounds(normal, slope, state.weights, k)

    def _jacobian(
        self, state: _State, target: _Target, pixels: Tensor, turned: Tensor, depth: Tensor
    ) -> Tensor:
        """Return (B, P, 2, n) derivatives of pixels."""
        scale, distance = (state.camera[:, None, k, None].exp() for k in (2, 3))
        off = pixels - target.axis[:, None]
        modes = torch.einsum("npc,bdc->bpdn", self._modes, state.turn)
        axes = torch.eye(3, dtype=torch.float64).expand(*turned.shape[:2], 3, 3)
        spins = torch.linalg.cross(axes, turned[:, :, None].expand_as(axes)).mT
        moves = torch.cat([modes, spins], dim=-1)  # (B, P, 3, K + E + 3)
        pull = (off / (depth * distance))[..., None]
        shapes = (scale / depth)[..., None] * moves[:, :, :2] - pull * moves[:, :, 2:]
        places = ((scale / depth)[..., None] * torch.eye(2, dtype=torch.float64)).expand(
            *off.shape, 2
        )
        nearer = off * turned[..., 2:] / (depth * distance)
        return torch.cat([shapes, places, off[..., None], nearer[..., None]], dim=-1)


def _camera_priors(state: _State, target: _Target) -> list[tuple[Tensor, tuple[float, float]]]:
    """Return whitened residuals (B,) of the camera, and their slopes by log s and log d."""
    log_scale, log_distance = state.camera[:, 2], state.camera[:, 3]
    usual = (log_distance - float(np.log(DISTANCE))) / DISTANCE_SPREAD
    priors = [(usual, (0.0, 1 / DISTANCE_SPREAD))]
    if target.focal is not None:
        known = (log_scale + log_distance - target.focal.log()) / KNOWN_FOCAL
        priors.append((known, (1 / KNOWN_FOCAL, 1 / KNOWN_FOCAL)))
    return priors


def _hold_at_bounds(
    normal: Tensor, slope: Tensor, weights: Tensor, components: int
) -> tuple[Tensor, Tensor]:
    """Take expression weights that stand at 0 or 1 and are pushed outwards out of the step."""
    held = torch.zeros_like(slope, dtype=torch.bool)
    units, push = weights[:, components:], slope[:, components : weights.shape[1]]
    held[:, components : weights.shape[1]] = ((units <= 0) & (push > 0)) | (
        (units >= 1) & (push < 0)
    )
    free = (~held).double()
    normal = normal * free[:, :, None] * free[:, None] + torch.diag_embed(1 - free)
    return normal, slope * free


def _moved(state: _State, step: Tensor, components: int) -> _State:
    """Return the unknowns after a step (B, n)."""
    count = state.weights.shape[1]
    weights = state.weights + step[:, :count]
    weights[:, components:].clamp_(0, 1)
    spin = torch.zeros(len(step), 3, 3, dtype=torch.float64)
    for k, (i, j) in enumerate(((2, 1), (0, 2), (1, 0))):
        spin[:, i, j], spin[:, j, i] = step[:, count + k], -step[:, count + k]
    turn = torch.linalg.matrix_exp(spin) @ state.turn
    return _State(weights, turn, state.camera + step[:, count + 3 :].clamp(-1, 1))
