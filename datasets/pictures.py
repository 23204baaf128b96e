"""Pictures of a dataset: a sheet of samples with their points drawn."""

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


def _caption(sample: Sample) -> str:
    return f"{sample.id}  yaw {sample.yaw:+.0f} pitch {sample.pitch:+.0f} roll {sample.roll:+.0f}"
