"""The light on one face, and the exposure a camera would choose for it.

Irradiances are relative: what counts is the balance of lamps and ambient light, since the
exposure follows from what reaches the face.
"""

import numpy as np
from numpy.typing import NDArray

from dlm.generator.look.draws import (
    any_colour,
    chance,
    colour,
    luminance,
    pick,
    temperature,
    tidy,
    uniform,
)
from dlm.generator.look.factors import Colour, Lamp, Light, Vec3
from dlm.generator.look.probabilities import Probabilities

# kind: lamps' azimuth spread and elevation range (degrees), key over ambient range, softness range
KINDS: dict[str, tuple[float, tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "soft": (80, (10, 80), (0.6, 2.5), (0.4, 1.0)),
    "studio": (60, (5, 55), (2.0, 16.0), (0.1, 0.6)),
    "window": (95, (-5, 40), (2.5, 24.0), (0.1, 0.6)),
    "sun": (100, (5, 70), (4.0, 34.0), (0.0, 0.1)),
    "back": (180, (0, 60), (1.5, 6.0), (0.1, 0.6)),
    "coloured": (100, (-40, 60), (1.5, 6.0), (0.1, 0.8)),
    "flash": (8, (-5, 12), (4.0, 9.0), (0.05, 0.2)),
}

LOW_SUN = 25.0  # degrees below which the sun is red


def direction(azimuth: float, elevation: float) -> Vec3:
    """Return the unit vector to a light, in degrees; azimuth 0 is before the camera side (+z)."""
    a, e = np.radians(azimuth), np.radians(elevation)
    x, y, z = np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)
    return (tidy(x), tidy(y), tidy(z))


def sample_light(rng: np.random.Generator, settings: Probabilities) -> Light:
    """Draw ambient light and one to three lamps."""
    kind = pick(rng, settings["light"]["kinds"])
    spread, elevation, ratio, softness = KINDS[kind]
    sky = temperature(rng.uniform(4200, 11000))
    sky = sky / luminance(sky)
    ground = sky * rng.uniform(0.2, 0.9) * (1.0 + rng.normal(0, 0.08, 3)).clip(0.6, 1.4)
    azimuth = rng.uniform(-spread, spread)
    if kind == "back":
        azimuth = 180 + rng.uniform(-60, 60)
    strength = np.exp(rng.uniform(*np.log(ratio)))
    lamps = [_lamp(rng, kind, azimuth, rng.uniform(*elevation), strength, softness)]
    if chance(rng, 0.55):
        other = azimuth + rng.choice([-1, 1]) * rng.uniform(70, 150)
        lamps.append(
            _lamp(rng, kind, other, rng.uniform(-5, 50), strength * rng.uniform(0.1, 0.5), softness)
        )
    if chance(rng, 0.25):
        rim = 180 + rng.uniform(-70, 70)
        lamps.append(
            _lamp(rng, kind, rim, rng.uniform(5, 60), strength * rng.uniform(0.4, 1.2), softness)
        )
    side = rng.uniform(0.0, 0.9) * sky * (1.0 + rng.normal(0, 0.1, 3)).clip(0.6, 1.4)
    return Light(
        kind=kind,
        sky=colour(sky),
        ground=colour(ground),
        side=colour(side),
        side_direction=direction(rng.uniform(-180, 180), rng.uniform(-10, 30)),
        lamps=tuple(lamps),
        shadow=uniform(rng, *settings["light"]["shadow"]),
    )


def _lamp(
    rng: np.random.Generator,
    kind: str,
    azimuth: float,
    elevation: float,
    strength: float,
    softness: tuple[float, float],
) -> Lamp:
    low_sun = max(0.0, 1.0 - elevation / LOW_SUN)  # redder, the longer its way through the air
    sunlight = (3600 - 1500 * low_sun, 6200 - 2400 * low_sun)
    tone = temperature(rng.uniform(*(sunlight if kind == "sun" else (2600, 7500))))
    if kind == "coloured":
        tone = 0.15 + np.array(any_colour(rng, rng.uniform(0.4, 0.95), 1.0))
    tone = tone / max(luminance(tone), 0.3) * strength
    soft = tidy(rng.uniform(*softness))
    return Lamp(direction=direction(azimuth, elevation), colour=colour(tone), softness=soft)


def irradiance(light: Light, normal: Vec3) -> NDArray[np.float64]:
    """Return the (3,) light that falls on an unshadowed surface with this normal."""
    up = 0.5 + 0.5 * normal[1]
    total = np.array(light.sky) * up + np.array(light.ground) * (1.0 - up)
    total = total + np.array(light.side) * max(0.0, float(np.dot(normal, light.side_direction)))
    for lamp in light.lamps:
        total = total + np.array(lamp.colour) * wrapped(
            float(np.dot(normal, lamp.direction)), lamp.softness
        )
    return np.asarray(total)


def wrapped(cosine: float, softness: float) -> float:
    """Return the share of a lamp's light at this angle; softness carries it past 90 degrees."""
    wrap = 0.04 + 0.42 * softness
    return float(max(0.0, (cosine + wrap) / (1.0 + wrap)) ** 1.2)


def metered_exposure(rng: np.random.Generator, light: Light, albedo: Colour) -> float:
    """Return the exposure of a camera that meters partly on the face, with its usual errors."""
    faces = [direction(a, e) for a, e in ((0, 0), (-50, 0), (50, 0), (0, 40))]
    seen = np.mean([luminance(irradiance(light, normal)) for normal in faces])
    reflectance = luminance(albedo) ** 0.55 * 0.24**0.45  # half the picture is not the face
    error = rng.normal(-0.02, 0.34)
    error *= 0.7 if error > 0 else 1.0  # cameras, and who keeps a photo, shun burnt faces
    return tidy(0.46 * np.exp(error) / (seen * reflectance))
