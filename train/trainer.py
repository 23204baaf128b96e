"""One step after another: the state of a run in memory. It prints and writes nothing.

Exact resume comes from the way randomness is drawn: the rows and the augmentation of a step are
pure functions of (seed, step), so weights, average, optimiser and counters are the whole state.
The same loop serves every mode: its terms see the outputs of one pass over all pictures.

A step on a GPU is only asked for, never waited for: values stay on the device, and every LOOK steps
they are read. A test runs steps on a device that has no values to be read.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from dlm.errors import TrainError
from dlm.train.augment import Augmentation, Batch
from dlm.train.data import TrainingData, box_divisors
from dlm.train.ema import MovingAverage
from dlm.train.faces import Float32, UInt8
from dlm.train.metrics import nme
from dlm.train.modes import mode
from dlm.train.modes.step import Domain, Step, Stream, Term
from dlm.train.modes.supervised import supervised_loss
from dlm.train.networks.head import Output
from dlm.train.networks.landmark import LandmarkNetwork, build
from dlm.train.optimiser import optimiser_of, rate, restore, state_of, under
from dlm.train.parallel import Ranks, share_batch_norm
from dlm.train.photo_data import Photos
from dlm.train.precision import Precision
from dlm.train.settings import Settings
from dlm.train.streams import Streams, to_images
from dlm.train.tally import Tally

CLIP = 1.0
LOOK = 20  # steps between two looks at what a GPU has found


class Trainer:
    """Network, average, the mode's nets, and the optimiser of a run, and the step they are at."""

    def __init__(
        self,
        settings: Settings,
        data: TrainingData,
        precision: Precision,
        device: torch.device,
        augmentation: Augmentation | None = None,
        photos: Photos | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self.settings, self.data, self.precision, self.device = settings, data, precision, device
        self.photos, self.ranks = photos or Photos(), ranks or Ranks()
        kinds = mode(settings.mode).terms
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.network = build(settings, data.spec.size)
            channels = _feature_channels(self.network, settings.size)
            terms = [kind(settings, data.spec, channels) for kind in kinds]
        share_batch_norm(self.network, self.ranks)
        precision.lay_out_network(self.network.to(device))
        self.average = MovingAverage(self.network)
        self.terms: Sequence[Term] = terms
        self._terms = nn.ModuleList(terms).to(device)
        self._parameters = [*self.network.parameters(), *self._terms.parameters()]
        self.optimiser = optimiser_of(self._parameters, settings.learning_rate)
        self.step = 0
        self.tally = Tally()  # since the last validation
        self.look = 1 if device.type == "cpu" else LOOK
        self._sum = torch.zeros((), device=device)  # of the losses since the last look
        augmentation = Augmentation() if augmentation is None else augmentation
        self.streams = Streams(settings, data, self.photos, augmentation, device, self.ranks)
        self._pass = torch.compile(_pass) if settings.compile else _pass

    @property
    def seen(self) -> int:
        """How many samples the network has learned from, photos of an adaptation not counted."""
        return self.step * self.settings.batch

    def batch(self, step: int) -> Batch:
        """Return the augmented faces of a step."""
        return self.streams.rendered(step)

    @property
    def looks(self) -> bool:
        """Whether values of the device may be read after this step: others would wait for them."""
        return self.step % self.look == 0

    def advance(self) -> Tensor:
        """Take one step and return the loss of its labels, a scalar on the device.

        TrainError when a loss since the last look is no number.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate(self.step)
        progress = self.step / self.settings.steps
        active = [term for term in self.terms if progress >= term.begins]
        batches = self._batches(active)
        domains = self._answers(batches)
        labelled = batches["rendered"]
        loss = supervised_loss(self.network.head, domains["rendered"].outputs, labelled)
        total, logged = loss, {"loss": loss}
        view = Step(
            self.network, self.settings.size, progress, domains["rendered"], domains.get("real"),
            domains.get("unlabelled"), self.precision.autocast(self.device),
        )  # fmt: skip
        for term in active:
            added, more = term.loss(view)
            total = total + added
            logged |= more
        self._learn(total)
        means = {name: self.ranks.mean(value.detach()) for name, value in logged.items()}
        self.tally.add(means)
        for term in active:
            term.stepped()
        self.average.update(self.network, self.step)
        self.step += 1
        return means["loss"]

    def _batches(self, active: Sequence[Term]) -> dict[str, Batch]:
        """Return the pictures that the active terms ask for."""
        asked: set[Stream] = {term.stream for term in active}
        batches = {"rendered": self.batch(self.step)}
        if "real" in asked:
            batches["real"] = self.streams.real(self.step)
        if "unlabelled" in asked:
            teacher = self.average.network if any(term.teaches for term in active) else None
            batches["unlabelled"] = self.streams.unlabelled(self.step, teacher)
        return batches

    def _answers(self, batches: dict[str, Batch]) -> dict[str, Domain]:
        """Run the network once over all pictures, so that batch norm sees them together."""
        self.network.train()
        images = torch.cat([batch.images for batch in batches.values()])
        with self.precision.autocast(self.device):
            outputs, features = self._pass(self.network, self.precision.lay_out(images))
        domains, start = {}, 0
        for name, batch in batches.items():
            rows = slice(start, start := start + len(batch.images))
            own = [_rows(output, rows) for output in outputs]
            domains[name] = Domain(own, features[rows], batch.points)
        return domains

    def _learn(self, total: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        self._sum += total.detach()
        if self.looks:
            self._check()
        self.ranks.average_gradients(self._parameters)
        for module in (self.network, *self.terms):  # a critic's large gradients are its own matter
            if parameters := list(module.parameters()):
                nn.utils.clip_grad_norm_(parameters, CLIP)
        self.optimiser.step()

    def _check(self) -> None:
        """Raise TrainError where a loss since the last look was no number: it stays in the sum."""
        value = float(self._sum)
        self._sum.zero_()
        if not math.isfinite(value):
            raise TrainError(
                f"the loss is {value} after {self.seen:,} samples", "",
                "lower --lr and train again",
            )  # fmt: skip

    def learning_rate(self, step: int) -> float:
        """Return the rate of a step."""
        return rate(step, self.settings.steps, self.settings.learning_rate)

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
        """Return everything that the next step depends on; TrainError where it is ruined."""
        self._check()
        modules = {"network": self.network, "average": self.average.network, "mode": self._terms}
        tensors = {
            f"{name}.{key}": value
            for name, module in modules.items()
            for key, value in module.state_dict().items()
        }
        moments = state_of(self.optimiser, self._parameters)
        tensors |= {f"optimiser.{key}": value for key, value in moments.items()}
        tensors |= {f"tally.{key}": value for key, value in self.tally.state().items()}
        tensors["step"] = torch.tensor(self.step)
        return tensors

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what `state` returned."""
        self.network.load_state_dict(under("network.", tensors))
        self.average.network.load_state_dict(under("average.", tensors))
        self._terms.load_state_dict(under("mode.", tensors))
        restore(self.optimiser, self._parameters, under("optimiser.", tensors))
        self.tally = Tally.of(under("tally.", tensors))
        self.step = int(tensors["step"])


def _pass(network: LandmarkNetwork, images: Tensor) -> tuple[list[Output], Tensor]:
    """Return the outputs of all stacks, and the features that the last one is made of."""
    outputs, features = network.last_features(images)
    return [*outputs, network.answer(features)], features


def _rows(output: Output, rows: slice) -> Output:
    visible = output.visible
    return Output(output.maps[rows], None if visible is None else visible[rows])


@torch.no_grad()
def _feature_channels(network: LandmarkNetwork, size: int) -> int:
    """Return how many channels the last layer reads."""
    features = network.eval().last_features(torch.zeros(1, 3, size, size))[1]
    return features.shape[1]


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
