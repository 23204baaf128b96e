"""What a camera adds after the light is developed: blur or sharpening, few pixels, noise.

Everything works on (H, W, 3) sRGB bytes and costs at most a few milliseconds at 256 px; noise is
cut from a bank that is made once, since drawing normal numbers for every picture would cost more
than the rest together.
"""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dlm.generator.look.factors import Sensor
from dlm.generator.models import cache

Bytes = NDArray[np.uint8]
BANK_SIDE = 1024
BANK_SPREAD = 16
SOFT = 0.7  # sigma, pixels: below it three taps are enough
REFERENCE = 256.0  # blur is stated in pixels of a picture of this side


def sensed(image: Bytes, sensor: Sensor, rng: np.random.Generator) -> Bytes:
    """Return `image` (H, W, 3) as `sensor` would have recorded it."""
    side = image.shape[0]
    scale = side / REFERENCE
    result = image
    if sensor.blur > 0:
        taps = 3 if sensor.blur * scale < SOFT else 0  # 0: as many as the blur wants
        result = _bytes(cv2.GaussianBlur(result, (taps, taps), sensor.blur * scale))
    elif sensor.blur < 0:
        soft = cv2.GaussianBlur(result, (3, 3), SOFT)
        result = _bytes(cv2.addWeighted(result, 1.0 - sensor.blur, soft, sensor.blur, 0.0))
    if sensor.low_side < 1.0:
        few = max(24, round(side * sensor.low_side))
        result = _bytes(cv2.resize(result, (few, few), interpolation=cv2.INTER_AREA))
        result = _bytes(cv2.resize(result, (side, side), interpolation=cv2.INTER_CUBIC))
    if sensor.motion[0] > 1.0:
        smear = _smear(sensor.motion[0] * scale, sensor.motion[1])
        result = _bytes(cv2.filter2D(result, -1, smear, borderType=cv2.BORDER_REPLICATE))
    return _noisy(result, sensor, rng)


def _bytes(result: NDArray[Any]) -> Bytes:
    return np.asarray(result, dtype=np.uint8)


def _smear(length: float, angle: float) -> NDArray[np.float32]:
    """Return the kernel that averages along a line of `length` pixels, no larger than it must be.

    OpenCV turns to Fourier transforms, 7 ms, for kernels of 130 numbers and more.
    """
    steps = max(2, round(length))
    along = np.linspace(-length / 2, length / 2, steps)
    x, y = (np.rint(along * part).astype(int) for part in (np.cos(angle), np.sin(angle)))
    kernel = np.zeros((np.ptp(y) + 1, np.ptp(x) + 1), np.float32)
    np.add.at(kernel, (y - y.min(), x - x.min()), 1 / steps)
    return kernel


def _noisy(image: Bytes, sensor: Sensor, rng: np.random.Generator) -> Bytes:
    """Return `image` with noise, stronger in the dark half as after a gamma curve.

    All in 16-bit integers: the bank's bytes (standard deviation BANK_SPREAD) times 320 - value,
    then scaled; the largest product stays below 2^15.
    """
    side = image.shape[0]
    if side > BANK_SIDE:
        raise ValueError(f"pictures of {side} px, the noise bank has {BANK_SIDE}")
    y, x = rng.integers(0, BANK_SIDE - side + 1, 2)
    banks = noise_banks()
    bank = banks[round(sensor.grain * (len(banks) - 1))]
    if sensor.grey:
        bank = np.broadcast_to(bank[..., :1], bank.shape)
    value = image.astype(np.int16)
    noise = bank[y : y + side, x : x + side] * (np.int16(320) - value)
    noise >>= np.int16(5)
    middle = BANK_SPREAD * (320 - 128) / 32  # the noise's spread now, at mid-grey
    noise *= np.int16(min(round(255.0 * sensor.noise / middle * 256), 36))
    noise += np.int16(128)
    noise >>= np.int16(8)
    value += noise
    np.clip(value, 0, 255, out=value)
    return value.astype(np.uint8)


@lru_cache(maxsize=1)
def noise_banks() -> tuple[NDArray[np.int16], ...]:
    """Return banks (BANK_SIDE, BANK_SIDE, 3) from white to coarse noise; mostly in luminance."""
    made_by = sha256(Path(__file__).read_bytes() + np.__version__.encode()).hexdigest()[:16]
    kept = cache.cached("noise", made_by, lambda: {"banks": _grown_banks()})
    return tuple(kept["banks"].astype(np.int16))


def _grown_banks() -> NDArray[np.int8]:
    """Return (3, BANK_SIDE, BANK_SIDE, 3): 0.2 s of normal numbers."""
    rng = np.random.default_rng(3)
    fine = 0.45 * rng.standard_normal((BANK_SIDE, BANK_SIDE, 3), dtype=np.float32)
    fine += rng.standard_normal((BANK_SIDE, BANK_SIDE, 1), dtype=np.float32)
    coarse = fine + np.roll(fine, 1, 0) + np.roll(fine, 1, 1) + np.roll(fine, (1, 1), (0, 1))
    mixes = (fine, fine + 0.5 * coarse, coarse)
    return np.stack([
        np.clip(mix * np.float32(BANK_SPREAD / mix.std()), -80, 80).astype(np.int8)
        for mix in mixes
    ])  # fmt: skip
