"""Choose how to compute by measuring: no rule predicts it.

bfloat16 is twice as fast as float32 on cores with AVX512-BF16 and ten times slower without.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dlm.train.networks.head import Output

SECONDS = 2.0


@dataclass(frozen=True)
class Precision:
    """How a network's forward and backward passes run; weights and losses stay float32."""

    bfloat16: bool
    channels_last: bool

    @property
    def name(self) -> str:
        """A name for tables: 'bf16 channels_last'."""
        layout = "channels_last" if self.channels_last else "contiguous"
        return f"{'bf16' if self.bfloat16 else 'float32'} {layout}"

    def autocast(self, device: torch.device) -> torch.autocast:
        """Return the context in which the network is called."""
        return torch.autocast(device.type, torch.bfloat16, enabled=self.bfloat16)

    def lay_out(self, images: Tensor) -> Tensor:
        """Return a (B, C, H, W) batch in this memory layout."""
        return images.contiguous(memory_format=self._format)

    def lay_out_network(self, network: nn.Module) -> None:
        """Bring the network's weights into this memory layout, in place."""
        network.to(memory_format=self._format)  # type: ignore[call-overload]

    @property
    def _format(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format


CANDIDATES = (
    Precision(bfloat16=False, channels_last=False),
    Precision(bfloat16=False, channels_last=True),
    Precision(bfloat16=True, channels_last=True),
)


def by_name(name: str) -> Precision:
    """Return the candidate of that name; KeyError where there is none."""
    return {candidate.name: candidate for candidate in CANDIDATES}[name]


def measure(
    network: Callable[[], nn.Module], batch: int, size: int, device: torch.device
) -> dict[str, float]:
    """Return images/s of forward and backward of a fresh network, for every candidate.

    Candidates take turns, so that a busy moment of the machine does not decide; the fastest turn
    of each counts.
    """
    runs = {candidate: _one_pass(network(), candidate, batch, size, device)
            for candidate in CANDIDATES}  # fmt: skip
    best = dict.fromkeys(CANDIDATES, float("inf"))
    for run in runs.values():
        run()  # kernels are chosen and memory is taken on the first pass
    start = time.perf_counter()
    while min(best.values()) == float("inf") or time.perf_counter() - start < SECONDS:
        for candidate, run in runs.items():
            begun = time.perf_counter()
            run()
            best[candidate] = min(best[candidate], time.perf_counter() - begun)
    return {candidate.name: batch / seconds for candidate, seconds in best.items()}


def fastest(rates: dict[str, float]) -> Precision:
    """Return the candidate with the highest rate; float32 unless another gains five per cent."""
    plain = [name for name in rates if name.startswith("float32")]
    best_plain = max(plain, key=lambda name: rates[name])
    best = max(rates, key=lambda name: rates[name])
    return by_name(best if rates[best] > 1.05 * rates[best_plain] else best_plain)


def _one_pass(
    network: nn.Module, precision: Precision, batch: int, size: int, device: torch.device
) -> Callable[[], None]:
    network = network.to(device).train()
    precision.lay_out_network(network)
    images = precision.lay_out(torch.zeros(batch, 3, size, size, device=device))

    def run() -> None:
        with precision.autocast(device):
            outputs: list[Output] = network(images)
        sum(output.maps.float().mean() for output in outputs).backward()  # type: ignore[union-attr]
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return run
