"""Heads: most as on photographs, some turned to a profile, none beyond the limits."""

import numpy as np

from dlm.generator.sampling.pose import HEAD_LIMITS, sample_head


def test_most_heads_turn_as_photographed_ones_and_some_much_further():
    rng = np.random.default_rng(0)
    heads = np.abs(np.stack([sample_head(rng) for _ in range(6000)]))
    yaw, pitch, roll = np.degrees(heads).T
    assert (heads <= HEAD_LIMITS + 1e-6).all()
    assert 0.7 < ((yaw < 25) & (pitch < 18) & (roll < 18)).mean() < 0.9
    assert (yaw > 60).mean() > 0.015
    assert (pitch > 30).mean() > 0.004
