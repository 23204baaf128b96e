"""Adapters: from a layout's predicted points to the points that human annotators click.

Points come normalised by the crop's box, so that nothing of the ground truth enters but what the
crop itself took from it. An adapter predicts what to add to a base guess of the 68 points (the
layout's nearest ones). Shapes: N faces, P points of the layout, D = 2 P.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

Float64 = NDArray[np.float64]
Predict = Callable[[Float64], Float64]  # (N, D) inputs to (N, 136) residuals

LAMBDAS = 10.0 ** np.arange(-3, 4.5, 0.5)  # on standardised inputs
FOLDS = 5
MLP_WIDTH = 256
MLP_EPOCHS = 30
MLP_BATCH = 128
MLP_DROPOUT = 0.3
MLP_SEEDS = 3


@dataclass(frozen=True, eq=False)
class Standard:
    """Mean and deviation of (N, D) inputs."""

    mean: Float64
    deviation: Float64

    @classmethod
    def of(cls, inputs: Float64) -> "Standard":
        """Measure (N, D) inputs."""
        return cls(inputs.mean(axis=0), inputs.std(axis=0) + 1e-9)

    def __call__(self, inputs: Float64) -> Float64:
        """Return the inputs with mean 0 and deviation 1."""
        return (inputs - self.mean) / self.deviation


def fit_ridge(
    inputs: Float64, targets: Float64, clusters: NDArray[np.int64]
) -> tuple[Predict, float]:
    """Return the ridge regression with the best of LAMBDAS, and that lambda.

    Lambda is chosen by 5-fold cross-validation whose folds keep `clusters` (N,) together: a
    photograph's faces, and a face and its mirror image.
    """
    folds = _folds(clusters)
    errors = np.zeros(len(LAMBDAS))
    for fold in range(FOLDS):
        held = folds == fold
        if not held.any() or held.all():
            continue
        for index, predict in enumerate(_ridges(inputs[~held], targets[~held], LAMBDAS)):
            errors[index] += np.sum((predict(inputs[held]) - targets[held]) ** 2)
    best = float(LAMBDAS[int(np.argmin(errors))])
    return _ridges(inputs, targets, np.array([best]))[0], best


def _ridges(inputs: Float64, targets: Float64, lambdas: Float64) -> list[Predict]:
    """Return one ridge a lambda; one decomposition of the Gram matrix serves them all."""
    standard = Standard.of(inputs)
    x, offset = standard(inputs), targets.mean(axis=0)
    values, vectors = np.linalg.eigh(x.T @ x)
    projected = vectors.T @ (x.T @ (targets - offset))

    def predictor(weights: Float64) -> Predict:
        return lambda new: np.asarray(standard(new) @ weights + offset)

    shrunk = [projected / (np.clip(values, 0, None) + each)[:, None] for each in lambdas]
    return [predictor(vectors @ part) for part in shrunk]


def fit_mlp(inputs: Float64, targets: Float64, ridge: Predict, seed: int = 0) -> Predict:
    """Return `ridge` plus the mean of MLP_SEEDS small networks fitted to what it leaves.

    Two hidden layers that start at zero, GELU, dropout, AdamW with a cosine, for a fixed
    number of epochs: nothing is selected on the held-out photos while it is fitted.
    """
    standard = Standard.of(inputs)
    left = targets - ridge(inputs)
    scale = float(left.std()) + 1e-9  # one scale for all points keeps their weights equal
    x = torch.from_numpy(standard(inputs)).float()
    y = torch.from_numpy(left / scale).float()
    with torch.random.fork_rng(devices=[]):
        networks = [_fit_one(x, y, seed + k) for k in range(MLP_SEEDS)]

    @torch.no_grad()
    def predict(new: Float64) -> Float64:
        rows = torch.from_numpy(standard(new)).float()
        mean = torch.stack([network(rows) for network in networks]).mean(dim=0)
        return np.asarray(ridge(new) + mean.double().numpy() * scale)

    return predict


def _mlp(inputs: int, outputs: int) -> nn.Module:
    last = nn.Linear(MLP_WIDTH, outputs)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(
        nn.Linear(inputs, MLP_WIDTH), nn.GELU(), nn.Dropout(MLP_DROPOUT),
        nn.Linear(MLP_WIDTH, MLP_WIDTH), nn.GELU(), nn.Dropout(MLP_DROPOUT), last,
    )  # fmt: skip


def _fit_one(x: torch.Tensor, y: torch.Tensor, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    network = _mlp(x.shape[1], y.shape[1])
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-2)
    steps = MLP_EPOCHS * math.ceil(len(x) / MLP_BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(MLP_EPOCHS):
        for rows in torch.split(torch.randperm(len(x)), MLP_BATCH):
            optimiser.zero_grad()
            F.smooth_l1_loss(network(x[rows]), y[rows], beta=0.5).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return network.eval()


def _folds(clusters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (N,) fold numbers, the same within a cluster."""
    _, member = np.unique(clusters, return_inverse=True)
    order = np.random.default_rng(0).permutation(member.max() + 1)
    return np.asarray(order[member] % FOLDS)
