"""The rows of benchmarks/carry_over.py: what each changes; and how much of everything they get."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dlm import landmark_specs
from dlm.datasets import Recipe
from dlm.errors import DlmError
from dlm.generator.look import probabilities
from dlm.generator.pipeline import plan
from dlm.train.settings import Settings

RENDER_SEED = 1
SHUT, NEVER = [97, 97], 0.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a row changes; `look` maps places in look.yaml ('wardrobe.cap') to other values."""

    title: str
    look: Mapping[str, Any] = field(default_factory=dict)
    model: str = "makehuman"
    augmented: bool = True
    folder: Path | None = None  # renders that are there already


ROWS = {
    "all": Row(title="everything on"),
    "no_hair": Row(title="without hair and beards", look={
        "hair.styles_female": {"bald": 1}, "hair.styles_male": {"bald": 1},
        "hair.beards": {"none": 1},
    }),
    "no_wardrobe": Row(title="without anything worn but a shirt", look={
        f"wardrobe.{name}": NEVER for name in (
            "glasses", "sunglasses", "cap", "beanie", "headscarf", "headphones", "surgical_mask",
            "cloth_mask", "scarf", "earrings",
        )
    }),
    "no_occluders": Row(title="without occluders", look={"occluders.any": NEVER}),
    "no_sensor": Row(title="without the sensor's faults", look={
        "sensor.defocus": NEVER, "sensor.motion": NEVER, "sensor.low_resolution": NEVER,
        "sensor.noise": NEVER, "sensor.grey": NEVER, "sensor.vignette": NEVER,
        "sensor.cast": NEVER, "sensor.jpeg": SHUT,
    }),
    "no_skin_detail": Row(title="without skin detail and make-up", look={
        "skin.freckles": NEVER, "skin.mottle": [0, 0], "skin.pores": [0, 0], "skin.wrinkles": 0,
        "skin.lipstick": NEVER, "skin.eye_shadow": NEVER, "skin.liner": NEVER,
    }),
    "no_shadows": Row(title="without the head's own shadow", look={"light.shadow": [0, 0]}),
    "plain_backgrounds": Row(title="plain backgrounds", look={"background.plain": 1.0}),
    "ict": Row(title="ict instead of makehuman", model="ict"),
    "no_augmentation": Row(title="training without augmentation", augmented=False),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much of everything a row gets."""

    images: int
    pixels: int
    settings: Settings


# Both answer finely, for lids. `long` is what is reported, of a GPU; `short`
# takes about ten minutes a network on two quiet cores, rendering included.
SIZES = {
    "short": Size(images=6000, pixels=160, settings=Settings(
        samples=100_000, size=96, width=48, batch=64, fine=True, validations=5)),
    "long": Size(images=50_000, pixels=256, settings=Settings(
        samples=300_000, size=128, width=256, batch=64, fine=True)),
}  # fmt: skip


def look_of(row: Row) -> str:
    """Return the text of the row's look: the shipped one with its changes; DlmError if none fit."""
    values: dict[str, Any] = yaml.safe_load(probabilities.default_text())
    for place, value in row.look.items():
        section, _, key = place.partition(".")
        if key not in values.get(section, {}):
            raise DlmError("is no switch of the look any more", place, "mend the row's changes")
        values[section][key] = value
    text = yaml.safe_dump(values, sort_keys=False)
    probabilities.parse(text, row.title)
    return text


def recipe_of(row: Row, size: Size) -> Recipe:
    """Return the recipe of a row that is drawn here."""
    return plan(landmark_specs.load("68"), model=row.model, size=size.pixels, seed=RENDER_SEED,
                look=look_of(row), look_source=row.title, contour="visible")  # fmt: skip
