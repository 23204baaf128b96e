"""Pictures as JPEG bytes and back; the fast turbo decoder, one result array for a whole batch."""

from collections.abc import Collection

import numpy as np
import simplejpeg
from numpy.typing import NDArray

UInt8 = NDArray[np.uint8]


def encode_jpeg(image: UInt8, quality: int) -> bytes:
    """Return the JPEG of an (H, W, 3) sRGB image, colours at half resolution as cameras store them.

    `quality` 1 to 100, the scale of libjpeg.
    """
    pixels = np.ascontiguousarray(image)
    return bytes(simplejpeg.encode_jpeg(pixels, quality, "RGB", colorsubsampling="420"))


def decode_jpeg(jpeg: bytes) -> UInt8:
    """Return the (H, W, 3) sRGB image; ValueError where the bytes are no JPEG."""
    return np.asarray(simplejpeg.decode_jpeg(jpeg, "RGB"))


def decode_batch(jpegs: Collection[bytes], size: int) -> UInt8:
    """Return n images of `size` pixels as (n, size, size, 3); ValueError for any other size."""
    images = np.empty((len(jpegs), size, size, 3), np.uint8)
    for jpeg, image in zip(jpegs, images, strict=True):
        height, width = simplejpeg.decode_jpeg_header(jpeg)[:2]
        if (height, width) != (size, size):
            raise ValueError(f"a picture is {width} x {height} pixels, not {size} x {size}")
        simplejpeg.decode_jpeg(jpeg, "RGB", buffer=image)
    return images
