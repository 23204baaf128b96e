"""What a camera adds after the light is developed: blur, few pixels, noise.

Everything works on (H, W, 3) sRGB bytes and costs at most a few milliseconds at 256 px; noise is
cut from a bank that is made once, since drawing normal numbers for every picture would cost more
than the rest together.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from dlm.generator.look.factors import Sensor

Bytes = NDArray[np.uint8]
BANK_SIDE = 1024
BANK_SPREAD = 16
FULL = np.uint16(256)
SOFT = 0.7  # sigma, pixels: below it three taps are enough
REFERENCE = 256.0  # blur is stated in pixels of a picture of this side


def sensed(image: Bytes, sensor: Sensor, rng: np.random.Generator) -> Bytes:
    """Return `image` (H, W, 3) as `sensor` would have recorded it."""
    side = image.shape[0]
    scale = side / REFERENCE
    if sensor.blur * scale < SOFT:
        image = _softened(image, sensor.blur * scale)
    picture = Image.fromarray(np.ascontiguousarray(image))
    if sensor.blur * scale >= SOFT:
        picture = picture.filter(ImageFilter.GaussianBlur(sensor.blur * scale))
    if sensor.low_side < 1.0:
        few = max(24, round(side * sensor.low_side))
        picture = picture.resize((few, few), Image.Resampling.BOX)
        picture = picture.resize((side, side), Image.Resampling.BICUBIC)
    result = np.asarray(picture)
    if sensor.motion[0] > 1.0:
        result = _smeared(result, sensor.motion[0] * scale, sensor.motion[1])
    return _noisy(result, sensor, rng)


def _softened(image: Bytes, sigma: float) -> Bytes:
    """Return `image` under the three-tap kernel of this variance: far cheaper than a true blur."""
    share = np.uint16(round(128 * min(sigma * sigma, 0.5)))  # of 256, each neighbour's
    wide: NDArray[np.uint16] = np.pad(image, ((1, 1), (1, 1), (0, 0)), "edge").astype(np.uint16)
    middle = FULL - share - share
    rows: NDArray[np.uint16] = (wide[1:-1] * middle + (wide[:-2] + wide[2:]) * share) // FULL
    both = (rows[:, 1:-1] * middle + (rows[:, :-2] + rows[:, 2:]) * share) // FULL
    return np.asarray(both, dtype=np.uint8)


def _smeared(image: Bytes, length: float, angle: float) -> Bytes:
    """Return the mean of `image` shifted along a line of `length` pixels."""
    steps = max(2, round(length))
    total = np.zeros(image.shape, np.uint16)
    reach = int(np.ceil(length / 2)) + 1
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    high, wide = image.shape[:2]
    for k in np.linspace(-length / 2, length / 2, steps):
        x, y = reach + round(k * np.cos(angle)), reach + round(k * np.sin(angle))
        total += padded[y : y + high, x : x + wide]
    return (total // np.uint16(steps)).astype(np.uint8)


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
    rng = np.random.default_rng(3)
    fine = 0.45 * rng.standard_normal((BANK_SIDE, BANK_SIDE, 3), dtype=np.float32)
    fine += rng.standard_normal((BANK_SIDE, BANK_SIDE, 1), dtype=np.float32)
    coarse = fine + np.roll(fine, 1, 0) + np.roll(fine, 1, 1) + np.roll(fine, (1, 1), (0, 1))
    mixes = (fine, fine + 0.5 * coarse, coarse)
    return tuple(
        np.clip(mix * np.float32(BANK_SPREAD / mix.std()), -80, 80).astype(np.int16)
        for mix in mixes
    )
