"""What torch has to work with on this machine, measured in about three seconds."""

from dataclasses import dataclass

import torch

from dlm.train import precision
from dlm.train.networks.landmark import build
from dlm.train.settings import Settings


@dataclass(frozen=True)
class Machine:
    """`bf16_speed` is images/s in bfloat16 over images/s in float32, the better layout of each."""

    torch: str
    device: str
    threads: int
    bf16_speed: float


def measure() -> Machine:
    """Time a small hourglass on the device that training would use."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    rates = precision.measure(lambda: build(Settings(size=64, width=64), 68), 8, 64, device)
    half, full = (
        max(rate for name, rate in rates.items() if name.startswith(kind))
        for kind in ("bf16", "float32")
    )
    return Machine(torch.__version__, device.type, torch.get_num_threads(), half / full)
