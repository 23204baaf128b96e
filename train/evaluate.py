"""`evaluate`: a trained network scored on photos or on held-out renders."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dlm.datasets import Dataset
from dlm.errors import PhotoError
from dlm.train import crops, metrics
from dlm.train.calibration import calibration, visibility_scores
from dlm.train.data import box_divisors
from dlm.train.faces import Report, boxes_of, plain_crops, split_by_identity
from dlm.train.networks.head import VISIBLE
from dlm.train.photos import PhotoSet, merge
from dlm.train.predictor import Predictor
from dlm.train.protocols import Labelled, Nearest, Protocol68, fit_adapter
from dlm.train.yaw import bins_of, yaw_68

Float64 = NDArray[np.float64]

RESEARCH_ONLY = "scored on photographs for research; a fitted adapter is for research use only"
RENDERS_ONLY = "scored on renders; no photographs are involved"
NOTES = {
    "unit": "all errors, auc8 and fr8 in per cent",
    "ocular": "distance of the outer eye corners (iBUG 37 and 46, counted from 1)",
    "pupil": "distance of the means of the six points of each eye",
    "box": "square root of width times height of the tight box of the labels",
    "all_points": "on renders: every point of the layout, by the box of the 68 among them",
    "by_yaw": "degrees the face is turned either way: recorded on renders, elsewhere fitted to "
    "the labels, jaw apart (mean error about 3)",
    "calibration": "sigma and error along an axis in pixels of the crop; on photos sigma is of the "
    "layout's nearest point",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """What an evaluation found, face by face."""

    sources: NDArray[np.str_]  # (N,) where each face is from
    photos: NDArray[np.str_]  # (N,) photograph or identity: the unit of resampling
    crops: NDArray[np.uint8]  # (N, S, S, 3)
    predicted: Float64  # (N, Q, 2) the scored points in pixels of the crops
    truth: Float64  # (N, Q, 2)
    errors: dict[str, Float64]  # normaliser -> (N,) fractions; the first one is drawn and ranked by
    groups: dict[str, float]  # group -> mean error by the first normaliser
    yaw: Float64  # (N,) degrees
    sigma: Float64  # (N, Q) pixels of the crops; NaN for points without a sigma of their own
    chance: Float64 | None = None  # (N, Q) said probability that a point is seen
    seen: NDArray[np.bool_] | None = None  # (N, Q) whether it was

    @property
    def primary(self) -> str:
        """The normaliser that auc8, fr8, groups, curves and rankings are by."""
        return next(iter(self.errors))

    def summary(self) -> dict[str, Any]:
        """Return the numbers of a result file, in per cent; None where points are missing."""
        main = self.errors[self.primary]
        numbers: dict[str, Any] = {"n": len(main), "missed": 0}
        for name in dict.fromkeys([*metrics.NORMALISERS, *self.errors]):
            each = self.errors.get(name)
            numbers[f"nme_{name}"] = None if each is None else _percent(each.mean())
        numbers["auc8"] = _percent(metrics.auc(main))
        numbers["fr8"] = _percent(metrics.failure_rate(main))
        numbers["by"] = f"auc8, fr8 and groups: {self.primary}"
        numbers["points_scored"] = self.predicted.shape[1]
        numbers["groups"] = {name: _percent(error) for name, error in self.groups.items()}
        numbers["ci95"] = self._intervals(main)
        numbers["by_source"] = self._by_source(main)
        numbers["by_yaw"] = self._by_yaw(main)
        numbers["ced"] = _curve(main)
        errors = metrics.point_errors(self.predicted, self.truth)
        numbers["calibration"] = calibration(errors, self.sigma)
        if self.chance is not None and self.seen is not None:
            numbers["visibility"] = visibility_scores(self.chance, self.seen)
        return numbers

    def _intervals(self, main: Float64) -> dict[str, list[float]]:
        """Return 95 % intervals: of means, since AUC and FR are means over faces, too."""
        each = {f"nme_{name}": errors for name, errors in self.errors.items()}
        each |= {"auc8": metrics.auc_share(main), "fr8": (main > metrics.THRESHOLD).astype(float)}
        return {
            name: [_percent(x) for x in metrics.bootstrap_ci(values, self.photos)]
            for name, values in each.items()
        }

    def _by_yaw(self, errors: Float64) -> dict[str, Any]:
        return {
            name: {
                "n": int(members.sum()),
                f"nme_{self.primary}": _percent(errors[members].mean()),
                "ci95": [
                    _percent(x) for x in metrics.bootstrap_ci(errors[members], self.photos[members])
                ],
                "fr8": _percent(metrics.failure_rate(errors[members])),
            }
            for name, members in bins_of(self.yaw)
        }

    def _by_source(self, errors: Float64) -> dict[str, Any]:
        return {
            str(source): {
                "n": int((chosen := self.sources == source).sum()),
                f"nme_{self.primary}": _percent(errors[chosen].mean()),
            }
            for source in np.unique(self.sources)
        }


def _percent(fraction: float) -> float:
    return round(100 * float(fraction), 4)


def _curve(errors: Float64) -> dict[str, list[float]]:
    """Return the cumulative error curve at a few errors, for tables and for other tools."""
    at = np.linspace(0, metrics.THRESHOLD, 17)
    return {"error": [_percent(x) for x in at],
            "share": [_percent((errors <= x).mean()) for x in at]}  # fmt: skip


@dataclass(frozen=True, eq=False)
class PhotoCrops:
    """N labelled faces of photos, cut once for all networks of one size."""

    photos: PhotoSet
    boxes: Float64  # (N, 3) in pixels of the photos
    images: NDArray[np.uint8]  # (N, S, S, 3)
    sources: NDArray[np.str_]  # (N,) where each face is from

    def __len__(self) -> int:
        return len(self.images)

    @classmethod
    def read(cls, sets: Sequence[PhotoSet], size: int, report: Report) -> Self:
        """Crop all faces at the boxes of their labels to `size` pixels."""
        photos = merge(sets)
        boxes = crops.square_box(photos.points)
        sources = np.concatenate([[each.source] * len(each) for each in sets])
        return cls(photos, boxes, photos.crops(boxes, size, report), sources)


def predict_photos(predictor: Predictor, faces: PhotoCrops, *, flip: bool) -> Labelled:
    """Return predictions in pixels of the photos."""
    inverse = crops.invert(crops.crop_matrix(faces.boxes, predictor.size))
    found = predictor.predict(faces.images, flip=flip)
    return Labelled(
        crops.apply(inverse, found.points), faces.photos.points, faces.boxes,
        np.array(faces.photos.photos), found.sigma * (faces.boxes[:, 2:] / predictor.size),
    )  # fmt: skip


def protocol_for(
    predictor: Predictor, faces: PhotoCrops | None, *, flip: bool
) -> tuple[Protocol68, dict[str, Any]]:
    """Return an adapter fitted to predictions on labelled photos, and what was found.

    Without photos it is the layout's nearest points, and nothing was found.
    """
    if faces is None:
        return Nearest(predictor.spec), {}
    adapter, found = fit_adapter(predictor.spec, predict_photos(predictor, faces, flip=flip))
    return adapter, {**found, "sources": list(dict.fromkeys(faces.sources.tolist()))}


def score_photos(
    predictor: Predictor, faces: PhotoCrops, protocol: Protocol68, *, flip: bool
) -> Scores:
    """Score the 68 points that `protocol` makes of the network's predictions."""
    labelled = predict_photos(predictor, faces, flip=flip)
    answers, truth = protocol(labelled.points, labelled.boxes), labelled.truth
    scored, divisors = protocol.scored, metrics.normaliser_68(truth, "ocular")
    matrices = crops.crop_matrix(labelled.boxes, predictor.size)
    nearest = predictor.spec.ibug68
    assert labelled.sigma is not None
    sigma = np.where(nearest >= 0, labelled.sigma[:, nearest], np.nan)
    return Scores(
        sources=faces.sources,
        photos=labelled.photos,
        crops=faces.images,
        predicted=crops.apply(matrices, answers[:, scored]),
        truth=crops.apply(matrices, truth[:, scored]),
        errors=_errors_68(answers, truth, scored),
        groups=metrics.group_errors(answers, truth, divisors, scored),
        yaw=yaw_68(truth),
        sigma=(sigma * (predictor.size / labelled.boxes[:, 2:]))[:, scored],
    )


