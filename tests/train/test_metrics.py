"""Errors against cases worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlm.train.metrics import (
    auc,
    bootstrap_ci,
    ced,
    failure_rate,
    group_errors,
    nme,
    normaliser_68,
    openings_68,
)

rng = np.random.default_rng(3)
FACES = rng.uniform(20, 200, (5, 68, 2))


def test_three_right_and_four_down_is_five_over_the_divisor():
    errors = nme(FACES + np.array([3, 4]), FACES, np.full(5, 100.0))
    np.testing.assert_allclose(errors, 0.05)


@pytest.mark.parametrize("kind", ["ocular", "pupil", "box"])
def test_scaling_the_picture_changes_no_error(kind):
    predicted = FACES + rng.normal(0, 2, FACES.shape)
    small = nme(predicted, FACES, normaliser_68(FACES, kind))
    large = nme(7 * predicted, 7 * FACES, normaliser_68(7 * FACES, kind))
    np.testing.assert_allclose(large, small)


def test_the_order_of_faces_changes_nothing_but_their_order():
    predicted, order = FACES + rng.normal(0, 2, FACES.shape), [4, 2, 0, 1, 3]
    divisors = normaliser_68(FACES, "box")
    shuffled = nme(predicted[order], FACES[order], divisors[order])
    np.testing.assert_array_equal(shuffled, nme(predicted, FACES, divisors)[order])


def test_divisors_of_a_face_laid_out_by_hand():
    face = np.zeros((1, 68, 2))
    face[0, 36:42] = [10, 50]  # right eye, all six points in one place but the outer corner
    face[0, 42:48] = [90, 50]
    face[0, 36], face[0, 45] = [4, 50], [96, 50]
    face[0, 8] = [50, 150]
    np.testing.assert_allclose(normaliser_68(face, "ocular"), 92)
    np.testing.assert_allclose(normaliser_68(face, "pupil"), 82)  # means at 9 and 91
    np.testing.assert_allclose(normaliser_68(face, "box"), np.sqrt(96 * 150))


def test_area_and_failures_of_four_errors_by_hand():
    t = 0.08
    errors = [0, t / 2, t, 2 * t]
    assert auc(errors, t) == pytest.approx(0.375)
    assert failure_rate(errors, t) == 0.25  # strictly above


def test_a_face_that_was_not_found_fails_and_adds_no_area():
    assert auc([0, np.inf]) == 0.5
    assert failure_rate([0, np.inf]) == 0.5


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=30))
def test_area_is_the_integral_of_the_curve(values):
    errors, share = ced(values)
    grid = np.linspace(0, 0.08, 20001)
    steps = np.concatenate([[0], share])[np.searchsorted(errors, grid, side="right")]
    assert auc(values) == pytest.approx(np.trapezoid(steps, grid) / 0.08, abs=1e-3)


def test_groups_leave_out_points_that_are_not_scored():
    predicted = FACES.copy()
    predicted[:, :17] += [3, 4]
    predicted[:, 40] = np.nan
    scored = np.arange(68) != 40
    errors = group_errors(predicted, FACES, np.full(5, 100.0), scored)
    assert errors["jaw"] == pytest.approx(0.05)
    assert errors["eyes"] == errors["lips"] == 0
    assert "jaw" not in group_errors(predicted, FACES, np.ones(5), np.arange(68) >= 17)


def test_interval_covers_the_mean_about_nineteen_times_in_twenty():
    hits = 0
    for trial in range(200):
        draw = np.random.default_rng(trial)
        errors = draw.normal(0.05, 0.01, 60)
        low, high = bootstrap_ci(errors, np.arange(60), resamples=400, seed=trial)
        hits += low <= 0.05 <= high
    assert 180 <= hits <= 198


def test_faces_of_one_photo_are_no_independent_evidence():
    by_photo = rng.normal(0.05, 0.01, 30)
    errors, photos = np.repeat(by_photo, 4), np.repeat(np.arange(30), 4)
    clustered = np.ptp(bootstrap_ci(errors, photos))
    pretended = np.ptp(bootstrap_ci(errors, np.arange(120)))
    assert clustered > 1.6 * pretended


def test_lids_lifted_by_a_tenth_of_the_divisor_open_the_eyes_by_a_tenth_and_no_mouth():
    shut = FACES.copy()
    shut[:, [41, 40, 47, 46, 66]] = shut[:, [37, 38, 43, 44, 62]]
    lifted = shut.copy()
    lifted[:, [37, 38, 43, 44]] -= [0, 5]
    found = openings_68(lifted, np.full(5, 50.0))
    np.testing.assert_allclose(found["eye"], 0.1)
    np.testing.assert_allclose(found["mouth"], 0.0)
