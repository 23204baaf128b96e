"""Means of what is logged at every step, kept with the run's state."""

from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor


class Tally:
    """Sums and counts by name, on the device that the values are on; names may come and go."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}  # float64 scalars
        self._counts: dict[str, int] = {}

    def add(self, values: Mapping[str, Tensor]) -> None:
        """Count one step's scalars in, without reading them."""
        for name, value in values.items():
            if name not in self._sums:
                self._sums[name] = torch.zeros((), dtype=torch.float64, device=value.device)
                self._counts[name] = 0
            self._sums[name] += value.detach()
            self._counts[name] += 1

    def take(self) -> dict[str, float]:
        """Return the means since the last call, and forget them."""
        means = {name: float(total) / self._counts[name] for name, total in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means

    def state(self) -> dict[str, Tensor]:
        """Return what `of` takes: (2,) sum and count by name."""
        return {
            name: torch.tensor([float(total), self._counts[name]], dtype=torch.float64)
            for name, total in self._sums.items()
        }

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> Self:
        """Go on from a state."""
        tally = cls()
        for name, (total, count) in state.items():
            tally._sums[name] = total.clone()
            tally._counts[name] = int(count)
        return tally
