"""People: plausible, told apart by their traits, and a pure function of their stream."""

import numpy as np
import pytest

from dlm.generator import models
from dlm.generator.models.makehuman_targets import MACROS, mean_macro_weights
from dlm.generator.sampling.identity import macro_weights


@pytest.fixture(scope="module")
def head():
    return models.load("makehuman")


@pytest.fixture(scope="module")
def people(head):
    rng = np.random.default_rng(0)
    return [head.sample_identity(rng) for _ in range(400)]


def test_the_same_stream_gives_the_same_person(head):
    one, two = (head.sample_identity(np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one.coefficients, two.coefficients)
    assert one.traits == two.traits


def test_traits_stay_in_their_ranges_and_cover_them(people):
    age, sex = (np.array([person.traits[name] for person in people]) for name in ("age", "sex"))
    assert age.min() >= 1
    assert 0.06 < (age < 12).mean() < 0.16
    assert age.max() <= 85
    assert 0.65 < ((age > 15) & (age < 65)).mean() < 0.95
    assert 0.4 < (sex > 0.5).mean() < 0.6
    shares = np.array([[p.traits[r] for r in ("african", "asian", "caucasian")] for p in people])
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_allclose(shares.mean(axis=0), 1 / 3, atol=0.06)


def test_corner_weights_are_shares():
    weights = macro_weights(years=40, sex=0.3, shares=[0.2, 0.5, 0.3], muscle=0.7, weight=0.2)
    universal = np.array([name.startswith("universal") for name in MACROS])
    assert weights.min() >= 0
    np.testing.assert_allclose(weights[universal].sum(), 1)
    np.testing.assert_allclose(weights[~universal].sum(), 1)
    mean = mean_macro_weights()
    np.testing.assert_allclose([mean[universal].sum(), mean[~universal].sum()], 1)


def test_a_child_is_a_corner_and_a_woman_of_25_another():
    weights = macro_weights(years=25, sex=0, shares=[0, 1, 0], muscle=0.5, weight=0.5)
    named = {name for name, weight in zip(MACROS, weights, strict=True) if weight > 0}
    assert named == {"asian-female-young", "universal-female-young-averagemuscle-averageweight"}


def test_local_shape_stays_within_the_sliders_and_nearly_even(head, people):
    local = np.array([person.coefficients[len(MACROS) :] for person in people])
    assert np.abs(local).max() <= 1
    names = head.identity_names[len(MACROS) :]
    left, right = names.index("l-ear-scale"), names.index("r-ear-scale")
    assert 0.8 < np.corrcoef(local[:, left], local[:, right])[0, 1] < 0.999
    assert (local[:, names.index("head-oval")] >= 0).all()
