"""`predict`: whole photos in, faces with their points out.

A face is found by the detector or named by a box, cropped as in training, and cropped once more
about the points that were found: the network then sees the very crop that it learned from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from dlm.errors import PhotoError
from dlm.train import crops
from dlm.train.confidence import DOUBT
from dlm.train.detector import Detections, suppress
from dlm.train.faces import boxes_of
from dlm.train.photos import SUFFIXES
from dlm.train.predictor import Predictor

Float64 = NDArray[np.float64]
Detect = Callable[[crops.UInt8], Detections]

Boxes = Mapping[str, Float64]  # name of a picture -> (F, 4) x, y, width, height


@dataclass(frozen=True, kw_only=True, eq=False)
class Face:
    """One face of a photo; pixels of the upright photo."""

    box: Float64  # (4,) x, y of the top-left corner, width, height: where it was found
    score: float | None  # 0 to 1, the detector's; None for a box that was given
    points: Float64  # (P, 2)
    sigma: Float64  # (P,) standard deviation along either axis, as the network tells it


@dataclass(frozen=True, kw_only=True, eq=False)
class Photo:
    """A picture and what was found on it."""

    path: Path
    size: tuple[int, int]  # width, height
    faces: Sequence[Face]
    doubted: int = 0  # boxes that were dropped because the run doubts its points in them


def expand(sources: Sequence[Path]) -> list[Path]:
    """Return the pictures of files and folders, each once, those of a folder by name."""
    found: list[Path] = []
    for source in sources:
        if not source.exists():
            raise PhotoError("no such file", str(source), "give pictures or folders of them")
        if not source.is_dir():
            found.append(source)
            continue
        inside = sorted(p for p in source.iterdir() if p.suffix.lower() in SUFFIXES)
        if not inside:
            raise PhotoError(
                "holds no picture", str(source), f"give files, or a folder of {' '.join(SUFFIXES)}"
            )
        found += inside
    return list(dict.fromkeys(found))


def read_upright(path: Path) -> crops.UInt8:
    """Return an (H, W, 3) uint8 picture, turned as its camera says and as every viewer shows it."""
    try:
        with Image.open(path) as picture:
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except FileNotFoundError:
        raise PhotoError("no such file", str(path), "give pictures or folders of them") from None
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise PhotoError(
            f"cannot be decoded: {error}", str(path),
            "give pictures; frames of a video: ffmpeg -i VIDEO -r 5 FRAMES/%05d.jpg",
        ) from None  # fmt: skip


def predict_photo(
    predictor: Predictor, path: Path, detect: Detect | Boxes, *, flip: bool, doubt: float = DOUBT
) -> tuple[Photo, crops.UInt8]:
    """Find the faces of one photo and their points; return it with its pixels.

    Of faces that were detected those stay of which the network's own doubt is at most `doubt`.
    """
    image = read_upright(path)
    height, width = image.shape[:2]
    if isinstance(detect, Mapping):
        boxes = detect.get(path.name, np.empty((0, 4)))
        found = Detections(boxes, np.full(len(boxes), np.nan))
    else:
        found = detect(image)
    if not len(found):
        return Photo(path=path, size=(width, height), faces=[]), image
    points, sigma = predict_faces(predictor, image, found.boxes, flip=flip)
    chosen, doubted = np.arange(len(found)), 0
    if not isinstance(detect, Mapping):
        chosen = trusted(points, sigma, found.scores, doubt)
        doubted = int((doubts_of(points, sigma) > doubt).sum())
    scores = [None if np.isnan(score) else float(score) for score in found.scores]
    faces = [
        Face(box=found.boxes[k], score=scores[k], points=points[k], sigma=sigma[k])
        for k in chosen.tolist()
    ]
    return Photo(path=path, size=(width, height), faces=faces, doubted=doubted), image


def doubts_of(points: Float64, sigma: Float64) -> Float64:
    """Return the (F,) medians of (F, P) sigmas in sides of the boxes of (F, P, 2) points."""
    sizes = np.ptp(points, axis=1)
    return np.asarray(np.median(sigma, axis=1) / np.sqrt(np.prod(sizes, axis=1)))


def trusted(points: Float64, sigma: Float64, scores: Float64, doubt: float) -> NDArray[np.intp]:
    """Return which of F detections are faces by their (F, P, 2) points and (F, P) sigmas.

    On what is no face the network does not know where to put its points: their doubt is above
    `doubt`. Two boxes that led to the same points are one.
    """
    boxes = np.hstack([points.min(axis=1), np.ptp(points, axis=1)])
    sure = np.flatnonzero(doubts_of(points, sigma) <= doubt)
    return sure[suppress(boxes[sure], scores[sure])]


def predict_faces(
    predictor: Predictor, image: crops.UInt8, boxes: Float64, *, flip: bool
) -> tuple[Float64, Float64]:
    """Return (F, P, 2) points and (F, P) sigmas of the faces at (F, 4) boxes, in two passes."""
    centres, longer = boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:].max(axis=1, keepdims=True)
    first, _ = _pass(predictor, image, np.hstack([centres, crops.ENLARGE * longer]), flip)
    return _pass(predictor, image, boxes_of(np.asarray(first, np.float32), predictor.spec), flip)


def _pass(
    predictor: Predictor, image: crops.UInt8, squares: Float64, flip: bool
) -> tuple[Float64, Float64]:
    """Return points and sigmas in pixels of the photo from crops at (F, 3) squares."""
    pictures = crops.crop_all([image] * len(squares), squares, predictor.size)
    matrices = crops.crop_matrix(squares, predictor.size)
    said = predictor.predict(pictures, flip=flip)
    return crops.apply(crops.invert(matrices), said.points), said.sigma / matrices[:, 0, :1]


def read_boxes(path: Path) -> Boxes:
    """Return the boxes of a CSV with the columns image, x, y, width, height; one line a face."""
    import csv

    way_out = "its first line must name image, x, y, width, height; then one line a face"
    found: dict[str, list[list[float]]] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                box = [float(row[name]) for name in ("x", "y", "width", "height")]
                found.setdefault(Path(row["image"]).name, []).append(box)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PhotoError(f"no boxes can be read: {error!r}", str(path), way_out) from None
    if not found:
        raise PhotoError("holds no line with a box", str(path), way_out)
    boxes = {name: np.array(rows) for name, rows in found.items()}
    for name, rows in boxes.items():
        if not (np.isfinite(rows).all() and (rows[:, 2:] > 0).all()):
            raise PhotoError(f"the box of {name} has no area", str(path), way_out)
    return boxes


def check_named(boxes: Boxes, photos: Sequence[Path], where: Path) -> None:
    """Raise PhotoError where the boxes leave out a photo: a silent gap looks like a missed face."""
    missing = [photo.name for photo in photos if photo.name not in boxes]
    if missing:
        raise PhotoError(
            f"names no box for {len(missing)} of {len(photos)} pictures, {missing[0]} for one",
            str(where), "add them, or give only the pictures that it names",
        )  # fmt: skip
