"""Pictures of faces with points drawn, and sheets of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dlm.datasets.files import replacing

UInt8 = NDArray[np.uint8]
Colour = tuple[int, int, int]

PREDICTED: Colour = (255, 70, 60)
TRUTH: Colour = (70, 230, 90)
TILE = 256  # pixels


def draw_face(
    image: UInt8,
    layers: Sequence[tuple[NDArray[np.floating], Colour]],
    caption: str = "",
    tile: int = TILE,
) -> UInt8:
    """Return a (tile, tile, 3) picture of a square (S, S, 3) one with points on it.

    `layers` are (P, 2) points in pixels of `image`, each with its colour, the last on top.
    """
    scale = tile / image.shape[0]
    picture = Image.fromarray(image).resize((tile, tile), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    radius = 1.6 if len(layers[0][0]) <= 100 else 1.1
    for points, colour in layers:
        for x, y in (points + 0.5) * scale - 0.5:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    if caption:
        pen.text((5, 4), caption, fill=(255, 255, 255), stroke_width=1, stroke_fill=(0, 0, 0))
    return np.asarray(picture)


def sheet(tiles: Sequence[UInt8], columns: int) -> UInt8:
    """Return tiles of one size in rows of `columns`; places left over are white."""
    height, width = tiles[0].shape[:2]
    rows = -(-len(tiles) // columns)
    page = np.full((rows * height, columns * width, 3), 255, dtype=np.uint8)
    for index, tile in enumerate(tiles):
        y, x = divmod(index, columns)
        page[y * height : (y + 1) * height, x * width : (x + 1) * width] = tile
    return page


def write_png(path: Path, image: UInt8) -> None:
    """Write a picture, whole or not at all."""
    with replacing(path) as file:
        Image.fromarray(image).save(file, format="PNG")
