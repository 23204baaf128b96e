"""Square crops around faces: one affine map a crop, in float64, with pixel centres at integers.

A crop of side s around (x, y), drawn at n pixels, maps source pixel p to
(p - (x, y)) * n / s + (n - 1) / 2. Images go through an antialiased resize that obeys the same
map; points go through the map, predictions back through its inverse, and errors are measured in
source pixels.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

Float64 = NDArray[np.float64]
UInt8 = NDArray[np.uint8]

ENLARGE = 1.3  # at 1.2 a network forgives a detector too little (docs/results.md)
CROP_RULE = f"gt-box {ENLARGE}"  # named in every result


def square_box(points: ArrayLike, enlarge: float = ENLARGE) -> Float64:
    """Return (..., 3) centre x, centre y, side of the square around (..., P, 2) points.

    The side is `enlarge` times the longer side of the tight box; the centre is the tight box's.
    """
    array = np.asarray(points, dtype=np.float64)
    low, high = array.min(axis=-2), array.max(axis=-2)
    side = enlarge * (high - low).max(axis=-1, keepdims=True)
    return np.concatenate([(low + high) / 2, side], axis=-1)


def crop_matrix(box: Float64, size: int) -> Float64:
    """Return the (..., 2, 3) map from source pixels to pixels of a `size` x `size` crop."""
    scale = size / box[..., 2]
    matrix = np.zeros((*box.shape[:-1], 2, 3))
    matrix[..., 0, 0] = matrix[..., 1, 1] = scale
    matrix[..., 2] = (size - 1) / 2 - scale[..., None] * box[..., :2]
    return matrix


def invert(matrix: Float64) -> Float64:
    """Return the (..., 2, 3) inverse of an affine map."""
    linear = np.linalg.inv(matrix[..., :2])
    return np.concatenate([linear, -linear @ matrix[..., 2:]], axis=-1)


def apply(matrix: Float64, points: ArrayLike) -> Float64:
    """Map (..., P, 2) points by (..., 2, 3)."""
    array = np.asarray(points, dtype=np.float64)
    return array @ np.swapaxes(matrix[..., :2], -1, -2) + matrix[..., None, :, 2]


def crop_image(image: UInt8, box: Float64, size: int) -> UInt8:
    """Return the (size, size, 3) crop of an (H, W, 3) image; outside it the border is repeated."""
    left, top = box[:2] + 0.5 - box[2] / 2  # corner-based, as Pillow counts
    right, bottom = left + box[2], top + box[2]
    height, width = image.shape[:2]
    pad = max(0, int(np.ceil(max(-left, -top, right - width, bottom - height))))
    if pad:
        image = np.pad(image, ((pad, pad), (pad, pad), (0, 0)), mode="edge")
    drawn = Image.fromarray(image).resize(
        (size, size),
        Image.Resampling.BILINEAR,
        box=(left + pad, top + pad, right + pad, bottom + pad),
    )
    return np.asarray(drawn)


def flip_points(points: ArrayLike, mirror: ArrayLike, width: int) -> Float64:
    """Return the labels (..., P, 2) of the mirrored image: x' = width - 1 - x, points permuted."""
    flipped = np.asarray(points, dtype=np.float64)[..., np.asarray(mirror), :].copy()
    flipped[..., 0] = width - 1 - flipped[..., 0]
    return flipped


def crop_all(images: Sequence[UInt8], boxes: Float64, size: int) -> UInt8:
    """Return (N, size, size, 3) crops of N images at (N, 3) boxes."""
    return np.stack([crop_image(i, b, size) for i, b in zip(images, boxes, strict=True)])
