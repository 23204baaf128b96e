"""Signs of how a run goes: of an adaptation, from photos without labels, and of a dead run."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from dlm.train.crops import ENLARGE
from dlm.train.data import TrainingData, box_divisors
from dlm.train.faces import UInt8
from dlm.train.metrics import nme, normaliser_68
from dlm.train.modes.nuclear import batch_norm_of, entropy
from dlm.train.streams import to_images

if TYPE_CHECKING:
    from dlm.train.trainer import Trainer

FACES = 64  # of each domain, the same at every validation
DEAD = 0.9  # of the error of the mean face: a network above it has learned nothing of pictures
DEAD_AFTER = 0.25  # of the run
DEAD_STEPS = 300  # before them a network may still be where it began


def mean_face_error(data: TrainingData) -> float:
    """Return the held-out error of answering every picture with the mean of the labels.

    It is the floor that a network has to leave; near it all its answers are the same.
    """
    truth = data.validation.points
    guess = np.broadcast_to(data.mean_face, truth.shape)
    return float(nme(guess, truth, box_divisors(truth, data.spec)).mean())


def dead(error: float, floor: float, step: int, steps: int) -> str | None:
    """Say why a run seems dead at this step and what to do, or None."""
    if step < max(DEAD_AFTER * steps, DEAD_STEPS) or error < DEAD * floor:
        return None
    return (
        f"after {step:,} steps the error of held-out faces is {100 * error:.1f} %, that of one "
        f"mean face for all {100 * floor:.1f} %: nothing is learned. Look at samples.png whether "
        "the labels lie on the faces; else lower --lr"
    )


@torch.no_grad()
def domains(trainer: "Trainer") -> dict[str, float]:
    """Compare renders and photos as the averaged network sees them; needs no label of a photo.

    nu_s, nu_t: nuclear norm of the predictions over its bound; entropy_s, entropy_t in nats; flip:
    distance of the answers to photos and to their mirror images, a fraction of the face's box;
    spread: how far points vary between photos over how far they do between renders, below 0.7
    where all photos get about the same face.
    """
    photos, renders = trainer.photos.watched, trainer.data.validation.images
    count = min(FACES, len(photos), len(renders))
    photos, renders = photos[:count], renders[:count]
    found = {}
    varied = []
    for name, images in (("s", renders), ("t", photos)):
        chances, points = _answers(trainer, images)
        found[f"nu_{name}"] = float(batch_norm_of(chances, "points"))
        found[f"entropy_{name}"] = float(entropy(chances))
        varied.append(float(points.std(dim=0, correction=0).mean()))
    size, mirror = trainer.settings.size, trainer.data.spec.mirror
    there = trainer.predict(photos)
    back = trainer.predict(np.ascontiguousarray(photos[:, :, ::-1]))[:, mirror]
    back[..., 0] = size - 1 - back[..., 0]
    shift = np.linalg.norm(there - back, axis=-1).mean() / (size / ENLARGE)
    return {**found, "flip": float(shift), "spread": varied[1] / max(varied[0], 1e-6)}


@torch.no_grad()
def held_out_photos(trainer: "Trainer") -> dict[str, float]:
    """Return the errors on held-out labelled photos, fractions of the inter-ocular distance.

    nearest: of the layout's own points; it must not rise while transferred, the error through the
    transfer net, falls: then the layout's points would have become its private code.
    """
    assert trainer.photos.real is not None
    faces, spec = trainer.photos.real.held_out, trainer.data.spec
    covered = spec.ibug68 >= 0
    divisors = normaliser_68(faces.points, "ocular")
    predicted = trainer.predict(faces.images)[:, spec.ibug68[covered]]
    found = {"real_nearest": float(nme(predicted, faces.points[:, covered], divisors).mean())}
    network, parts = trainer.average.network, []
    for images in torch.split(to_images(faces.images, trainer.device), trainer.settings.batch):
        with trainer.precision.autocast(trainer.device):
            output = network(images)[-1]
        answers = [term.points_68(output) for term in trainer.terms]
        parts += [answer.cpu().numpy() for answer in answers if answer is not None]
    if parts:
        transferred = nme(np.concatenate(parts), faces.points, divisors)
        found["real_transferred"] = float(transferred.mean())
    return found


def _answers(trainer: "Trainer", images: UInt8) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the averaged network's chances (N, P, K) and points (N, P, 2)."""
    network = trainer.average.network
    chances, points = [], []
    for part in torch.split(to_images(images, trainer.device), trainer.settings.batch):
        with trainer.precision.autocast(trainer.device):
            output = network(part)[-1]
        chances.append(network.head.class_logits(output).softmax(dim=-1))
        points.append(network.head.points(output))
    return torch.cat(chances), torch.cat(points)
