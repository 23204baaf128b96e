"""Clothes, glasses, hats, what is held before the face, the background and the sensor."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.generator.look.draws import (
    any_colour,
    chance,
    colour,
    log_normal,
    pick,
    temperature,
    tidy,
    uniform,
)
from dlm.generator.look.factors import Background, Colour, Light, Occluder, Sensor, Wardrobe
from dlm.generator.look.lighting import metered_exposure
from dlm.generator.look.probabilities import Probabilities

BACKGROUND_LAYERS = 40  # the bank in render/background.py holds as many, these kinds in turn
BACKGROUND_KINDS = ("room", "slope", "foliage", "crowd", "street", "bokeh", "shelves", "texture")
MANY_LAYERS = (
    256 * BACKGROUND_LAYERS
)  # a draw that is even over the bank, and over a user's photos too
PLAIN_CONTRAST = 0.1  # below it a background is a wall


def cloth(rng: np.random.Generator) -> Colour:
    """Return a colour that clothes have: black, white and navy more often than the rainbow."""
    kind = rng.random()
    if kind < 0.28:
        return colour(np.full(3, rng.uniform(0.008, 0.05)))
    if kind < 0.5:
        return colour(rng.uniform(0.4, 0.8) * np.array([1.0, 0.99, 0.96]))
    return any_colour(rng, rng.uniform(0.15, 0.9), np.exp(rng.uniform(-3.2, -0.4)))


def sample_wardrobe(
    rng: np.random.Generator, traits: Mapping[str, float], settings: Probabilities
) -> Wardrobe:
    """Draw what a person with `traits` (age in years, sex 0 female to 1 male) wears."""
    table = settings["wardrobe"]
    draw = rng.random()
    sun = draw < table["sunglasses"]
    clear = not sun and draw < table["sunglasses"] + table["glasses"]
    head = rng.random()
    cap, beanie = head < table["cap"], head < table["cap"] + table["beanie"]
    shirt, second, hat_colour = cloth(rng), cloth(rng), cloth(rng)
    pattern = uniform(rng, 12, 70) * float(rng.choice([-1, 1]))
    patterned = chance(rng, table["patterned_shirt"])
    dark = chance(rng, 0.65)
    frame = colour(rng.uniform(0.005, 0.04) * np.ones(3)) if dark else any_colour(rng, 0.5, 0.4)
    return Wardrobe(
        shirt=shirt,
        shirt_second=second,
        shirt_pattern=pattern if patterned else 0.0,
        glasses="sun" if sun else "clear" if clear else "none",
        frame_colour=frame,
        frame_shape=uniform(rng, 2.0, 5.0),
        frame_width=uniform(rng, 0.024, 0.029),
        frame_height=uniform(rng, 0.016, 0.025),
        rim=log_normal(rng, 0.0016, 0.5, 0.0006, 0.004),
        lens_tint=uniform(rng, 0.82, 0.985) if sun else uniform(rng, 0.0, 0.12),
        lens_glare=uniform(rng, 0.0, 0.5) if chance(rng, 0.6) else 0.0,
        hat_colour=hat_colour,
        **_accessories(rng, traits, table, "cap" if cap else "beanie" if beanie else "none"),
    )


def _accessories(
    rng: np.random.Generator,
    traits: Mapping[str, float],
    table: Mapping[str, float],
    hat: str,
) -> dict[str, Any]:
    """Draw masks, scarves, jewellery, headphones, and what dark lenses look like.

    A headscarf takes the place of no `hat`; neither goes with headphones over it.
    """
    hatted = hat != "none"
    female, grown = traits.get("sex", 0.5) < 0.5, traits.get("age", 35.0) > 14
    veiled = female and not hatted and chance(rng, table["headscarf"])
    draw = rng.random()
    surgical = draw < table["surgical_mask"]
    masked = draw < table["surgical_mask"] + table["cloth_mask"]
    jewelled = chance(rng, table["earrings"] * (1.0 if female and grown else 0.1))
    hoop, headphones = chance(rng, 0.4), chance(rng, table["headphones"])
    slipped, scarfed = chance(rng, table["mask_slipped"]), chance(rng, table["scarf"])
    gold = np.array([0.83, 0.6, 0.25]) if chance(rng, 0.5) else np.array([0.75, 0.74, 0.72])
    lens = any_colour(rng, rng.uniform(0.0, 0.7), rng.uniform(0.01, 0.06))
    return {
        "lens_colour": lens,
        "lens_mirror": uniform(rng, 0.05, 0.6) if chance(rng, 0.6) else 0.03,
        "mask": ("surgical" if surgical else "cloth") if masked else "none",
        "mask_colour": _surgical(rng) if surgical else cloth(rng),
        "mask_slip": float(rng.choice([0.42, 0.7])) if slipped else uniform(rng, 0.0, 0.06),
        "scarf": uniform(rng, 0.006, 0.022) if scarfed and not veiled else 0.0,
        "scarf_colour": cloth(rng),
        "earrings": ("hoop" if hoop else "stud") if jewelled and not veiled else "none",
        "earring_size": uniform(rng, 0.008, 0.024) if hoop else uniform(rng, 0.0025, 0.006),
        "metal": colour(gold * rng.uniform(0.6, 1.0)),
        "headphones": headphones and not hatted and not veiled,
        "headphone_colour": cloth(rng),
        "hat": "headscarf" if veiled else hat,
    }


def _surgical(rng: np.random.Generator) -> Colour:
    """Pale blue or white in four of five, black or any colour else."""
    kind = rng.random()
    if kind < 0.8:
        blue = rng.uniform(0.0, 0.45) if kind < 0.6 else 0.0
        return colour(np.array([0.72 - 0.45 * blue, 0.78 - 0.12 * blue, 0.8]) * rng.uniform(0.8, 1))
    return cloth(rng)


def nothing_worn(clothes: Wardrobe) -> Wardrobe:
    """Return the wardrobe with its shirt alone."""
    return replace(
        clothes, glasses="none", hat="none", mask="none", scarf=0.0, earrings="none",
        headphones=False,
    )  # fmt: skip


SHEET = {"board": ((0.3, 0.9), (0.2, 0.8)), "paper": ((0.4, 0.8), (0.4, 0.8))}  # width, height
HELD_SIZE = {"hand": 0.47, "fist": 0.45, "microphone": 0.45, "cup": 0.46, "phone": 0.38}
ARM = 2.1  # how often as high as wide the sheet of a hand with its arm is
GRIPPED = 1.6  # half a sheet's width over the unit that a hand is drawn in
CHEEK = 0.68  # from the face's centre


def sample_occluders(
    rng: np.random.Generator, albedo: Colour, settings: Probabilities
) -> tuple[Occluder, ...]:
    """Draw what is held before a face of this `albedo`: mostly nothing, most often one's hand."""
    table = settings["occluders"]
    if not chance(rng, table["any"]):
        return ()
    kind = pick(rng, table["kinds"])
    side = float(rng.choice([-1, 1]))
    own = colour(rng.uniform(0.88, 1.06) * np.array(albedo) * np.array([1.0, 0.95, 0.93]))
    x, y, lean = _held_at(rng, kind)
    return (
        Occluder(
            kind=kind,
            centre=(tidy(side * x), tidy(y)),
            size=_held_size(rng, kind),
            angle=tidy(side * lean),
            colour=cloth(rng) if kind in SHEET else own,
            second=cloth(rng),
            distance=uniform(rng, 0.13, 0.19),
        ),
    )


