"""Real photos with 68-point labels, as 300-W ships them: pictures beside .pts files.

They are read where they lie and never copied; research use only.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlm.errors import PhotoError
from dlm.train import crops

SCHEME = "300w"
SUFFIXES = (".jpg", ".jpeg", ".png")
POINTS = 68


@dataclass(frozen=True, eq=False)
class PhotoSet:
    """N labelled faces, their pictures still on disk."""

    source: str  # as the user named it
    paths: tuple[Path, ...]  # (N,)
    points: NDArray[np.float64]  # (N, 68, 2) pixels, origin at the centre of the top-left pixel
    photos: tuple[str, ...]  # (N,) which faces come from one photograph

    def __len__(self) -> int:
        return len(self.paths)

    def crops(self, boxes: crops.Float64, size: int, report: Callable[[int], None]) -> crops.UInt8:
        """Return (N, size, size, 3) crops at (N, 3) boxes."""
        drawn = np.empty((len(self), size, size, 3), dtype=np.uint8)
        for index, (path, box) in enumerate(zip(self.paths, boxes, strict=True)):
            drawn[index] = crops.crop_image(read_picture(path), box, size)
            report(1)
        return drawn


def open_photos(source: str) -> PhotoSet:
    """Return the faces of `300w:PATH`; PhotoError where the folder is not such a one."""
    scheme, colon, place = source.partition(":")
    if not colon or scheme != SCHEME:
        raise PhotoError("says not what kind of photos these are", source, f"write {SCHEME}:PATH")
    folder = Path(place).expanduser()
    labels = _label_files(folder)
    pictures = [_picture_of(path) for path in labels]
    points = np.stack([read_pts(path) for path in labels])
    prefix = folder.resolve().name
    return PhotoSet(source, tuple(pictures), points, tuple(_photos(prefix, pictures)))


def merge(sets: Sequence[PhotoSet]) -> PhotoSet:
    """Return several sets as one."""
    return PhotoSet(
        ", ".join(s.source for s in sets),
        tuple(path for s in sets for path in s.paths),
        np.concatenate([s.points for s in sets]),
        tuple(photo for s in sets for photo in s.photos),
    )


def read_pts(path: Path) -> NDArray[np.float64]:
    """Return the (68, 2) points of a .pts file, counted from 0: the file counts from 1."""
    way_out = f"a .pts file holds 'n_points: {POINTS}' and {POINTS} lines 'x y' in braces"
    try:
        text = path.read_text()
        body = text[text.index("{") + 1 : text.index("}")]
        points = np.array([line.split() for line in body.split("\n") if line.strip()], float)
    except (OSError, ValueError) as error:
        raise PhotoError(f"no points can be read: {error}", str(path), way_out) from None
    if points.shape != (POINTS, 2) or not np.isfinite(points).all():
        raise PhotoError(f"holds {'x'.join(map(str, points.shape))} numbers", str(path), way_out)
    return np.asarray(points - 1)


def write_pts(path: Path, points: NDArray[np.float64]) -> None:
    """Write (P, 2) points counted from 0 as a .pts file, which counts from 1."""
    lines = [f"{x:.3f} {y:.3f}" for x, y in points + 1]
    path.write_text(f"version: 1\nn_points: {len(points)}\n{{\n" + "\n".join(lines) + "\n}\n")


def read_picture(path: Path) -> crops.UInt8:
    """Return an (H, W, 3) uint8 picture; a PhotoError where it cannot be decoded."""
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError) as error:
        raise PhotoError(f"cannot be decoded: {error}", str(path), "replace or remove it") from None


def _label_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise PhotoError("no such folder", str(folder), f"write {SCHEME}:PATH of a folder")
    labels = sorted(folder.glob("*.pts"))
    if not labels:
        pictures = sum(path.suffix.lower() in SUFFIXES for path in folder.iterdir())
        raise PhotoError(
            f"holds {pictures} pictures and no .pts file", str(folder),
            "300-W folders have a NAME.pts beside each NAME.jpg; is it a folder further down?",
        )  # fmt: skip
    return labels


def _picture_of(label: Path) -> Path:
    for suffix in SUFFIXES:
        for spelled in (suffix, suffix.upper()):
            path = label.with_suffix(spelled)
            if path.exists():
                return path
    raise PhotoError(
        "has no picture beside it", str(label), f"add {label.stem}{SUFFIXES[0]} or remove the .pts"
    )


def _photos(prefix: str, pictures: Iterable[Path]) -> list[str]:
    """Return the photograph of each face: 300-W names them PHOTO_1, PHOTO_2, ... by face.

    `image_0001` (LFPW) is a photograph's own number, so a suffix counts as a face's only where it
    is a number without leading zeros.
    """
    return [prefix + "/" + re.sub(r"_[1-9]\d?$", "", picture.stem) for picture in pictures]
