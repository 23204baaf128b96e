"""Hair, brows and beard of one person.

Hair colour is two pigments in linear light, as skin's: much eumelanin is black, little is blond,
pheomelanin reddens; grey mixes in with age.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.generator.look.draws import any_colour, chance, colour, normal, pick, tidy, uniform
from dlm.generator.look.factors import Colour, Hair
from dlm.generator.look.probabilities import Probabilities
from dlm.generator.sampling.identity import childhood
from dlm.generator.sampling.streams import within

# style: ranges of front, side and back length (m, from the crown) and of volume (m)
LENGTHS: dict[str, tuple[tuple[float, float], ...]] = {
    "bald": ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
    "shaved": ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.002, 0.003)),
    "short": ((0.0, 0.01), (0.0, 0.01), (0.0, 0.03), (0.005, 0.024)),
    "receding": ((0.0, 0.0), (0.0, 0.01), (0.0, 0.03), (0.004, 0.012)),
    "medium": ((0.0, 0.02), (0.04, 0.13), (0.06, 0.16), (0.012, 0.035)),
    "long": ((0.0, 0.02), (0.14, 0.34), (0.16, 0.36), (0.012, 0.035)),
    "afro": ((0.0, 0.015), (0.0, 0.05), (0.03, 0.09), (0.03, 0.09)),
    "bun": ((0.0, 0.0), (0.0, 0.0), (0.0, 0.01), (0.004, 0.01)),
}


def natural_colour(rng: np.random.Generator, melanin: float) -> Colour:
    """Return a hair colour that goes with skin of `melanin`."""
    fair = within(1.25 - 2.6 * melanin)
    dark = 1.0 - fair * rng.beta(0.9, 1.0)
    red = rng.uniform(0.0, 0.15) + (0.6 * fair if rng.random() < 0.1 else 0.0)
    absorb = np.array([0.62, 0.80, 1.12]) * (0.35 + 4.6 * dark**1.4)
    absorb += np.array([0.10, 0.75, 1.3]) * red
    return colour(0.58 * np.exp(-absorb) + 0.006)


def sample_hair(
    rng: np.random.Generator, traits: Mapping[str, float], melanin: float, settings: Probabilities
) -> Hair:
    """Draw the hair of a person with `traits` and skin of `melanin`."""
    table = settings["hair"]
    age, male = traits.get("age", 35.0), traits.get("sex", 0.5)
    style = pick(rng, table["styles_male" if male >= 0.5 else "styles_female"])
    if age < 25 and style in ("bald", "receding"):
        style = "short"
    pigment = np.array(natural_colour(rng, melanin))
    grey = within((age - 48.0) / 36.0 + rng.normal(0.0, 0.2)) * (age > 25)
    silver = np.array([0.46, 0.45, 0.43]) * rng.uniform(0.7, 1.15)
    natural = pigment + (silver - pigment) * grey
    dyed = chance(rng, table["dyed"]) and age > 12
    shown = np.array(any_colour(rng, rng.uniform(0.3, 0.9), rng.uniform(0.1, 0.6)))
    hair = shown if dyed else natural
    front, side, back, volume = (uniform(rng, *span) for span in LENGTHS[style])
    return Hair(
        style=style,
        colour=colour(hair),
        tip_colour=colour(hair * rng.uniform(0.75, 1.5, 1) * np.array([1.0, 0.97, 0.92])),
        side=side,
        back=back,
        volume=volume,
        hairline=uniform(rng, 0.5, 1.0) if style == "receding" else normal(rng, 0, 0.4, -1, 1),
        **_combed(rng.spawn(1)[0], style, front, side, table),
        curl=uniform(rng, 0.7, 1.0) if style == "afro" else tidy(rng.beta(0.8, 1.6)),
        density=uniform(rng, 0.45, 1.0),
        shine=uniform(rng, 0.1, 1.0),
        **_brows(rng, min(male, 1.0 - 0.8 * childhood(age)), natural, grey),  # fine on a child
        **_beard(rng, age, male, pigment, grey, table),
        texture=(uniform(rng, 0.0, 1.0), uniform(rng, 0.0, 1.0)),
    )


def _combed(
    rng: np.random.Generator,
    style: str,
    front: float,
    side: float,
    table: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """Return how the hair at the front lies: off the face, both ways, across it, or over it."""
    long = style in ("medium", "long")
    combed = pick(rng, table["combed_long" if long else "combed_short"])
    if not long and style != "short":
        combed = "back"
    aside = float(rng.choice([-1.0, 1.0]))
    part = aside * uniform(rng, 0.35, 0.9) if rng.random() < 0.6 else normal(rng, 0, 0.1, -0.3, 0.3)
    falls = [_fall(rng, long), _fall(rng, long)]
    dip, ragged = uniform(rng, 0.15, 0.45), uniform(rng, 0.003, 0.012)
    if long:
        ragged = uniform(rng, 0.01, 0.06)
    if combed == "fringe":
        front, ragged = uniform(rng, 0.015, 0.08), uniform(rng, 0.004, 0.03)
    elif combed == "parted" and long:
        front = side
    elif combed == "swept":
        part = aside * uniform(rng, 0.3, 0.85)
        falls[0 if aside < 0 else 1] = uniform(rng, 15.0, 55.0)  # the other way from the parting
        front = side if long and rng.random() < 0.5 else uniform(rng, 0.03, 0.085)
        dip = uniform(rng, 0.45, 1.0)
    return {"combed": combed, "part": tidy(part), "front": front, "falls": (falls[0], falls[1]),
            "dip": dip, "ragged": ragged}  # fmt: skip


def _fall(rng: np.random.Generator, long: bool) -> float:
    """Return degrees from the face's middle: before the ear, or behind it."""
    if long and rng.random() < 0.4:
        return uniform(rng, 88.0, 120.0)
    return uniform(rng, 60.0, 84.0)


def _brows(
    rng: np.random.Generator, male: float, natural: NDArray[np.float64], grey: float
) -> dict[str, Any]:
    shade = natural * rng.uniform(0.3, 0.85) * (1.0 - 0.4 * grey * rng.random())
    return {
        "brow_colour": colour(shade),
        "brow_thickness": normal(rng, 0.72 + 0.3 * male, 0.24, 0.35, 1.8),
        "brow_density": uniform(rng, 0.35, 1.0),
        "brow_arch": normal(rng, 0.15 - 0.3 * male, 0.4, -1.0, 1.0),
        "brow_length": normal(rng, 1.0, 0.06, 0.82, 1.1),
        "brow_height": normal(rng, 0.0, 0.0007, -0.002, 0.002),
    }


def _beard(
    rng: np.random.Generator,
    age: float,
    male: float,
    pigment: NDArray[np.float64],
    grey: float,
    table: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    beard = pick(rng, table["beards"])
    if male < 0.5 or age < 18:
        beard = "none"
    faded = within(grey + rng.normal(0.05, 0.15))
    tone = pigment + (np.array([0.45, 0.45, 0.44]) - pigment) * faded
    long = beard in ("full", "goatee", "moustache")
    return {
        "beard": beard,
        "beard_colour": colour(tone * rng.uniform(0.6, 1.1) * np.array([1.1, 1.0, 0.95])),
        "beard_density": uniform(rng, 0.5, 1.0) if long else uniform(rng, 0.15, 0.75),
        "beard_length": uniform(rng, 0.003, 0.016) if long else 0.001,
    }