def score_renders(predictor: Predictor, dataset: Dataset, *, flip: bool, report: Report) -> Scores:
    """Score every point of the layout on faces whose identities the network has not seen.

    Those are all of a dataset of another seed or head model, and the held-out ones of the
    dataset that the network learned from or of one like it.
    """
    dataset.require_spec(predictor.spec)
    rows = unseen_rows(predictor, dataset)
    columns = dataset.columns(["points", "identity", "visibility", "yaw"], rows)
    truth = columns["points"]
    faces = plain_crops(dataset, rows, boxes_of(truth, predictor.spec), predictor.size, report)
    labelled = faces.label(truth)
    found = predictor.predict(faces.images, flip=flip)
    predicted = found.points
    dividers = box_divisors(labelled.points, predictor.spec)
    each = metrics.point_errors(predicted, labelled.points) / dividers[:, None]
    chosen, nearest = predictor.spec.ibug68, predictor.spec.ibug68 >= 0
    answers, truth_68 = (
        np.where(nearest[:, None], p[:, chosen], np.nan) for p in (predicted, labelled.points)
    )
    return Scores(
        sources=np.array([str(dataset.path)] * len(rows)),
        photos=np.unique(columns["identity"], axis=0, return_inverse=True)[1].astype(str),
        crops=faces.images,
        predicted=predicted.astype(np.float64),
        truth=labelled.points.astype(np.float64),
        errors={"all_points": each.mean(axis=1), **_errors_68(answers, truth_68, nearest)},
        groups={g: float(each[:, i].mean()) for g, i in predictor.spec.groups.items() if len(i)},
        yaw=columns["yaw"].astype(np.float64),
        sigma=found.sigma.astype(np.float64),
        chance=None if found.visibility is None else found.visibility.astype(np.float64),
        seen=columns["visibility"] == VISIBLE,
    )


