"""One Look from (seed, index): each factor draws from its own stream."""

from collections.abc import Mapping

from dlm.generator.look.factors import Look
from dlm.generator.look.hairdo import sample_hair
from dlm.generator.look.lighting import sample_light
from dlm.generator.look.people import sample_eyes, sample_skin
from dlm.generator.look.probabilities import Probabilities
from dlm.generator.look.surroundings import (
    sample_background,
    sample_occluders,
    sample_sensor,
    sample_wardrobe,
)
from dlm.generator.sampling.streams import Factor, stream


def sample_look(
    seed: int, index: int, traits: Mapping[str, float], probabilities: Probabilities
) -> Look:
    """Draw the Look of sample `index`: a pure function of its arguments.

    `traits` are the person's own (age in years, sex 0 female to 1 male, shares of ancestry):
    skin, hair and beard follow them.
    """
    skin = sample_skin(stream(seed, index, Factor.SKIN), traits, probabilities)
    light = sample_light(stream(seed, index, Factor.LIGHT), probabilities)
    return Look(
        skin=skin,
        eyes=sample_eyes(stream(seed, index, Factor.EYES), traits, skin.melanin, probabilities),
        hair=sample_hair(stream(seed, index, Factor.HAIR), traits, skin.melanin, probabilities),
        wardrobe=sample_wardrobe(stream(seed, index, Factor.WARDROBE), traits, probabilities),
        light=light,
        background=sample_background(stream(seed, index, Factor.BACKGROUND), light, probabilities),
        occluders=sample_occluders(
            stream(seed, index, Factor.OCCLUDERS), skin.albedo, probabilities
        ),
        sensor=sample_sensor(stream(seed, index, Factor.SENSOR), light, skin.albedo, probabilities),
    )
