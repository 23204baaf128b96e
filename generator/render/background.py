"""A bank of procedural backgrounds: rooms, walls, shelves, foliage, streets, crowds, bokeh.

Built once a process from a fixed seed; each sample takes a layer, places, tints and blurs it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.generator.look.surroundings import BACKGROUND_KINDS, BACKGROUND_LAYERS

SIDE = 256
Picture = NDArray[Any]  # float, (SIDE, SIDE, 3) linear, 0 to 1


def background_bank() -> NDArray[np.uint8]:
    """Return (BACKGROUND_LAYERS, SIDE, SIDE, 4) bytes; RGB is the square root of radiance."""
    layers = []
    for k in range(BACKGROUND_LAYERS):
        rng = np.random.default_rng((11, k))
        picture = _PAINTERS[BACKGROUND_KINDS[k % len(BACKGROUND_KINDS)]](rng)
        layers.append(packed(picture))
    return np.stack(layers)


def packed(picture: Picture) -> NDArray[np.uint8]:
    """Return (SIDE, SIDE, 4) bytes of (SIDE, SIDE, 3) linear light, scaled to its bright parts."""
    scaled = picture / max(float(np.percentile(picture, 97)), 1e-3)
    layer = np.full((SIDE, SIDE, 4), 255, np.uint8)
    layer[..., :3] = np.sqrt(np.clip(scaled, 0, 1)) * 255
    return layer


def _blurred(picture: Picture, sigma: float | tuple[float, ...], mode: str = "reflect") -> Picture:
    from scipy.ndimage import gaussian_filter  # 0.2 s that only whoever makes the bank pays

    return np.asarray(gaussian_filter(picture, sigma, mode=mode))


def _tone(rng: np.random.Generator, saturation: float) -> NDArray[Any]:
    value = np.exp(rng.uniform(-3.0, 0.0))
    warm, own = rng.standard_normal(), 0.35 * rng.standard_normal(3)  # most dyes are warm or cool
    hue = np.clip(1 + saturation * (np.array([1.0, 0.1, -1.0]) * warm + own), 0.05, 2.0)
    return np.asarray(value * hue, dtype=np.float32)


def _slope(rng: np.random.Generator, saturation: float = 0.3) -> Picture:
    """A wall with light falling off across it."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    angle = rng.uniform(0, 2 * np.pi)
    share = np.clip((np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)) * 1.2 + 0.5, 0, 1)
    first, second = _tone(rng, saturation), _tone(rng, saturation)
    return np.asarray(first + (second - first) * share[..., None], dtype=np.float32)


def _noise(rng: np.random.Generator, scale: float) -> Picture:
    noise = _blurred(rng.standard_normal((SIDE, SIDE)), scale, "wrap")
    return np.asarray((noise / noise.std())[..., None], dtype=np.float32)


