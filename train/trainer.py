"""One step after another: the state of a run in memory. It prints and writes nothing.

Exact resume comes from the way randomness is drawn: the rows and the augmentation of a step are
pure functions of (seed, step), so weights, average, optimiser and counters are the whole state.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

from dlm.errors import TrainError
from dlm.train.augment import Augmentation, Batch
from dlm.train.data import TrainingData, box_divisors
from dlm.train.draws import generator
from dlm.train.ema import MovingAverage
from dlm.train.faces import Float32, UInt8, batch_rows
from dlm.train.metrics import nme
from dlm.train.modes import mode
from dlm.train.networks.head import Output
from dlm.train.networks.landmark import LandmarkNetwork, build
from dlm.train.precision import Precision
from dlm.train.settings import Settings

WARM_UP_STEPS = 300
FINAL_RATE = 0.01  # of the learning rate, at the end of the cosine
WEIGHT_DECAY = 1e-2
CLIP = 1.0
AUGMENT_STREAM = 1 << 32  # streams of a seed: the steps' augmentation begins here


def to_images(crops: UInt8, device: torch.device) -> Tensor:
    """Return (B, 3, K, K) in 0 to 1 of (B, K, K, 3) uint8."""
    return torch.from_numpy(crops).to(device).permute(0, 3, 1, 2).float() / 255


class Trainer:
    """Network, average and optimiser of a run, and the step they are at."""

    def __init__(
        self,
        settings: Settings,
        data: TrainingData,
        precision: Precision,
        device: torch.device,
        augmentation: Augmentation | None = None,
    ) -> None:
        self.settings, self.data, self.precision, self.device = settings, data, precision, device
        self.augmentation = Augmentation() if augmentation is None else augmentation
        self.mode = mode(settings.mode)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.network = build(settings, data.spec.size).to(device)
        precision.lay_out_network(self.network)
        self.average = MovingAverage(self.network)
        self.optimiser = _optimiser(self.network, settings.learning_rate)
        self.step = 0
        self.loss_sum = torch.zeros((), dtype=torch.float64)  # since the last validation
        self.loss_steps = 0
        self._mirror = torch.from_numpy(data.spec.mirror.astype(np.int64)).to(device)

    @property
    def seen(self) -> int:
        """How many samples the network has learned from."""
        return self.step * self.settings.batch

    def batch(self, step: int) -> Batch:
        """Return the augmented faces of a step: a pure function of settings, data and step."""
        faces, settings = self.data.training, self.settings
        rows = batch_rows(len(faces), settings.batch, step, settings.seed)
        visibility = None
        if faces.visibility is not None:
            visibility = torch.from_numpy(faces.visibility[rows]).to(self.device)
        return self.augmentation(
            to_images(faces.images[rows], self.device),
            torch.from_numpy(faces.points[rows]).to(self.device),
            self._mirror,
            settings.size,
            generator(settings.seed, AUGMENT_STREAM + step),
            visibility,
        )

    def advance(self) -> float:
        """Take one step and return its loss; TrainError when it is no number any more."""
        batch = self.batch(self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate(self.step)
        self.network.train()
        with self.precision.autocast(self.device):
            outputs: list[Output] = self.network(self.precision.lay_out(batch.images))
        loss = self.mode.loss(self.network.head, outputs, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        value = loss.item()
        if not math.isfinite(value):
            raise TrainError(
                f"the loss is {value} after {self.seen:,} samples", "", "lower --lr and train again"
            )
        self.optimiser.step()
        self.average.update(self.network, self.step)
        self.step += 1
        self.loss_sum += value
        self.loss_steps += 1
        return value

    def learning_rate(self, step: int) -> float:
        """Return the rate of a step: linear warm-up, then a cosine to a hundredth."""
        total = self.settings.steps
        warm_up = min(WARM_UP_STEPS, total // 10)
        if step < warm_up:
            return self.settings.learning_rate * (step + 1) / warm_up
        done = (step - warm_up) / max(total - warm_up, 1)
        cosine = (1 + math.cos(math.pi * done)) / 2
        return self.settings.learning_rate * (FINAL_RATE + (1 - FINAL_RATE) * cosine)

    def take_mean_loss(self) -> float:
        """Return the mean loss since the last call."""
        mean = float(self.loss_sum) / max(self.loss_steps, 1)
        self.loss_sum.zero_()
        self.loss_steps = 0
        return mean

    @torch.no_grad()
    def predict(self, images: UInt8) -> Float32:
        """Return the averaged network's (N, P, 2) points on (N, S, S, 3) crops."""
        return predict(
            self.average.network, images, self.precision, self.device, self.settings.batch
        )

    def validate(self) -> float:
        """Return the NME of the held-out faces, a fraction of their box."""
        truth = self.data.validation.points
        predicted = self.predict(self.data.validation.images)
        return float(nme(predicted, truth, box_divisors(truth, self.data.spec)).mean())

    def state(self) -> dict[str, Tensor]:
        """Return everything that the next step depends on."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.network.state_dict().items()}
        for index, parameter in enumerate(self.network.parameters()):
            for key, value in self.optimiser.state.get(parameter, {}).items():
                tensors[f"optimiser.{index}.{key}"] = value
        tensors["counters"] = torch.tensor([self.step, self.loss_steps])
        tensors["loss_sum"] = self.loss_sum.clone()
        return tensors

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what `state` returned."""
        self.network.load_state_dict(_under("network.", tensors))
        self.average.network.load_state_dict(_under("average.", tensors))
        for index, parameter in enumerate(self.network.parameters()):
            held = _under(f"optimiser.{index}.", tensors)
            # Moments take the memory layout of their weight: the fused optimiser counts on it.
            self.optimiser.state[parameter] = {
                key: value.clone() if key == "step" else torch.empty_like(parameter).copy_(value)
                for key, value in held.items()
            }
        self.step, self.loss_steps = (int(n) for n in tensors["counters"])
        self.loss_sum = tensors["loss_sum"].cpu().clone()


@torch.no_grad()
def predict(
    network: LandmarkNetwork | nn.Module,
    images: UInt8,
    precision: Precision,
    device: torch.device,
    batch: int,
) -> Float32:
    """Return (N, P, 2) points in pixels of (N, S, S, 3) uint8 crops."""
    assert isinstance(network, LandmarkNetwork)
    parts = []
    for start in range(0, len(images), batch):
        tensor = precision.lay_out(to_images(images[start : start + batch], device))
        with precision.autocast(device):
            parts.append(network.points(tensor).cpu().numpy())
    return np.concatenate(parts)


def _optimiser(network: nn.Module, learning_rate: float) -> torch.optim.AdamW:
    """Return AdamW that decays convolution weights, but neither norms nor biases."""
    decayed = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY},
              {"params": plain, "weight_decay": 0.0}]  # fmt: skip
    return torch.optim.AdamW(groups, lr=learning_rate, fused=True)


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
