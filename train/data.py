"""What a run learns from and is validated on: one dataset, split by identity, cropped once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from dlm.datasets import Dataset, Recipe
from dlm.errors import TrainError
from dlm.landmark_specs import LandmarkSpec
from dlm.train import crops
from dlm.train.augment import CACHE_MARGIN
from dlm.train.faces import (
    VALIDATION_FACES,
    Crops,
    Faces,
    Float32,
    Int64,
    Report,
    UInt8,
    box_points,
    boxes_of,
    plain_crops,
    split_by_identity,
    training_crops,
)

if TYPE_CHECKING:
    from dlm.train.rolling import Rolling

Labels = Callable[[Dataset], Float32]  # (N, P, 2) points of every row, in image pixels


@dataclass(frozen=True, eq=False)
class Pictures:
    """The cropped pictures of a dataset, without labels: any layout's can be laid on them."""

    training: Crops
    validation: Crops
    training_rows: Int64
    validation_rows: Int64
    recipe: dict[str, Any]  # what the dataset was, for the run file

    @classmethod
    def read(cls, dataset: Dataset, size: int, report: Report) -> Self:
        """Crop the pictures of `dataset` at the boxes of its own layout."""
        train, held_out = split_by_identity(dataset)
        if not len(train):
            raise TrainError(
                f"holds {len(dataset)} faces: none is left to train on beside the held-out ones",
                str(dataset.path), "render more, of at least two identities",
            )  # fmt: skip
        held_out = held_out[:VALIDATION_FACES]
        boxes = boxes_of(dataset.columns(["points"])["points"], dataset.spec)
        return cls(
            training_crops(dataset, train, boxes[train], size, report),
            plain_crops(dataset, held_out, boxes[held_out], size, report),
            train, held_out, describe(dataset, train, held_out),
        )  # fmt: skip

    def label(self, points: Float32, visibility: UInt8, spec: LandmarkSpec) -> "TrainingData":
        """Return training data with (N, P, 2) points and (N, P) visibility of every row."""
        learned, held_out = self.training_rows, self.validation_rows
        return TrainingData(
            spec,
            self.training.label(points[learned], visibility[learned]),
            self.validation.label(points[held_out], visibility[held_out]),
            self.recipe,
        )


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Faces of one layout."""

    spec: LandmarkSpec
    training: "Faces | Rolling"  # with a margin, dlm.train.augment.CACHE_MARGIN
    validation: Faces  # as at test; identities that training does not hold
    recipe: dict[str, Any]
    rendered: bool = True  # or photographs

    @property
    def mean_face(self) -> Float32:
        """The mean labels (P, 2) as they lie in the crops of `validation`."""
        if not isinstance(self.training, Faces):  # they come and go
            return np.asarray(self.validation.points.mean(axis=0))
        cached, size = self.training.images.shape[1], self.validation.images.shape[1]
        sides = (self.training.points.mean(axis=0) - (cached - 1) / 2) * CACHE_MARGIN / cached
        return np.asarray(sides * size + (size - 1) / 2)


def load(dataset: Dataset, spec: LandmarkSpec, size: int, report: Report) -> TrainingData:
    """Return the training data of a dataset that is labelled with `spec`; DatasetError if not."""
    dataset.require_spec(spec)
    labels = dataset.columns(["points", "visibility"])
    pictures = Pictures.read(dataset, size, report)
    return pictures.label(labels["points"], labels["visibility"], spec)


def describe(dataset: Dataset, train: Int64, held_out: Int64) -> dict[str, Any]:
    """Return what a run file says of its dataset."""
    held = describe_recipe(dataset.recipe, len(train), len(held_out))
    return {"path": str(dataset.path.resolve()), **held}


def describe_recipe(recipe: Recipe, faces: int, held_out: int) -> dict[str, Any]:
    """Return what a run file says of the faces, wherever they come from."""
    return {
        "recipe": recipe.hash,
        "model": recipe.model,
        "seed": recipe.seed,
        "faces": faces,
        "held_out_faces": held_out,
        "contour": recipe.contour,
        "crop": crops.CROP_RULE,
    }


def box_divisors(points: NDArray[Any], spec: LandmarkSpec) -> crops.Float64:
    """Return what divides the errors of (N, P, 2) points of renders: one rule for every layout.

    The square root of width times height of the tight box of the points that stand for iBUG-68.
    Not the distance of the eyes: renders turn to full profile, where it vanishes and a few faces
    would decide the mean.
    """
    chosen = np.asarray(points, dtype=np.float64)[:, box_points(spec)]
    return np.asarray(np.sqrt(np.prod(np.ptp(chosen, axis=1), axis=-1)))
