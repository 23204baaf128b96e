"""Light of a panorama: up to three lamps for its bright spots, sky, ground and a side for the rest.

A panorama is (H, 2 H, 3) linear radiance. Its middle column lies where the subject looks when the
head is not turned (+z), its left half to the subject's left, its first row above. Radiances are
relative: they are scaled to a mean luminance of one over all directions.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dlm.generator.look.draws import LUMINANCE, colour, luminance, tidy, uniform
from dlm.generator.look.factors import Lamp, Light, Look, Vec3
from dlm.generator.look.probabilities import Probabilities
from dlm.generator.look.surroundings import sample_sensor
from dlm.generator.sampling.streams import Factor, stream

WHITE = 4.0  # radiance that a panorama's picture has as white: a face's exposure makes it so, too
BRIGHT = 2.5  # radiance of a lamp, at least
SPREAD = np.cos(np.radians(40.0))  # of one lamp about its brightest spot
SPOTS, LAMPS = 8, 3  # bright spots that are looked at, the strongest that become lamps
NORMALS = 200  # directions in which the rest is matched

Float = NDArray[np.float64]


def directions(rows: int) -> tuple[Float, Float]:
    """Return where pixels of a panorama lie, (N, 3) unit, and their solid angles (N,)."""
    elevation = (0.5 - (np.arange(rows) + 0.5) / rows)[:, None] * np.pi
    azimuth = (0.5 - (np.arange(2 * rows) + 0.5) / (2 * rows))[None] * 2 * np.pi
    level, height = np.cos(elevation), np.sin(elevation) + 0.0 * azimuth
    towards = np.stack([np.sin(azimuth) * level, height, np.cos(azimuth) * level], axis=-1)
    solid = np.broadcast_to(level, height.shape).ravel()
    return towards.reshape(-1, 3), solid * (4 * np.pi / solid.sum())


def mean_luminance(panorama: NDArray[np.float32]) -> float:
    """Return the mean over all directions of a panorama (H, 2 H, 3)."""
    _, solid = directions(len(panorama))
    return luminance(solid @ panorama.reshape(-1, 3)) / (4 * np.pi)


def light_of(panorama: NDArray[np.float32]) -> Light:
    """Return the light of a panorama (H, 2 H, 3) of mean luminance one, not turned."""
    towards, solid = directions(len(panorama))
    flux = panorama.reshape(-1, 3) * solid[:, None] / np.pi
    lamps, rest = _lamps(flux, solid, towards)
    pull = luminances(rest) @ towards * [1.0, 0.0, 1.0]
    size = float(np.linalg.norm(pull))
    side = pull / size if size > 1e-6 else np.array([0.0, 0.0, 1.0])
    shares = _shares(rest, towards, side)
    return Light(
        kind="environment",
        sky=colour(shares[0]),
        ground=colour(shares[1]),
        side=colour(shares[2]),
        side_direction=_tidied(side),
        lamps=lamps,
        shadow=1.0,
    )


def _lamps(flux: Float, solid: Float, towards: Float) -> tuple[tuple[Lamp, ...], Float]:
    """Return the strongest lamps of (N, 3) `flux`, the key first, and the flux without them."""
    radiance = luminances(flux) * np.pi / solid
    spots = []
    for _ in range(SPOTS):
        peak = int(radiance.argmax())
        if radiance[peak] < BRIGHT:
            break
        near = towards @ towards[peak] > SPREAD
        spots.append(np.flatnonzero(near & (radiance > max(BRIGHT, 0.1 * radiance[peak]))))
        radiance[spots[-1]] = 0.0
    spots.sort(key=lambda spot: -luminance(flux[spot].sum(axis=0)))
    rest = flux.copy()
    for spot in spots[:LAMPS]:
        rest[spot] = 0.0
    return tuple(_lamp(flux[spot], towards[spot]) for spot in spots[:LAMPS]), rest


def _lamp(flux: Float, towards: Float) -> Lamp:
    """Return what shines as these (n, 3) do; how wide they lie apart makes it soft."""
    pull = luminances(flux) @ towards
    size = float(np.linalg.norm(pull))
    facing = size / float(luminances(flux).sum())  # mean cosine, 1 for a point
    radius = np.arccos(np.clip(2.0 * facing - 1.0, 0.0, 1.0))  # of a disc with this mean
    wrap = 0.4 * np.sin(radius)  # a disc's light at 90 degrees, as `lighting.wrapped` has it
    softness = np.clip((wrap - 0.04) / 0.42, 0.0, 1.0)
    return Lamp(
        direction=_tidied(pull / size),
        colour=colour(flux.sum(axis=0) * facing),
        softness=tidy(softness),
    )


def _shares(flux: Float, towards: Float, side: Float) -> Float:
    """Return (3, 3): the sky, ground and side whose light is nearest to that of `flux`."""
    from scipy.optimize import nnls  # 0.2 s that only whoever has panoramas pays

    k = np.arange(NORMALS) + 0.5  # normals along a spiral, evenly
    height, turn = 1 - 2 * k / NORMALS, np.pi * (1 + 5**0.5) * k
    level = np.sqrt(1 - height**2)
    normals = np.stack([np.sin(turn) * level, height, np.cos(turn) * level], axis=1)
    falls = np.maximum(normals @ towards.T, 0.0) @ flux
    basis = np.stack(
        [0.5 + 0.5 * height, 0.5 - 0.5 * height, np.maximum(normals @ side, 0.0)], axis=1
    )
    return np.stack([nnls(basis, channel)[0] for channel in falls.T], axis=1)


def luminances(values: Float) -> Float:
    """Return the (N,) luminances of (N, 3) linear colours."""
    return np.asarray(values @ LUMINANCE)


def turned(light: Light, angle: float) -> Light:
    """Return `light` turned about the vertical by `angle`, radians, towards the subject's left."""
    c, s = np.cos(angle), np.sin(angle)

    def turn(towards: Vec3) -> Vec3:
        x, y, z = towards
        return _tidied(np.array([x * c + z * s, y, z * c - x * s]))

    lamps = tuple(replace(lamp, direction=turn(lamp.direction)) for lamp in light.lamps)
    return replace(light, side_direction=turn(light.side_direction), lamps=lamps)


def _tidied(towards: Float) -> Vec3:
    x, y, z = (tidy(value) for value in towards)
    return (x, y, z)


def in_environment(
    look: Look, lights: Sequence[Light], seed: int, index: int, settings: Probabilities
) -> Look:
    """Return sample `index`'s `look` in one of the panoramas with these lights, turned anyhow.

    The background's layer is the panorama's number, its shift the turn about the vertical, 0 to 1.
    """
    rng = stream(seed, index, Factor.ENVIRONMENT)
    chosen, turn = int(rng.integers(len(lights))), uniform(rng, 0.0, 1.0)
    light = turned(lights[chosen], 2 * np.pi * turn)
    light = replace(light, shadow=uniform(rng, *settings["light"]["shadow"]))
    sensor = sample_sensor(
        stream(seed, index, Factor.SENSOR), light, look.skin.albedo, settings
    )  # the same draws: what differs follows from the light
    background = replace(
        look.background, layer=chosen, shift=(turn, 0.0), zoom=1.0, angle=0.0, flip=False,
        tint=(1.0, 1.0, 1.0), contrast=1.0, level=tidy(2.0 * WHITE * sensor.exposure),
    )  # fmt: skip
    return replace(look, light=light, sensor=sensor, background=background)
