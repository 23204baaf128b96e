"""Pictures of a dataset: a sheet of samples with their points drawn."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dlm.datasets.images import UInt8
from dlm.datasets.reader import Dataset, Sample
from dlm.errors import DatasetError
from dlm.landmark_specs.pictures import draw_points

CELL = 256  # pixels at least, so that points of a small picture can be told apart
GAP, CAPTION = 4, 14  # pixels
PAPER, INK = (24, 24, 24), (225, 225, 225)
PALETTE = np.array([
    [30, 30, 30], [224, 172, 140], [90, 50, 20], [250, 250, 250], [240, 130, 90], [220, 40, 80],
    [120, 0, 40], [255, 200, 90], [110, 80, 220], [70, 70, 10], [40, 140, 90], [0, 220, 255],
    [250, 0, 250], [0, 90, 200], [255, 255, 0],
], np.uint8)  # fmt: skip  # of layers.CLASSES, in their order


def contact_sheet(data: Dataset, rows: NDArray[np.int64]) -> UInt8:
    """Return a grid of the samples in `rows`, (H, W, 3) sRGB: id and head pose under each.

    Points are coloured by group; hidden ones look other than visible ones (see `draw_points`).
    Raises DatasetError where there is nothing to draw.
    """
    if not len(rows):
        raise DatasetError("there is no sample to draw", str(data.path), "render some first")
    scale = -(-CELL // data.recipe.size)
    cell = scale * data.recipe.size
    across = int(np.ceil(np.sqrt(len(rows))))
    down = -(-len(rows) // across)
    size = (across * (cell + GAP) + GAP, down * (cell + CAPTION + GAP) + GAP)
    sheet = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(sheet)
    for place, sample in enumerate(data.samples(rows)):
        left = GAP + place % across * (cell + GAP)
        top = GAP + place // across * (cell + CAPTION + GAP)
        picture = draw_points(sample.image, sample.points, data.spec, sample.visibility, scale)
        sheet.paste(Image.fromarray(picture), (left, top))
        pen.text((left + 2, top + cell + 1), _caption(sample), INK)
    return np.asarray(sheet)


def layer_sheet(data: Dataset, rows: NDArray[np.int64]) -> UInt8:
    """Return the samples in `rows` one below the other, each image followed by its layers.

    Raises DatasetError where the dataset has no layers or there is nothing to draw.
    """
    names = data.recipe.layers
    if not names or not len(rows):
        what = "there is no sample to draw" if names else "has no layers"
        raise DatasetError(what, str(data.path), "render some with --layers segmentation,depth")
    columns = [data.images(rows)]
    columns += [np.stack([coloured(name, one) for one in data.layer(name, rows)]) for name in names]
    return np.concatenate([np.concatenate(column) for column in columns], axis=1)


def coloured(name: str, layer: NDArray[Any]) -> UInt8:
    """Return a layer, as `dlm.datasets.layers` has it, in colours people can read: (H, W, 3)."""
    if name == "segmentation":
        return np.asarray(PALETTE[layer])
    if name == "depth":
        nearer = layer[layer > 0]
        low, high = np.quantile(nearer, [0, 0.98]) if nearer.size else (0.0, 1.0)
        shade = np.where(layer > 0, 255 - 200 * np.clip((layer - low) / (high - low), 0, 1), 0)
        return np.repeat(shade[..., None], 3, axis=2).astype(np.uint8)
    if name == "normals":
        return np.where(
            layer.any(axis=-1, keepdims=True), 127.5 - 127.5 * layer * [-1, 1, 1], 0
        ).astype(np.uint8)
    squares = (np.nan_to_num(layer) * 24).astype(int).sum(axis=-1, keepdims=True) % 2
    there = np.isfinite(layer[..., :1])
    shade = np.concatenate([np.nan_to_num(layer), squares * 0.5], axis=-1)
    return np.where(there, 255 * shade, 0).astype(np.uint8)


def _caption(sample: Sample) -> str:
    return f"{sample.id}  yaw {sample.yaw:+.0f} pitch {sample.pitch:+.0f} roll {sample.roll:+.0f}"
