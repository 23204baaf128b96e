"""A user's panoramas around the heads: which files, what they are called by, light and pixels."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from dlm.errors import RenderError
from dlm.generator.backgrounds import Backgrounds, content_of, files_in
from dlm.generator.look.environment import WHITE, light_of, mean_luminance
from dlm.generator.look.factors import Light
from dlm.generator.models import cache

SUFFIXES = (".hdr", ".exr")
MOST = 64  # panoramas in the bank: 143 MB, and as much again while it is made
ROWS = 512  # of a panorama in the bank
MARGIN = 32  # columns that follow on either side: the mip levels in use know no seam
LIGHT_ROWS = 64  # of a panorama that a light is made of
BRIGHTEST = 65504.0  # what half floats hold: a sun beyond it is written as infinite
MADE = 1  # raise it when the same files would give other arrays


@dataclass(frozen=True)
class Environment(Backgrounds):
    """Panoramas, which stand behind the heads like photos and light them besides."""

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Return the panoramas of `folder`, every so many of them where there are more than MOST.

        They are read here, once. Raises RenderError where there is no such folder, no panorama in
        it, or one that is none.
        """
        paths = files_in(folder, SUFFIXES, MOST, "--environment", "panoramas")
        digest = sha256(b"environment")  # no folder of photos has this name
        for path in paths:
            digest.update(sha256(content_of(path)).digest())
        made = cls(paths, digest.hexdigest()[:12])
        assert made.lights  # what cannot be read is said here, not by a worker
        return made

    @cached_property
    def lights(self) -> tuple[Light, ...]:
        """The light of each panorama, not turned."""
        return tuple(light_of(small) for small in self._baked()["lights"])

    def bank(self) -> NDArray[np.uint8]:
        """Return (N, ROWS, 2 ROWS + 2 MARGIN, 4) bytes: the square root of radiance over WHITE."""
        return self._baked()["bank"]

    def _baked(self) -> cache.Arrays:
        return cache.cached("environment", f"{self.digest}{MADE}", self._bake)

    def _bake(self) -> cache.Arrays:
        shape = (len(self.paths), ROWS, 2 * (ROWS + MARGIN), 4)
        bank, lights = np.full(shape, 255, np.uint8), []
        for layer, path in zip(bank, self.paths, strict=True):
            panorama = _panorama(path)
            small = _resized(panorama, LIGHT_ROWS)
            mean = mean_luminance(small)
            if mean <= 0:
                raise RenderError("is black", str(path), "replace or remove it")
            lights.append(small / np.float32(mean))
            bytes_ = np.sqrt((_resized(panorama, ROWS) / (mean * WHITE)).clip(0, 1)) * 255
            layer[..., :3] = np.pad(bytes_, ((0, 0), (MARGIN, MARGIN), (0, 0)), "wrap")
        return {"bank": bank, "lights": np.stack(lights)}


def _panorama(path: Path) -> NDArray[np.float32]:
    """Return the file's (H, 2 H, 3) linear RGB."""
    rgb = _exr(path) if path.suffix.lower() == ".exr" else _radiance(path)
    high, wide = rgb.shape[:2]
    if wide != 2 * high:
        raise RenderError(
            f"{wide} by {high} pixels are no panorama", str(path),
            "give equirectangular ones, twice as wide as high",
        )  # fmt: skip
    finite = np.nan_to_num(rgb, nan=0.0, posinf=BRIGHTEST)
    return np.asarray(finite.clip(0, None), dtype=np.float32)


def _radiance(path: Path) -> NDArray[np.float32]:
    """Return the (H, W, 3) linear RGB of a .hdr file."""
    try:
        read = cv2.imdecode(np.frombuffer(content_of(path), np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        read = None
    if read is None or read.dtype != np.float32 or read.ndim != 3:
        raise RenderError("is no Radiance picture", str(path), "replace or remove it")
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), dtype=np.float32)


def _exr(path: Path) -> NDArray[np.float32]:
    """Return the (H, W, 3) linear RGB of an OpenEXR file, which OpenCV's wheels do not read."""
    try:
        import OpenEXR
    except ImportError:
        raise RenderError(
            "OpenEXR files need the package OpenEXR", str(path),
            "pip install 'dlm[exr]', or convert it to .hdr",
        ) from None  # fmt: skip
    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            found = file.channels()
            planes = [found[name].pixels for name in "RGB"]
            return np.stack(planes, axis=-1).astype(np.float32)
    except (RuntimeError, KeyError, ValueError):
        raise RenderError(
            "is no OpenEXR picture with R, G and B", str(path), "replace or remove it"
        ) from None


def _resized(panorama: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    shrinks = len(panorama) > rows
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(panorama, (2 * rows, rows), interpolation=way))
