"""benchmarks/error_makeup.py takes errors apart as they were put together."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[1] / "benchmarks" / "error_makeup.py"


@pytest.fixture(scope="module")
def makeup():
    spec = importlib.util.spec_from_file_location("error_makeup", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look their own module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def faces():
    return np.random.default_rng(0).uniform(50, 150, size=(4, 68, 2))


def test_a_face_that_is_shifted_scaled_and_turned_has_no_error_of_shape(makeup, faces):
    centre = faces.mean(axis=1, keepdims=True)
    turn = 1.1 * np.array([[np.cos(0.2), np.sin(0.2)], [-np.sin(0.2), np.cos(0.2)]])
    squares, moved = makeup.parts((faces - centre) @ turn + centre + [3, -4], faces)
    assert squares["shift"] == pytest.approx(25)
    assert squares["shape"] == pytest.approx(0, abs=1e-9)
    assert (squares["rotation"] > squares["scale"]).all()
    assert np.isfinite(moved).all()


def test_the_parts_of_any_error_add_up(makeup, faces):
    predicted = faces + np.random.default_rng(1).normal(size=faces.shape)
    squares, moved = makeup.parts(predicted, faces)
    assert sum(squares.values()) == pytest.approx(((predicted - faces) ** 2).sum(-1).mean(1))
    assert squares["shape"] == pytest.approx(((predicted - moved) ** 2).sum(-1).mean(1))


def test_points_that_slide_along_the_jaw_are_not_off_across_it(makeup, faces):
    truth = faces.copy()
    truth[:, :17] = np.stack([np.linspace(0, 160, 17), np.full(17, 200.0)], axis=-1)
    answers = makeup.Answers(truth + np.array([2, 0]), truth, np.array(list("abcd")), tuple("abcd"))
    along, across = makeup.along_outlines(answers)
    assert along[:, :17] == pytest.approx(np.tile(200 / answers.divisors[:, None], (1, 17)))
    assert across[:, :17] == pytest.approx(0)
    assert any("100 % of the square" in line for line in makeup.by_common(answers))
    assert np.isnan(along[:, 27:36]).all()  # the nose has no outline


def test_every_face_is_in_one_bin_of_each_kind(makeup, faces):
    for rows in (makeup.thirds(np.arange(10.0), " px"), makeup.thirds(np.zeros(5), "")):
        assert (sum(members.astype(int) for members in rows.values()) == 1).all()
