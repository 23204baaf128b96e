"""Doubt beside error, against cases with a known answer."""

import numpy as np
import pytest

from dlm.train.calibration import LEVELS, area_under_roc, calibration, coverage, visibility_scores

rng = np.random.default_rng(4)
SIGMA = rng.uniform(0.5, 4, (400, 50))
ERRORS = np.linalg.norm(rng.normal(size=(400, 50, 2)) * SIGMA[..., None], axis=-1)


def test_a_network_that_says_how_it_errs_is_calibrated():
    found = calibration(ERRORS, SIGMA)
    assert found["expected_error"] < 0.01
    assert found["scale"] == pytest.approx(1, abs=0.02)
    assert found["rank"] > 0.5
    for each in found["bins"]:
        assert each["error"] == pytest.approx(each["sigma"], rel=0.1)
    assert sum(each["n"] for each in found["bins"]) == found["n_points"] == 20_000


@pytest.mark.parametrize("boast", [0.5, 2.0])
def test_the_scale_is_what_a_boast_must_be_multiplied_by(boast):
    found = calibration(ERRORS, SIGMA * boast)
    assert found["scale"] == pytest.approx(1 / boast, rel=0.02)
    assert found["expected_error"] > 0.15
    assert found["rank"] == pytest.approx(calibration(ERRORS, SIGMA)["rank"])


def test_coverage_by_hand():
    # Within sigma lie 1 - exp(-1/2) = 39 % of a round Gaussian: an error of one sigma is covered
    # by levels of 40 % and more, one of three sigmas (98.9 %) by none of them.
    covered = coverage(np.array([2.0, 6.0]), np.array([2.0, 2.0]))
    np.testing.assert_array_equal(covered, np.where(LEVELS > 0.39, 0.5, 0.0))


def test_points_without_a_sigma_or_a_label_count_nowhere():
    errors, sigma = ERRORS.copy(), SIGMA.copy()
    errors[:, 3], sigma[:, 7] = np.nan, np.nan
    rest = np.delete(np.arange(50), [3, 7])
    assert calibration(errors, sigma) == calibration(ERRORS[:, rest], SIGMA[:, rest])


def test_visibility_of_four_points_by_hand():
    found = visibility_scores(np.array([[0.9, 0.8], [0.3, 0.6]]), np.array([[1, 1], [0, 0]]) > 0)
    assert found["accuracy"] == 0.75
    assert found["area"] == 1.0
    assert found["brier"] == pytest.approx((0.01 + 0.04 + 0.09 + 0.36) / 4)
    assert found["expected_error"] == pytest.approx((0.1 + 0.2 + 0.3 + 0.6) / 4)
    assert found["seen"] == 0.5


def test_area_counts_pairs_and_halves_ties():
    scores, seen = np.array([0.1, 0.5, 0.5, 0.9]), np.array([False, True, False, True])
    assert area_under_roc(scores, seen) == (1 + 0.5 + 1 + 1) / 4
    assert area_under_roc(scores, np.ones(4, bool)) is None
