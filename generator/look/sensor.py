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
    """Return `image` with noise, stronger in the dark half as after a gamma curve."""
    side = image.shape[0]
    if side > BANK_SIDE:
        raise ValueError(f"pictures of {side} px, the noise bank has {BANK_SIDE}")
    y, x = rng.integers(0, BANK_SIDE - side + 1, 2)
    white, coarse = noise_bank()
    noise = white[y : y + side, x : x + side] * np.float32(1.0 - 0.6 * sensor.grain)
    noise += coarse[y : y + side, x : x + side] * np.float32(sensor.grain)
    if sensor.grey:
        noise = np.repeat(noise[..., :1], 3, axis=2)
    value = image.astype(np.float32)
    noise *= np.float32(255.0 * sensor.noise) * (np.float32(1.25) - value * np.float32(0.5 / 255))
    value += noise
    value += np.float32(0.5)
    np.clip(value, 0.0, 255.0, out=value)
    return value.astype(np.uint8)


@lru_cache(maxsize=1)
def noise_bank() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (BANK_SIDE, BANK_SIDE, 3) of white and of coarse noise, standard deviation 1."""
    rng = np.random.default_rng(3)
    white = rng.standard_normal((BANK_SIDE, BANK_SIDE, 3), dtype=np.float32)
    white = 0.45 * white + 0.9 * white.mean(axis=2, keepdims=True) * np.sqrt(3.0, dtype=np.float32)
    coarse = sum(np.roll(white, shift, (0, 1)) for shift in ((0, 0), (0, 1), (1, 0), (1, 1)))
    white, coarse = white / white.std(), np.asarray(coarse) / np.std(coarse)
    return white.astype(np.float32), coarse.astype(np.float32)
