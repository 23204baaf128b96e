"""Photos that a run learns from: labelled with the 68, or shown without their labels.

A tenth of the photographs, by the hash of their names, is held out to follow the run. Photos are
read where they lie and stay in memory; nothing of them is stored in the run but how many they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.errors import TrainError
from dlm.landmark_specs import LandmarkSpec
from dlm.train import crops
from dlm.train.augment import CACHE_MARGIN
from dlm.train.data import TrainingData
from dlm.train.faces import Faces, Report, UInt8, cache_size
from dlm.train.photos import PhotoSet, merge

HELD_OUT = 0.1
RESEARCH_ONLY = (
    "trained on photographs of 300-W: for research only, no commercial use of the network"
)


@dataclass(frozen=True, eq=False)
class PhotoFaces:
    """Faces cut from photos, with their 68 labels."""

    training: Faces  # with a margin, dlm.train.augment.CACHE_MARGIN
    held_out: Faces  # as at test; photographs that training does not hold
    description: dict[str, Any]  # for the run file

    @classmethod
    def read(cls, sets: Sequence[PhotoSet], size: int, report: Report) -> "PhotoFaces":
        """Crop all faces at the boxes of their labels; TrainError where there are too few."""
        photos = merge(sets)
        shares = np.array([_share(name) for name in photos.photos])
        held = shares <= max(HELD_OUT, shares.min())  # a small set holds out at least one
        if held.all():
            raise TrainError(
                f"{len(photos)} faces of one photograph are too few", photos.source, "give more"
            )
        boxes = crops.square_box(photos.points)
        training = _faces(photos, ~held, boxes * [1, 1, CACHE_MARGIN], cache_size(size), report)
        held_out = _faces(photos, held, boxes, size, report)
        return cls(training, held_out, _describe(photos, held))


@dataclass(frozen=True, eq=False)
class Photos:
    """What a mode gets beside renders."""

    real: PhotoFaces | None = None
    unlabelled: PhotoFaces | None = None  # its labels cut the crops and are not used further

    @property
    def description(self) -> dict[str, Any]:
        """What a run file says of them."""
        both = {"real": self.real, "unlabelled": self.unlabelled}
        return {name: faces.description for name, faces in both.items() if faces is not None}

    @property
    def watched(self) -> UInt8:
        """The held-out crops (N, S, S, 3) on which a run is followed without labels."""
        faces = self.unlabelled or self.real
        assert faces is not None
        return faces.held_out.images


def as_training_data(faces: PhotoFaces, spec: LandmarkSpec) -> TrainingData:
    """Return labelled photos as what is learned itself: of a layout that is the 68 in any order."""
    if sorted(spec.ibug68) != list(range(68)) or spec.size != 68:
        raise TrainError(
            f"photos have labels of the 68 alone, and {spec.name} is another layout",
            "--mode real", "use --spec 68",
        )  # fmt: skip
    order = np.argsort(spec.ibug68)  # for each point of the layout which of the 68 it is

    def ordered(part: Faces) -> Faces:
        return Faces(part.images, part.points[:, order])

    recipe = {
        **faces.description, "path": faces.description["sources"], "model": "photographs",
        "seed": -1,
    }  # fmt: skip
    return TrainingData(
        spec, ordered(faces.training), ordered(faces.held_out), recipe, rendered=False
    )


def _faces(
    photos: PhotoSet, rows: NDArray[np.bool_], boxes: crops.Float64, size: int, report: Report
) -> Faces:
    chosen = np.flatnonzero(rows)
    part = PhotoSet(
        photos.source, tuple(photos.paths[k] for k in chosen), photos.points[chosen],
        tuple(photos.photos[k] for k in chosen),
    )  # fmt: skip
    images = part.crops(boxes[chosen], size, report)
    points = crops.apply(crops.crop_matrix(boxes[chosen], size), part.points)
    return Faces(images, points.astype(np.float32))


def _describe(photos: PhotoSet, held: NDArray[np.bool_]) -> dict[str, Any]:
    names = "\n".join(f"{path.parent.name}/{path.name}" for path in photos.paths)
    return {
        "sources": photos.source,
        "recipe": blake2b(names.encode(), digest_size=8).hexdigest(),
        "faces": int((~held).sum()),
        "held_out_faces": int(held.sum()),
        "crop": crops.CROP_RULE,
    }


def _share(name: str) -> float:
    """Return where in 0 to 1 a photograph's name falls: the same whatever else is there."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little") / 2**64
