"""What a step learns from, as pure functions of settings, data and the step's number."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlm.train.augment import CACHE_MARGIN, PLAIN, Augmentation, Batch
from dlm.train.data import TrainingData
from dlm.train.draws import Draws, generator
from dlm.train.faces import UInt8, batch_rows
from dlm.train.modes.mean_teacher import teach
from dlm.train.networks.landmark import LandmarkNetwork, to_unit
from dlm.train.parallel import Ranks
from dlm.train.photo_data import Photos
from dlm.train.protocols import MIRROR_68
from dlm.train.settings import Settings
from dlm.train.store import Store, Taken

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
        self._rendered = Store(data.training, device)
        self._real, self._unlabelled = (
            None if faces is None else Store(faces.training, device)
            for faces in (photos.real, photos.unlabelled)
        )
        self._share = ranks.share(settings.batch)
        self._mirror = self._tensor(data.spec.mirror.astype(np.int64))
        self._mirror_68 = self._tensor(MIRROR_68)
        self._none = self._mirror[:0]

    def rendered(self, step: int) -> Batch:
        """Return the augmented faces of a step with their labels."""
        taken = self._taken(self._rendered, step, self._settings.seed)
        return self._augmentation(
            to_unit(taken.images), taken.points, self._mirror, self._settings.size,
            self._random(RENDERED, step), taken.visibility,
        )  # fmt: skip

    def real(self, step: int) -> Batch:
        """Return augmented photos with their 68 labels."""
        taken = self._photos(self._real, REAL, step)
        return self._augmentation(
            to_unit(taken.images), taken.points, self._mirror_68, self._settings.size,
            self._random(REAL, step),
        )  # fmt: skip

    def unlabelled(self, step: int, teacher: LandmarkNetwork | None) -> Batch:
        """Return augmented photos, with the points that a teacher sees on them unaltered."""
        images = to_unit(self._photos(self._unlabelled, UNLABELLED, step).images)
        size, points, mirror = self._settings.size, images.new_zeros(len(images), 0, 2), self._none
        if teacher is not None:
            plain = PLAIN(images, points, mirror, size, self._random(UNLABELLED, step)).images
            in_crop = teach(teacher, plain, self._mirror)
            points, mirror = _to_cache(in_crop, size, images.shape[-1]), self._mirror
        return self._augmentation(
            images, points, mirror, size, self._random(UNLABELLED, step)
        )  # fmt: skip

    def _photos(self, store: Store | None, stream: int, step: int) -> Taken:
        assert store is not None
        return self._taken(store, step, self._settings.seed + stream * ORDER)

    def _taken(self, store: Store, step: int, seed: int) -> Taken:
        """Return this process's share of a step's faces."""
        first = self._ranks.rank * self._share
        rows = batch_rows(len(store), self._settings.batch, step, seed)
        return store.take(rows[first : first + self._share])

    def _random(self, stream: int, step: int) -> Draws:
        number = self._ranks.rank * STREAMS + stream
        return generator(self._settings.seed, (number << 32) + step, self._device)

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self._device)


def _to_cache(points: Tensor, size: int, cached: int) -> Tensor:
    """Move points from pixels of the plain crop to pixels of the cache it was cut from."""
    return (points - (size - 1) / 2) * (cached / CACHE_MARGIN / size) + (cached - 1) / 2