def _held_at(rng: np.random.Generator, kind: str) -> tuple[float, float, float]:
    """Return where on the face it is (x to its own side, y down) and how it leans (radians)."""
    if kind in SHEET:
        low = -0.5 if kind == "board" else 0.45
        return rng.uniform(0.1, 0.9), rng.uniform(low, 1.0), rng.uniform(-0.9, 0.9)
    if kind in ("hand", "fist"):
        if chance(rng, 0.45):  # at the cheek, else at mouth or chin
            return CHEEK + rng.normal(0, 0.12), rng.uniform(0.1, 0.8), -rng.uniform(0.0, 0.5)
        return rng.uniform(0.0, 0.4), rng.uniform(0.65, 1.05), rng.uniform(-0.7, 0.2)
    if kind == "phone":
        at_ear = chance(rng, 0.5)
        x = rng.uniform(0.75, 0.95) if at_ear else rng.uniform(0.0, 0.5)
        return x, rng.uniform(0.0, 0.7), rng.uniform(-0.4, 0.15)
    return abs(rng.normal(0, 0.25)), rng.uniform(0.6, 1.05), rng.uniform(-0.5, 0.1)


def _held_size(rng: np.random.Generator, kind: str) -> tuple[float, float]:
    """Return half width and half height of the sheet it is drawn on."""
    if kind in SHEET:
        wide, high = (uniform(rng, *span) for span in SHEET[kind])
        return wide, high
    wide = tidy(GRIPPED * HELD_SIZE[kind] * rng.uniform(0.9, 1.12))
    return wide, tidy(ARM * wide)