def unseen_rows(predictor: Predictor, dataset: Dataset) -> NDArray[np.int64]:
    """Return the rows of `dataset` that hold identities the network was not trained on."""
    learned = predictor.run.dataset
    if (learned["seed"], learned["model"]) != (dataset.recipe.seed, dataset.recipe.model):
        return np.arange(len(dataset))
    return split_by_identity(dataset)[1]


def _errors_68(answers: Float64, truth: Float64, scored: NDArray[np.bool_]) -> dict[str, Float64]:
    """Return (N,) errors by every normaliser whose points are all there."""
    found: dict[str, Float64] = {}
    for name in metrics.NORMALISERS if scored.any() else ():
        dividers = metrics.normaliser_68(truth, name)
        if np.isfinite(dividers).all():
            found[str(name)] = metrics.nme(answers[:, scored], truth[:, scored], dividers)
    return found


def refuse_shared(tested: Sequence[PhotoSet], fitted: Sequence[PhotoSet]) -> None:
    """Raise PhotoError where a picture, by its content, is in both."""
    hashes = [
        {sha256(path.read_bytes()).hexdigest(): path.name for each in sets for path in each.paths}
        for sets in (tested, fitted)
    ]
    if shared := sorted(hashes[0][digest] for digest in hashes[0].keys() & hashes[1].keys()):
        raise PhotoError(
            f"{len(shared)} pictures are also among those to score, {shared[0]} for one",
            "--adapt-on", "an adapter must not see the test",
        )  # fmt: skip
