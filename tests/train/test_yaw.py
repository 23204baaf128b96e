"""The turn of a face from its 68 points, against turns that are known."""

import numpy as np
from scipy.spatial.transform import Rotation

from dlm.train.yaw import JAW, _mean_face, bins_of, yaw_68


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The mean face as a far camera sees it, (68, 2) pixels, y down; the jaw is nowhere."""
    turn = Rotation.from_euler("YXZ", [yaw, pitch, roll], degrees=True)
    seen = turn.apply(_mean_face()) * 800
    return np.concatenate([np.full((JAW, 2), 1e4), seen[:, :2] * [1, -1] + [70, 90]])


def test_known_turns_are_found_whatever_the_tilt():
    angles = np.array([-80.0, -45, -10, 0, 10, 45, 80])
    for pitch, roll in ((0, 0), (15, 0), (-10, 25)):
        found = yaw_68(np.stack([turned(yaw, pitch, roll) for yaw in angles]))
        np.testing.assert_allclose(found, angles, atol=0.5)


def test_turning_to_the_subjects_left_brings_its_nose_to_the_right_of_the_picture():
    straight, left = turned(0, 0, 0), turned(30, 0, 0)
    eyes = slice(36, 48)
    assert left[30, 0] - left[eyes, 0].mean() > straight[30, 0] - straight[eyes, 0].mean()


def test_every_face_is_in_one_bin_and_empty_bins_are_left_out():
    found = bins_of(np.array([-3.0, 14.9, 15, -29, -95, 60]))
    assert [name for name, _ in found] == ["0 to 15", "15 to 30", "above 60"]
    np.testing.assert_array_equal(sum(members.astype(int) for _, members in found), 1)
