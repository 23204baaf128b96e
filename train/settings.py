"""What a run was asked to be: everything that decides its curve, in one frozen record."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from dlm.errors import TrainError

NETWORKS = ("hourglass", "light")
HEADS = ("heatmap", "simcc", "sigma")
MATRICES = ("points", "all")
BEFORE = {"visibility": False}  # settings of runs that are older than the field


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The defaults suit two CPU cores; budgets are in samples seen, so that machines compare."""

    mode: str = "synthetic"
    samples: int = 250_000  # seen by the network, counted with repetition
    size: int = 128  # pixels of the network's input
    network: str = "hourglass"
    head: str = "heatmap"
    fine: bool = False  # answer at half of the input's resolution, not at a quarter
    coord_conv: bool = False  # the network is shown where each pixel lies
    visibility: bool = True  # whether the network says which points are seen
    width: int = 128  # channels
    stacks: int = 1
    batch: int = 32
    learning_rate: float = 1.5e-3
    seed: int = 0
    adapt_weight: float = 1.0  # times the mode's own weight of what it adds to the labels' loss
    matrix: str = "points"  # whose nuclear norm daln takes: of each point, or of all together
    compile: bool = False  # torch.compile the network
    validations: int = 40  # how often over the run held-out faces are scored and the run saved

    def __post_init__(self) -> None:
        checks = (
            (self.size % 32 == 0 and self.size >= 32, "--size", self.size, "a multiple of 32"),
            (self.width % 2 == 0 and self.width >= 8, "--width", self.width, "even, at least 8"),
            (1 <= self.stacks <= 4, "--stacks", self.stacks, "1 to 4"),
            (self.network in NETWORKS, "--network", self.network, " or ".join(NETWORKS)),
            (
                self.network != "light" or self.stacks == 1,
                "--stacks",
                self.stacks,
                "1 where --network is light",
            ),
            (
                not self.fine or (self.network == "hourglass" and self.stacks == 1),
                "--fine",
                self.fine,
                "left out where --network is light or --stacks above 1",
            ),
            (self.head in HEADS, "--head", self.head, " or ".join(HEADS)),
            (self.batch >= 2, "--batch", self.batch, "at least 2"),
            (self.samples >= self.batch, "--samples", self.samples, "at least one batch"),
            (self.adapt_weight >= 0, "--adapt-weight", self.adapt_weight, "zero or more"),
            (self.matrix in MATRICES, "--matrix", self.matrix, " or ".join(MATRICES)),
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
        return cls(**{**BEFORE, **values})