def _boxes(rng: np.random.Generator, picture: Picture, count: int, saturation: float) -> Picture:
    """Rectangles upon rectangles: furniture, frames, windows, books."""
    for _ in range(count):
        wide, high = np.exp(rng.uniform(1.5, 4.8, 2)).astype(int)
        left, top = rng.integers(-wide // 2, SIDE), rng.integers(-high // 2, SIDE)
        area = picture[max(top, 0) : top + high, max(left, 0) : left + wide]
        shade = np.linspace(rng.uniform(0.6, 1), rng.uniform(0.6, 1), area.shape[1])
        area[:] = _tone(rng, saturation) * shade[None, :, None].astype(np.float32)
    return picture


def _room(rng: np.random.Generator) -> Picture:
    picture = _boxes(rng, _slope(rng), int(rng.integers(8, 40)), 0.35)
    return np.asarray(picture * np.exp(0.15 * _noise(rng, 20)))


def _shelves(rng: np.random.Generator) -> Picture:
    picture = _slope(rng, 0.2)
    top = 0
    while top < SIDE:
        high, left = int(rng.integers(18, 60)), 0
        while left < SIDE:
            wide, drop = int(rng.integers(3, 16)), int(rng.integers(0, 12))
            picture[top + drop : top + high - 3, left : left + wide] = _tone(rng, 0.5)
            left += wide
        top += high
    return picture


def _foliage(rng: np.random.Generator) -> Picture:
    green = np.array([0.35, 0.6, 0.16]) * (1 + 0.25 * rng.standard_normal(3)).clip(0.3, 2)
    leaves = sum(_noise(rng, scale) * weight for scale, weight in ((1.2, 0.6), (3, 0.8), (10, 0.8)))
    sky = np.where(_noise(rng, 14) > 1.1, 3.0, 1.0)
    return np.asarray(green * np.exp(leaves) * sky, dtype=np.float32)


def _bokeh(rng: np.random.Generator) -> Picture:
    picture = _slope(rng) * 0.3
    y, x = np.mgrid[:SIDE, :SIDE]
    radius = rng.uniform(4, 20)
    for _ in range(int(rng.integers(10, 60))):
        cx, cy = rng.uniform(0, SIDE, 2)
        disc = np.hypot(x - cx, y - cy) < radius * rng.uniform(0.6, 1.4)
        picture[disc] += _tone(rng, 0.5) * 0.8
    return _blurred(picture, (1, 1, 0))


def _crowd(rng: np.random.Generator) -> Picture:
    """Out-of-focus people: a head over shoulders, row behind row."""
    picture = _room(rng)
    y, x = np.mgrid[:SIDE, :SIDE]
    for _ in range(int(rng.integers(4, 14))):
        cx, cy, size = rng.uniform(0, SIDE), rng.uniform(60, 230), rng.uniform(14, 40)
        skin = np.array([0.5, 0.3, 0.22]) * np.exp(rng.uniform(-1.5, 0.2))
        body = (np.abs(x - cx) < 1.6 * size) & (y > cy + 1.1 * size)
        picture[body] = _tone(rng, 0.4)
        hair = np.hypot(x - cx, (y - cy + 0.25 * size) / 1.25) < 0.92 * size
        picture[hair] = _tone(rng, 0.2) * np.float32(0.2)
        picture[np.hypot(x - cx, (y - cy) / 1.3) < 0.75 * size] = skin
    return _blurred(picture, (2, 2, 0))


def _street(rng: np.random.Generator) -> Picture:
    picture = _slope(rng, 0.15) + np.float32(0.5)
    horizon = int(rng.integers(90, 200))
    picture[horizon:] = _tone(rng, 0.1)
    left = 0
    while left < SIDE:
        wide, high = int(rng.integers(20, 80)), int(rng.integers(30, horizon + 40))
        wall, glass = _tone(rng, 0.25), _tone(rng, 0.25)
        area = picture[max(horizon - high, 0) : horizon, left : left + wide]
        area[:] = wall
        rows, columns = np.mgrid[: area.shape[0], : area.shape[1]]
        area[(rows % 12 > 5) & (columns % 9 > 4)] = glass
        left += wide
    return np.asarray(picture * np.exp(0.1 * _noise(rng, 2)))


def _texture(rng: np.random.Generator) -> Picture:
    """Bricks, planks or cloth: something that repeats."""
    high, wide = rng.integers(8, 40), rng.integers(8, 80)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    shifted = columns + (rows // high % 2) * (wide // 2)
    joint = (rows % high < 2) | (shifted % wide < 2)
    cell = (rows // high * 31 + shifted // wide * 17) % 23 / 23
    wall = _tone(rng, 0.3) * (0.75 + 0.5 * cell[..., None]) * np.exp(0.2 * _noise(rng, 1.5))
    painted = np.where(joint[..., None], wall * rng.uniform(0.4, 1.6), wall)
    return np.asarray(painted, dtype=np.float32)


_PAINTERS: Mapping[str, Callable[[np.random.Generator], Picture]] = {
    "room": _room, "slope": _slope, "foliage": _foliage, "crowd": _crowd, "street": _street,
    "bokeh": _bokeh, "shelves": _shelves, "texture": _texture,
}  # fmt: skip
