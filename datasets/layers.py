"""Layers: pictures of what is known at each pixel of a rendered image, kept as PNG bytes.

segmentation  (H, W) uint8, an index into CLASSES.
depth         (H, W) float32 metres along the optical axis, 0 where nothing is drawn; stored in
              16 bits as tenths of a millimetre, so up to 6.55 m.
normals       (H, W, 3) float32 unit normals of the head, camera axes (x right, y down, z into the
              scene); 0 0 0 off the head. Stored as 8-bit RGB, 128 + 127 times each.
uv            (H, W, 2) float32 texture coordinates of the head; NaN off the head. Stored as 8-bit
              RGBA: u in 16 bits, R first, then v; 0 0 0 0 off the head.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

CLASSES = (
    "background", "skin", "brows", "eyes", "nose", "lips", "inner_mouth", "ears", "hair", "beard",
    "clothes", "glasses", "headwear", "facewear", "occluder",
)  # fmt: skip
DEPTH_UNIT = 1e-4  # metres
_FAST = [cv2.IMWRITE_PNG_COMPRESSION, 2]


def encode_layer(name: str, values: Array) -> bytes:
    """Return the PNG of a layer whose `values` are as the module says."""
    done, png = cv2.imencode(".png", _TO_PIXELS[name](values), _FAST)
    assert done
    return bytes(png)


def decode_layer(name: str, png: bytes) -> Array:
    """Return the values of a layer; ValueError where the bytes are no PNG."""
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("the bytes are no PNG")
    return _FROM_PIXELS[name](pixels)


def decode_layers(name: str, pngs: Collection[bytes], size: int) -> Array:
    """Return n layers of `size` pixels as (n, size, size, ...); ValueError for any other size."""
    tail, kind = _SHAPES[name]
    layers = np.empty((len(pngs), size, size, *tail), kind)
    for place, png in zip(layers, pngs, strict=True):
        layer = decode_layer(name, png)
        if layer.shape != place.shape:
            raise ValueError(f"a layer is {layer.shape}, not {place.shape}")
        place[...] = layer
    return layers


def _same(values: Array) -> Array:
    return values


def _depth_pixels(metres: Array) -> Array:
    return np.clip(np.rint(metres / DEPTH_UNIT), 0, 65535).astype(np.uint16)


def _depth(pixels: Array) -> Array:
    return pixels.astype(np.float32) * np.float32(DEPTH_UNIT)


def _normal_pixels(normals: Array) -> Array:
    there = normals.any(axis=-1, keepdims=True)
    return np.where(there, np.rint(128 + 127 * normals), 0).astype(np.uint8)[..., ::-1]


def _normals(pixels: Array) -> Array:
    normals = (pixels[..., ::-1].astype(np.float32) - 128) / 127
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-6)
    return np.where(pixels.any(axis=-1, keepdims=True), normals, np.float32(0))


def _uv_pixels(uv: Array) -> Array:
    there = np.asarray(np.isfinite(uv).all(axis=-1))
    words = 1 + np.rint(np.clip(np.nan_to_num(uv), 0, 1) * 65534).astype(np.uint16)
    words[~there] = 0
    u, v = words[..., 0], words[..., 1]
    return np.stack([v >> 8, u & 255, u >> 8, v & 255], axis=-1).astype(np.uint8)  # B G R A


def _uv(pixels: Array) -> Array:
    blue, green, red, alpha = (pixels[..., k].astype(np.int64) for k in range(4))
    words = np.stack([red << 8 | green, blue << 8 | alpha], axis=-1)
    uv = (words - 1).astype(np.float32) / np.float32(65534)
    return np.where(words > 0, uv, np.float32(np.nan))


_SHAPES: Mapping[str, tuple[tuple[int, ...], str]] = {
    "segmentation": ((), "uint8"), "depth": ((), "float32"), "normals": ((3,), "float32"),
    "uv": ((2,), "float32"),
}  # fmt: skip
_TO_PIXELS: Mapping[str, Callable[[Array], Array]] = {
    "segmentation": _same, "depth": _depth_pixels, "normals": _normal_pixels, "uv": _uv_pixels,
}  # fmt: skip
_FROM_PIXELS: Mapping[str, Callable[[Array], Array]] = {
    "segmentation": _same, "depth": _depth, "normals": _normals, "uv": _uv,
}  # fmt: skip
