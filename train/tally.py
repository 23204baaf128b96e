"""Means of what is logged at every step, kept with the run's state."""

from typing import Self

import torch
from torch import Tensor


class Tally:
    """Sums and counts by name; names may come and go."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}  # name -> (2,) sum and count, float64

    def add(self, values: dict[str, float]) -> None:
        """Count one step's values in."""
        for name, value in values.items():
            sums = self._sums.setdefault(name, torch.zeros(2, dtype=torch.float64))
            sums += torch.tensor([value, 1.0], dtype=torch.float64)

    def take(self) -> dict[str, float]:
        """Return the means since the last call, and forget them."""
        means = {name: float(sums[0] / sums[1]) for name, sums in self._sums.items()}
        self._sums = {}
        return means

    def state(self) -> dict[str, Tensor]:
        """Return what `of` takes."""
        return dict(self._sums)

    @classmethod
    def of(cls, state: dict[str, Tensor]) -> Self:
        """Go on from a state."""
        tally = cls()
        tally._sums = {name: sums.cpu().clone() for name, sums in state.items()}
        return tally
