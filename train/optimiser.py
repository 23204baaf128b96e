"""AdamW over a network and the nets of its mode, its rate, and its state as named tensors."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

WARM_UP_STEPS = 300
FINAL_RATE = 0.01  # of the learning rate, at the end of the cosine
WEIGHT_DECAY = 1e-2


def rate(step: int, steps: int, highest: float) -> float:
    """Return the learning rate of a step: linear warm-up, then a cosine to a hundredth."""
    warm_up = min(WARM_UP_STEPS, steps // 10)
    if step < warm_up:
        return highest * (step + 1) / warm_up
    done = (step - warm_up) / max(steps - warm_up, 1)
    cosine = (1 + math.cos(math.pi * done)) / 2
    return highest * (FINAL_RATE + (1 - FINAL_RATE) * cosine)


def optimiser_of(parameters: Sequence[nn.Parameter], learning_rate: float) -> torch.optim.AdamW:
    """Return AdamW that decays the weights of layers, but neither norms nor biases."""
    decayed = [p for p in parameters if p.ndim > 1]
    plain = [p for p in parameters if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY},
              {"params": plain, "weight_decay": 0.0}]  # fmt: skip
    return torch.optim.AdamW(groups, lr=learning_rate, fused=True)


def state_of(
    optimiser: torch.optim.Optimizer, parameters: Sequence[nn.Parameter]
) -> dict[str, Tensor]:
    """Return the moments and counts of every parameter, named by its place."""
    return {
        f"{index}.{key}": value
        for index, parameter in enumerate(parameters)
        for key, value in optimiser.state.get(parameter, {}).items()
    }


def restore(
    optimiser: torch.optim.Optimizer,
    parameters: Sequence[nn.Parameter],
    tensors: dict[str, Tensor],
) -> None:
    """Go on from what state_of returned.

    Moments take the memory layout of their weight: the fused optimiser counts on it. A parameter
    that no step has reached yet has none.
    """
    for index, parameter in enumerate(parameters):
        held = under(f"{index}.", tensors)
        if held:
            optimiser.state[parameter] = {
                key: value.clone() if key == "step" else torch.empty_like(parameter).copy_(value)
                for key, value in held.items()
            }


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with `prefix`, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
