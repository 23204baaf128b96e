"""What a run was asked to be: everything that decides its curve, in one frozen record."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from dlm.errors import TrainError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The defaults suit two CPU cores; budgets are in samples seen, so that machines compare."""

    mode: str = "synthetic"
    samples: int = 250_000  # seen by the network, counted with repetition
    size: int = 128  # pixels of the network's input
    width: int = 128  # channels
    stacks: int = 1
    batch: int = 32
    learning_rate: float = 1.5e-3
    seed: int = 0
    validations: int = 40  # how often over the run held-out faces are scored and the run saved

    def __post_init__(self) -> None:
        checks = (
            (self.size % 32 == 0 and self.size >= 32, "--size", self.size, "a multiple of 32"),
            (self.width % 2 == 0 and self.width >= 8, "--width", self.width, "even, at least 8"),
            (1 <= self.stacks <= 4, "--stacks", self.stacks, "1 to 4"),
            (self.batch >= 2, "--batch", self.batch, "at least 2"),
            (self.samples >= self.batch, "--samples", self.samples, "at least one batch"),
            (self.learning_rate > 0, "--lr", self.learning_rate, "above zero"),
        )
        for passed, flag, value, allowed in checks:
            if not passed:
                raise TrainError(f"{value} is not possible", flag, f"it must be {allowed}")

    @property
    def steps(self) -> int:
        """How many optimiser steps the budget makes."""
        return -(-self.samples // self.batch)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for the run file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read what to_dict wrote; unknown keys come from a newer dlm and are refused."""
        known = {field.name for field in fields(cls)}
        if odd := sorted(set(values) - known):
            raise TrainError(
                f"unknown settings {', '.join(odd)}", "run.json", "use the dlm that wrote the run"
            )
        return cls(**values)
