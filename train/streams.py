"""What a step learns from, as pure functions of settings, data and the step's number."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlm.train.augment import CACHE_MARGIN, PLAIN, Augmentation, Batch
from dlm.train.data import TrainingData
from dlm.train.draws import Draws, generator
from dlm.train.faces import Faces, UInt8
from dlm.train.feed import Feed, Rolled, Shuffled
from dlm.train.modes.mean_teacher import teach
from dlm.train.networks.landmark import LandmarkNetwork, to_unit
from dlm.train.parallel import Ranks
from dlm.train.photo_data import Photos
from dlm.train.protocols import MIRROR_68
from dlm.train.settings import Settings

RENDERED, REAL, UNLABELLED = 1, 2, 3  # the streams of random numbers of a seed
STREAMS = 8  # kept for each process
ORDER = 1 << 20  # added to the seed of the order in which photos come


def to_images(crops: UInt8, device: torch.device) -> Tensor:
    """Return (B, 3, K, K) in 0 to 1 of (B, K, K, 3) uint8."""
    return to_unit(torch.from_numpy(crops).to(device))


class Streams:
    """Draws the batches of one process; each holds its share of the step's samples."""

    def __init__(
        self,
        settings: Settings,
        data: TrainingData,
        photos: Photos,
        augmentation: Augmentation,
        device: torch.device,
        ranks: Ranks,
    ) -> None:
        self._settings, self._augmentation = settings, augmentation
        self._device, self._ranks = device, ranks
        training, batch, seed = data.training, settings.batch, settings.seed
        self.renders: Feed = (
            Shuffled(training, batch, seed, device)
            if isinstance(training, Faces)
            else Rolled(training, batch, seed, device)
        )
        self._real, self._unlabelled = (
            None
            if faces is None
            else Shuffled(faces.training, batch, seed + stream * ORDER, device)
            for faces, stream in ((photos.real, REAL), (photos.unlabelled, UNLABELLED))
        )
        share = ranks.share(batch)
        self._part = slice(ranks.rank * share, (ranks.rank + 1) * share)
        self._mirror = self._tensor(data.spec.mirror.astype(np.int64))
        self._mirror_68 = self._tensor(MIRROR_68)
        self._none = self._mirror[:0]

    def rendered(self, step: int) -> Batch:
        """Return the augmented faces of a step with their labels."""
        taken = self.renders.take(step, self._part)
        return self._augmentation(
            to_unit(taken.images), taken.points, self._mirror, self._settings.size,
            self._random(RENDERED, step), taken.visibility,
        )  # fmt: skip

    def real(self, step: int) -> Batch:
        """Return augmented photos with their 68 labels."""
        assert self._real is not None
        taken = self._real.take(step, self._part)
        return self._augmentation(
            to_unit(taken.images), taken.points, self._mirror_68, self._settings.size,
            self._random(REAL, step),
        )  # fmt: skip

    def unlabelled(self, step: int, teacher: LandmarkNetwork | None) -> Batch:
        """Return augmented photos, with the points that a teacher sees on them unaltered."""
        assert self._unlabelled is not None
        images = to_unit(self._unlabelled.take(step, self._part).images)
        size, points, mirror = self._settings.size, images.new_zeros(len(images), 0, 2), self._none
        if teacher is not None:
            plain = PLAIN(images, points, mirror, size, self._random(UNLABELLED, step)).images
            in_crop = teach(teacher, plain, self._mirror)
            points, mirror = _to_cache(in_crop, size, images.shape[-1]), self._mirror
        return self._augmentation(
            images, points, mirror, size, self._random(UNLABELLED, step)
        )  # fmt: skip

    def _random(self, stream: int, step: int) -> Draws:
        number = self._ranks.rank * STREAMS + stream
        return generator(self._settings.seed, (number << 32) + step, self._device)

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self._device)


def _to_cache(points: Tensor, size: int, cached: int) -> Tensor:
    """Move points from pixels of the plain crop to pixels of the cache it was cut from."""
    return (points - (size - 1) / 2) * (cached / CACHE_MARGIN / size) + (cached - 1) / 2
