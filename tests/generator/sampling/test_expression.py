"""Expressions and gaze: units in range, parts that belong together, eyes that can turn so far."""

import numpy as np
import pytest

from dlm.generator.models.base import ARKIT_UNITS
from dlm.generator.sampling.expression import on_face_of, sample_expression, sample_gaze

UNIT = {name: k for k, name in enumerate(ARKIT_UNITS)}


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(0)
    return np.stack([sample_expression(rng) for _ in range(3000)])


def pair(faces, name):
    return faces[:, [UNIT[f"{name}Left"], UNIT[f"{name}Right"]]].mean(axis=1)


def test_units_stay_between_nought_and_one(faces):
    assert faces.dtype == np.float32
    assert faces.shape[1] == 52
    assert faces.min() >= 0
    assert faces.max() <= 1


def test_looking_is_left_to_gaze(faces):
    looks = [k for name, k in UNIT.items() if name.startswith("eyeLook")]
    assert not faces[:, looks].any()


def test_every_other_unit_occurs(faces):
    never = {name for name, k in UNIT.items() if not faces[:, k].any()}
    assert never == {name for name in ARKIT_UNITS if name.startswith("eyeLook")}


def test_the_commonest_mouths_are_a_smile_with_teeth_and_a_closed_one(faces):
    smiles = (pair(faces, "mouthSmile") > 0.3) & (pair(faces, "mouthUpperUp") > 0.2)
    shut = (faces[:, UNIT["jawOpen"]] < 0.02) & (pair(faces, "mouthUpperUp") < 0.1)
    assert 0.28 < smiles.mean() < 0.45
    assert 0.3 < shut.mean() < 0.55
    assert (faces[:, UNIT["jawOpen"]] > 0.5).mean() < 0.06


def test_a_wide_smile_raises_the_cheeks(faces):
    assert np.corrcoef(pair(faces, "mouthSmile"), pair(faces, "cheekSquint"))[0, 1] > 0.5


def test_smile_and_frown_exclude_each_other(faces):
    assert (np.minimum(pair(faces, "mouthSmile"), pair(faces, "mouthFrown")) < 0.2).all()


def test_the_two_sides_move_nearly_alike(faces):
    left, right = faces[:, UNIT["mouthSmileLeft"]], faces[:, UNIT["mouthSmileRight"]]
    assert 0.9 < np.corrcoef(left, right)[0, 1] < 0.9999
    assert abs((left - right).mean()) < 0.01


def test_gaze_stays_within_what_eyes_can_turn_and_the_eyes_never_diverge():
    rng = np.random.default_rng(1)
    for _ in range(500):
        head = rng.normal(scale=0.6, size=3).astype(np.float32)
        gaze = sample_gaze(rng, head)
        assert gaze.shape == (2, 2)
        assert np.abs(np.degrees(gaze)).max() < 38
        assert gaze[0, 0] <= gaze[1, 0]
        assert gaze[0, 1] == gaze[1, 1]


def test_many_look_into_the_camera():
    rng = np.random.default_rng(2)
    head = np.float32([0.3, 0.1, 0.0])
    gaze = np.stack([sample_gaze(rng, head).mean(axis=0) for _ in range(400)])
    away = np.degrees(np.linalg.norm(gaze + head[:2], axis=1))
    assert (away < 6).mean() > 0.4


def test_a_small_face_moves_less_and_blinks_as_far():
    smile = np.ones(len(ARKIT_UNITS), np.float32)
    moved = on_face_of(2.0, smile)
    blink = ARKIT_UNITS.index("eyeBlinkLeft")
    assert moved[blink] == 1.0
    assert np.delete(moved, [blink, blink + 1]).max() < 0.75
    np.testing.assert_array_equal(on_face_of(40.0, smile), smile)


def test_some_smile_with_one_side_and_as_many_with_the_other(faces):
    left, right = faces[:, UNIT["mouthSmileLeft"]], faces[:, UNIT["mouthSmileRight"]]
    shares = [(left - right > 0.3).mean(), (right - left > 0.3).mean()]
    assert min(shares) > 0.008
    assert max(shares) < 0.04


def test_heads_bent_down_look_down_more_often():
    rng = np.random.default_rng(3)
    aims = {}
    for pitch in (0.0, -0.3):
        head = np.float32([0.0, pitch, 0.0])
        gaze = np.stack([sample_gaze(rng, head)[0, 1] for _ in range(600)])
        aims[pitch] = (np.degrees(gaze) < -8).mean()
    assert aims[-0.3] > 0.12
    assert aims[0.0] < 0.12