def sample_background(
    rng: np.random.Generator, light: Light, settings: Probabilities
) -> Background:
    """Draw what stands behind: a layer of the bank or a plain wall, sharp to far out of focus."""
    table = settings["background"]
    plain = chance(rng, table["plain"])
    tint = np.array(any_colour(rng, rng.uniform(0.0, 0.12), 1.0))
    tint = tint * temperature(rng.uniform(3600, 8500))
    bright = {"back": 1.6, "sun": 0.9, "flash": 0.25, "studio": 0.85, "coloured": 0.5}
    level = bright.get(light.kind, 0.95) * np.exp(rng.normal(0.0, 0.75))
    return Background(
        layer=int(rng.integers(MANY_LAYERS)),
        shift=(uniform(rng, 0.0, 1.0), uniform(rng, 0.0, 1.0)),
        zoom=log_normal(rng, 0.7, 0.4, 0.25, 1.6),
        angle=tidy(rng.normal(0.0, 0.12)),
        tint=colour(tint),
        level=tidy(np.clip(level, 0.05, 3.0)),
        contrast=uniform(rng, 0.0, PLAIN_CONTRAST) if plain else uniform(rng, 0.8, 2.4),
        blur=uniform(rng, *table["blur"]),
        flip=chance(rng, 0.5),
    )


def background_kind(background: Background) -> str:
    """Return what the background shows."""
    if background.contrast <= PLAIN_CONTRAST:
        return "plain"
    return BACKGROUND_KINDS[background.layer % len(BACKGROUND_KINDS)]


def sample_sensor(
    rng: np.random.Generator, light: Light, albedo: Colour, settings: Probabilities
) -> Sensor:
    """Draw the way from radiance to bytes."""
    table = settings["sensor"]
    cast = 0.18 if chance(rng, table["cast"]) else 0.03
    balance = _balance(light, _mended(rng.spawn(1)[0], light))
    balance = balance * np.exp(rng.normal(0.0, cast, 3) * np.array([1.0, 0.4, 1.2]))
    blurred, moved = chance(rng, table["defocus"]), chance(rng, table["motion"])
    small, noisy = chance(rng, table["low_resolution"]), chance(rng, table["noise"])
    low, high = table["jpeg"]
    return Sensor(
        exposure=metered_exposure(rng, light, albedo),
        white_balance=colour(balance),
        contrast=uniform(rng, 1.25, 2.6),
        saturation=uniform(rng, 0.7, 1.3),
        gamma=log_normal(rng, 1.0, 0.1, 0.75, 1.35),
        tint=tidy(rng.normal(0.0, 0.3)) if chance(rng, 0.12) else 0.0,
        grey=chance(rng, table["grey"]),
        vignette=uniform(rng, 0.1, 0.6) if chance(rng, table["vignette"]) else 0.0,
        flare=uniform(rng, 0.0, 0.03) if chance(rng, 0.25) else 0.0,
        blur=uniform(rng, 0.7, 2.0) if blurred else uniform(rng, -0.2, 0.6),
        motion=(uniform(rng, 2.5, 9.0), uniform(rng, 0.0, 3.1416)) if moved else (0.0, 0.0),
        low_side=uniform(rng, 0.28, 0.75) if small else 1.0,
        noise=log_normal(rng, 0.009, 0.6, 0.002, 0.045) if noisy else 0.002,
        grain=uniform(rng, 0.0, 1.0),
        jpeg_quality=int(rng.integers(int(low), int(high) + 1)),
    )


def _mended(rng: np.random.Generator, light: Light) -> float:
    """Return how much of the light's colour a camera takes out: most, seldom little.

    Cameras keep the red of a low sun and the colour of coloured lamps.
    """
    if light.kind == "coloured":
        return rng.uniform(0.1, 0.5)
    if light.kind == "sun":
        return rng.uniform(0.2, 0.85)
    return rng.uniform(0.0, 0.4) if chance(rng, 0.15) else rng.uniform(0.6, 0.95)


def _balance(light: Light, mended: float) -> NDArray[np.float64]:
    """Return the gains with which a camera takes this share of the light's colour out."""
    total = np.array(light.sky) + sum((np.array(lamp.colour) for lamp in light.lamps), np.zeros(3))
    gains = (total.mean() / total.clip(0.05)) ** mended
    return np.asarray(gains / gains[1])
