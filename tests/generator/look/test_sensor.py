"""What the sensor promises: bytes in, bytes out, the same for the same stream."""

from dataclasses import replace

import numpy as np
import pytest

from dlm.generator.look import probabilities
from dlm.generator.look.factors import Sensor
from dlm.generator.look.sample import sample_look
from dlm.generator.look.sensor import _smear, sensed

PLAIN = replace(
    sample_look(0, 0, {}, probabilities.default()).sensor,
    blur=0.0, motion=(0.0, 0.0), low_side=1.0, noise=0.0, grain=0.0, grey=False,
)  # fmt: skip


def picture() -> np.ndarray:
    steps = np.linspace(0, 255, 64, dtype=np.uint8)
    return np.stack([np.tile(steps, (64, 1)), np.tile(steps[:, None], (1, 64)),
                     np.full((64, 64), 90, np.uint8)], axis=-1)  # fmt: skip


def apply(sensor: Sensor, image: np.ndarray, seed: int = 0) -> np.ndarray:
    return sensed(image, sensor, np.random.default_rng(seed))


def test_without_faults_the_picture_stays():
    np.testing.assert_array_equal(apply(PLAIN, picture()), picture())


def test_noise_has_the_stated_strength_and_follows_the_stream():
    flat = np.full((200, 200, 3), 128, np.uint8)
    noisy = replace(PLAIN, noise=0.03)
    result = apply(noisy, flat).astype(float)
    assert abs(result.mean() - 128) < 0.5
    assert abs(result.std() / 255 - 0.03) < 0.004
    np.testing.assert_array_equal(apply(noisy, flat), apply(noisy, flat))
    assert (apply(noisy, flat, 1) != apply(noisy, flat, 2)).any()


def test_noise_of_a_grey_picture_is_grey():
    result = apply(replace(PLAIN, noise=0.05, grey=True), np.full((64, 64, 3), 100, np.uint8))
    assert (result[..., 0] == result[..., 1]).all()
    assert (result[..., 0] == result[..., 2]).all()


def test_blurs_soften_an_edge_and_keep_the_mean():
    edge = np.zeros((64, 64, 3), np.uint8)
    edge[:, 32:] = 200
    step = np.abs(np.diff(edge[32, :, 0].astype(int))).max()
    for sensor in (
        replace(PLAIN, blur=0.5 * 256 / 64),
        replace(PLAIN, blur=1.5 * 256 / 64),
        replace(PLAIN, low_side=0.4),
        replace(PLAIN, motion=(5.0 * 256 / 64, 0.0)),
    ):
        result = apply(sensor, edge)
        assert np.abs(np.diff(result[32, :, 0].astype(int))).max() < 0.8 * step
        assert abs(result.mean() - edge.mean()) < 4


def test_below_zero_an_edge_is_sharpened_and_nothing_else():
    edge = np.full((64, 64, 3), 60, np.uint8)
    edge[:, 32:] = 180
    edge = apply(replace(PLAIN, blur=1.0), edge)
    result = apply(replace(PLAIN, blur=-0.5), edge).astype(int)
    assert np.ptp(result[32, :, 0]) > np.ptp(edge[32, :, 0].astype(int))
    assert (result[:, :28] == 60).all()
    assert (result[:, 36:] == 180).all()


def test_motion_along_the_edge_leaves_it_sharp():
    edge = np.zeros((64, 64, 3), np.uint8)
    edge[:, 32:] = 200
    result = apply(replace(PLAIN, motion=(20.0, np.pi / 2)), edge)
    np.testing.assert_array_equal(result, edge)


@pytest.mark.parametrize("angle", np.linspace(0, np.pi, 13))
def test_a_smear_is_even_about_its_middle_and_small_enough_to_be_cheap(angle):
    kernel = _smear(9.0, angle)  # the longest that is drawn, at 256 px
    assert kernel.sum() == pytest.approx(1)
    assert all(side % 2 for side in kernel.shape)
    np.testing.assert_array_equal(kernel, kernel[::-1, ::-1])
    assert kernel.size < 130
