"""A toy shift of domains: four blobs, turned and moved, told apart by a small network.

Renders are the source, photos the target; only the source has labels. What DALN and DANN share
with training on faces (gradients, warm-up, nuclear norm) is taken from the modes themselves.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlm.train.modes.gradients import WarmUp, scale_gradient
from dlm.train.modes.nuclear import batch_norm_of

TURN, MOVE, SPAN, BATCH = math.radians(38), (0.4, -0.3), 500, 64


def sample(rng: torch.Generator, count: int, *, target: bool) -> tuple[Tensor, Tensor]:
    """Return (count, 2) points and their (count,) blobs."""
    labels = torch.randint(4, (count,), generator=rng)
    angles = math.pi / 4 + labels * (math.pi / 2) + (TURN if target else 0.0)
    centres = 3 * torch.stack([torch.cos(angles), torch.sin(angles)], dim=-1)
    points = centres + 0.7 * torch.randn(count, 2, generator=rng)
    return points + (torch.tensor(MOVE) if target else 0), labels


def accuracy(method: str, seed: int, steps: int) -> tuple[float, float]:
    """Train by `method` (source, daln, flipped, dann); return accuracy on source and target."""
    rng = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        features = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh())
        last = nn.Linear(16, 4)
        judge = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
    nets = nn.ModuleList([features, last, judge])
    optimiser = torch.optim.SGD(nets.parameters(), lr=0.05, momentum=0.9)
    warm_up = WarmUp(SPAN)
    for _ in range(steps):
        (x_s, labels), (x_t, _) = (sample(rng, BATCH, target=t) for t in (False, True))
        f_s, f_t = features(x_s), features(x_t)
        loss = F.cross_entropy(last(f_s), labels)
        if method in ("daln", "flipped"):
            sign = 1 if method == "daln" else -1
            norms = [
                batch_norm_of(
                    last(scale_gradient(f, -warm_up.coefficient)).softmax(-1)[:, None], "points"
                )
                for f in (f_s, f_t)
            ]
            loss = loss - sign * (norms[0] - norms[1])
        elif method == "dann":
            both = scale_gradient(torch.cat([f_s, f_t]), -warm_up.coefficient)
            truth = torch.cat([torch.ones(BATCH), torch.zeros(BATCH)])
            loss = loss + F.binary_cross_entropy_with_logits(judge(both)[:, 0], truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        warm_up.step()
    found = []
    with torch.no_grad():
        for target in (False, True):
            x, labels = sample(rng, 4000, target=target)
            found.append(float((last(features(x)).argmax(-1) == labels).float().mean()))
    return found[0], found[1]
