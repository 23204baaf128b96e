"""What a Look promises: a pure function of its seed, plain numbers, ranges that look.yaml names."""

import json
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest

from dlm.errors import DlmError
from dlm.generator.look import probabilities
from dlm.generator.look.factors import Look, attributes, from_json, to_json
from dlm.generator.look.people import skin_albedo
from dlm.generator.look.sample import sample_look

SETTINGS = probabilities.default()
WOMAN = {"age": 30.0, "sex": 0.0, "african": 0.0, "asian": 0.0, "caucasian": 1.0}
MAN = WOMAN | {"sex": 1.0}
CHILD = MAN | {"age": 7.0}


def looks(count: int, traits: dict[str, float], seed: int = 3) -> list[Look]:
    return [sample_look(seed, index, traits, SETTINGS) for index in range(count)]


def test_the_same_seed_and_index_give_the_same_look():
    assert sample_look(5, 11, MAN, SETTINGS) == sample_look(5, 11, MAN, SETTINGS)
    assert sample_look(5, 11, MAN, SETTINGS) != sample_look(5, 12, MAN, SETTINGS)
    assert sample_look(5, 11, MAN, SETTINGS) != sample_look(6, 11, MAN, SETTINGS)


def test_json_gives_back_an_equal_look_whatever_it_holds():
    for look in looks(200, MAN):
        assert from_json(to_json(look)) == look


def test_json_of_another_version_is_refused():
    values = json.loads(to_json(looks(1, MAN)[0])) | {"version": 99}
    with pytest.raises(ValueError, match="version 99"):
        from_json(json.dumps(values))


def test_json_with_a_field_missing_is_refused():
    values = json.loads(to_json(looks(1, MAN)[0]))
    del values["skin"]["oil"]
    with pytest.raises(ValueError, match="oil"):
        from_json(json.dumps(values))


def test_skin_spans_light_to_dark_and_is_always_a_reflectance():
    dark = WOMAN | {"african": 1.0, "caucasian": 0.0}
    for traits, low, high in ((WOMAN, 0.18, 0.75), (dark, 0.02, 0.2)):
        albedo = [look.skin.albedo for look in looks(200, traits)]
        mean = sum(green for _, green, _ in albedo) / len(albedo)
        assert low < mean < high
        assert all(0.0 < channel < 0.95 for colour in albedo for channel in colour)
        assert all(red > green > 0.8 * blue for red, green, blue in albedo)


def test_more_melanin_is_darker_in_every_channel():
    shades = [skin_albedo(0.1 * k, 0.4) for k in range(11)]
    for lighter, darker in pairwise(shades):
        assert all(a > b for a, b in zip(lighter, darker, strict=True))


def test_beards_are_grown_men_s():
    assert all(look.hair.beard == "none" for look in looks(100, WOMAN) + looks(100, CHILD))
    bearded = sum(look.hair.beard != "none" for look in looks(300, MAN)) / 300
    assert bearded == pytest.approx(0.58, abs=0.1)


def test_a_child_s_skin_is_smooth_bare_and_its_irises_large():
    children, women = looks(200, CHILD), looks(200, WOMAN)
    for name in ("pores", "mottle", "oil", "under_eye"):
        young, old = (np.mean([getattr(look.skin, name) for look in group])
                      for group in (children, women))  # fmt: skip
        assert young < 0.75 * old, name
    assert all(look.skin.wrinkles == look.skin.liner == look.skin.shadow == 0 for look in children)
    assert min(look.eyes.iris_radius for look in children) > 0.41


def test_glasses_and_occluders_are_as_common_as_look_yaml_says():
    drawn = looks(600, WOMAN)
    glasses = sum(look.wardrobe.glasses != "none" for look in drawn) / 600
    held = sum(bool(look.occluders) for look in drawn) / 600
    table = SETTINGS["wardrobe"]
    assert glasses == pytest.approx(table["glasses"] + table["sunglasses"], abs=0.05)
    assert held == pytest.approx(SETTINGS["occluders"]["any"], abs=0.05)


def test_changing_one_factor_s_table_leaves_the_others_alone():
    changed = probabilities.parse(
        probabilities.default_text().replace("fringe: 0.21", "fringe: 0.9"), "mine.yaml"
    )
    for index in range(30):
        before, after = (sample_look(0, index, WOMAN, table) for table in (SETTINGS, changed))
        for field in fields(Look):
            if field.name != "hair":
                assert getattr(before, field.name) == getattr(after, field.name)


def test_attributes_are_numbers_and_words():
    columns = attributes(looks(1, MAN)[0])
    assert {"skin_melanin", "hair_style", "beard", "glasses", "hat", "light"} <= set(columns)
    assert all(isinstance(value, float | str) for value in columns.values())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("glasses: 0.16", "glases: 0.16", r"unknown key 'glases'; did you mean 'glasses'"),
        ("glasses: 0.16", "glasses: often", r"wardrobe.glasses: 'often' is not a number"),
        ("jpeg: [45, 97]", "jpeg: [97, 45]", r"sensor.jpeg: \[97, 45\] is not a range"),
        ("  any: 0.13\n", "", r"occluders: 'any' is missing"),
        ("light:\n", "light: [\n", r"mine.yaml:\d+:\d+"),
        ("version: 1\n", "version: 1\nskin: 3\n", r"mine.yaml:\d+: 'skin' is there twice"),
        ("version: 1\n", "Version: 1\n", r"mine.yaml:4: Version: unknown key 'Version'"),
        ("grey: 0.14", "grey: 7", r"mine.yaml:\d+: sensor.grey: 7 is more than 1"),
        ("grey: 0.14", "grey: .nan", r"sensor.grey: nan is not a number"),
    ],
)
def test_a_wrong_look_yaml_is_refused_by_place_and_way_out(old: str, new: str, message: str):
    text = probabilities.default_text()
    assert old in text
    with pytest.raises(DlmError, match=message):
        probabilities.parse(text.replace(old, new), "mine.yaml")


def test_a_low_sun_is_red_and_its_faces_may_stay_so():
    suns = [look for look in looks(1500, WOMAN) if look.light.kind == "sun"]
    low = [look for look in suns if look.light.lamps[0].direction[1] < 0.25]
    high = [look for look in suns if look.light.lamps[0].direction[1] > 0.6]
    assert min(len(low), len(high)) > 20

    def red(kind: list[Look]) -> float:
        keys = [look.light.lamps[0].colour for look in kind]
        return sum(key[0] / key[2] for key in keys) / len(keys)

    assert red(low) > 1.5 * red(high)
