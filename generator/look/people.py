"""Skin and eyes of one person: pigment first, then what age, sex and make-up add.

Skin is two absorbers over a pale base, in linear light: albedo = base * exp(-m * melanin) *
exp(-b * blood). The constants put melanin 0, 0.5 and 1 at about (0.74 0.48 0.43),
(0.31 0.18 0.14) and (0.13 0.07 0.04), the span of published skin reflectances.
"""

from collections.abc import Mapping

import numpy as np

from dlm.generator.look.draws import any_colour, chance, colour, log_normal, normal, tidy, uniform
from dlm.generator.look.factors import Colour, Eyes, Skin
from dlm.generator.look.probabilities import Probabilities
from dlm.generator.sampling.identity import childhood
from dlm.generator.sampling.streams import within

BASE = np.array([0.80, 0.62, 0.49])
MELANIN = np.array([1.66, 2.02, 2.32])
BLOOD = np.array([0.14, 0.78, 0.68])
MELANIN_OF = {"african": 0.8, "asian": 0.34, "caucasian": 0.2}  # mean by ancestry share


def skin_albedo(melanin: float, blood: float) -> Colour:
    """Return the linear albedo of skin."""
    return colour(BASE * np.exp(-MELANIN * melanin - BLOOD * blood))


def sample_skin(
    rng: np.random.Generator, traits: Mapping[str, float], settings: Probabilities
) -> Skin:
    """Draw the skin of a person with `traits` (age in years, sex 0 female to 1 male, ancestry)."""
    table = settings["skin"]
    age, male = traits.get("age", 35.0), traits.get("sex", 0.5)
    shares = {name: traits.get(name, 1 / 3) for name in MELANIN_OF}
    mean = sum(MELANIN_OF[name] * share for name, share in shares.items()) / sum(shares.values())
    melanin = normal(rng, mean, table["melanin_spread"], 0.0, 1.0)
    blood = uniform(rng, 0.15, 0.7)
    hue = np.exp(rng.normal(0.0, 0.05, 3) * np.array([0.6, 1.0, 1.6]))
    albedo = colour(np.array(skin_albedo(melanin, blood)) * hue)
    grown = age > 16
    lipstick = grown and chance(rng, table["lipstick"] * (1.0 if male < 0.5 else 0.1))
    shadowed = grown and chance(rng, table["eye_shadow"] * (1.0 if male < 0.5 else 0.05))
    lined = grown and chance(rng, table["liner"] * (1.0 if male < 0.5 else 0.05))
    old = within((age - 25.0) / 50.0)
    young = childhood(age)
    return Skin(
        melanin=melanin,
        blood=blood,
        albedo=albedo,
        lips=_lipstick(rng) if lipstick else _bare_lips(rng, melanin),
        lip_strength=uniform(rng, 0.4, 1.0),
        lip_line=tidy(rng.uniform(0.15, 1.1) * (1.0 - 0.4 * young)),
        flush=uniform(rng, 0.1, 1.0),
        under_eye=tidy(rng.uniform(0.1, 0.7) * (1.0 - 0.7 * young) + 0.3 * old),
        freckles=uniform(rng, 0.3, 1.0) if chance(rng, table["freckles"]) else 0.0,
        mottle=tidy(rng.uniform(*table["mottle"]) * (0.7 + 0.6 * old) * (1.0 - 0.5 * young)),
        pores=tidy(rng.uniform(*table["pores"]) * (1.0 - 0.7 * young)),
        wrinkles=tidy(table["wrinkles"] * within(old + rng.normal(0.0, 0.1) - young)),
        oil=tidy(rng.uniform(*table["oil"]) * (1.0 - 0.6 * young)),
        roughness=uniform(rng, 0.28, 0.55),
        shadow_colour=any_colour(rng, rng.uniform(0.2, 0.7), 0.75),
        shadow=uniform(rng, 0.3, 0.9) if shadowed else 0.0,
        liner=uniform(rng, 0.5, 1.0) if lined else 0.0,
        texture=(uniform(rng, 0.0, 1.0), uniform(rng, 0.0, 1.0)),
    )


def _bare_lips(rng: np.random.Generator, melanin: float) -> Colour:
    """Lips without make-up: redder than the skin, on dark skin also darker or, below, pinker."""
    red = rng.uniform(0.62, 0.95) + 0.08 * melanin
    depth = rng.uniform(0.24, 0.58) + 0.2 * melanin
    return colour([red, depth, depth * rng.uniform(0.92, 1.18)])


def _lipstick(rng: np.random.Generator) -> Colour:
    red, depth = rng.uniform(0.55, 1.1), rng.uniform(0.08, 0.5)
    return colour([red, depth, depth * rng.uniform(0.8, 1.7)])


LIGHT_IRIS = ((0.20, 0.31, 0.44), (0.26, 0.33, 0.24), (0.30, 0.33, 0.35), (0.36, 0.25, 0.10))
DARK_IRIS = ((0.13, 0.075, 0.04), (0.07, 0.042, 0.025), (0.04, 0.026, 0.018))


def sample_eyes(
    rng: np.random.Generator, traits: Mapping[str, float], melanin: float, settings: Probabilities
) -> Eyes:
    """Draw eyes that go with skin of `melanin`."""
    table = settings["eyes"]
    light = chance(rng, table["light_iris"] * within(1.6 - 4.0 * melanin) * 1.6)
    palette = LIGHT_IRIS if light else DARK_IRIS
    iris = np.array(palette[int(rng.integers(len(palette)))])
    iris = iris * np.exp(rng.normal(0.0, 0.2) + rng.normal(0.0, 0.07, 3))
    warm = iris * rng.uniform(0.9, 1.5) * np.array([1.1, 1.0, 0.8])
    yellow = rng.uniform(0.0, 0.12) + 0.06 * melanin
    white = rng.uniform(0.32, 0.66)
    female, young = traits.get("sex", 0.5) < 0.5, childhood(traits.get("age", 35.0))
    return Eyes(
        iris=colour(iris),
        iris_inner=colour(warm),
        iris_radius=tidy(rng.uniform(0.39, 0.455) * (1.0 + 0.13 * young)),  # balls grow longer
        pupil=log_normal(rng, 0.38, 0.25, 0.22, 0.7),
        limbal=uniform(rng, 0.3, 1.0),
        sclera=colour([white, white * (1.0 - 0.4 * yellow - 0.03), white * (0.97 - yellow)]),
        veins=uniform(rng, 0.0, 0.8),
        wet=uniform(rng, 0.3, 1.0),
        lashes=uniform(rng, 0.35, 1.0) if female else uniform(rng, 0.15, 0.75),
        lid_shade=uniform(rng, *table["lid_shade"]),
        lid_crease=uniform(rng, *table["lid_crease"]),
    )
