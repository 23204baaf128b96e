"""Toy photos: the dots of builders.py before another background, in other colours and light."""

from pathlib import Path

import numpy as np
from PIL import Image

from dlm.landmark_specs import LandmarkSpec
from dlm.train.modes import MODES
from dlm.train.photo_data import PhotoFaces, Photos
from dlm.train.photos import open_photos, write_pts
from tests.train.builders import face, spec


def write_photos(folder: Path, n: int, layout: LandmarkSpec | None = None) -> Path:
    """Write `n` pictures with 68 labels each: those that the layout has, the rest at the nose."""
    folder.mkdir()
    chosen = (layout or spec()).ibug68
    for index in range(n):
        image, points = face(1000 + index)
        labels = np.repeat(points[2:3], 68, axis=0)
        labels[chosen >= 0] = points[chosen[chosen >= 0]]
        shaded = 255 - (image * 0.6).astype(np.uint8)
        Image.fromarray(shaded).save(folder / f"p{index}.png")
        write_pts(folder / f"p{index}.pts", labels.astype(float))
    return folder


def for_mode(name: str, photos: Photos) -> Photos:
    """Leave only what a mode asks for."""
    streams = {term.stream for term in MODES[name].terms}
    return Photos(
        real=photos.real if "real" in streams else None,
        unlabelled=photos.unlabelled if "unlabelled" in streams else None,
    )


def toy_photos(folder: Path, n: int = 24, size: int = 32) -> Photos:
    """Return the same toy photos as labelled and as unlabelled ones."""
    sets = [open_photos(f"300w:{write_photos(folder, n)}")]
    faces = PhotoFaces.read(sets, size, lambda count: None)
    return Photos(real=faces, unlabelled=faces)
