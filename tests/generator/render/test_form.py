"""What the form of a head promises: ridges above nought, hollows below, alike on both sides."""

import numpy as np

from dlm.generator.render.form import form


def test_ridges_and_hollows_are_told_apart(head):
    found = form(head)[:, 0]
    assert found.min() >= -1
    assert found.max() <= 1
    skin = head.topology.part_vertices("skin")
    x, z = head.template[skin][:, [0, 2]].T
    tip = skin[np.argmax(np.where(np.abs(x) < 0.005, z, -1))]  # of the nose
    assert found[tip] > 0.8
    assert np.median(found[head.regions["nostril"] > 0.5]) < -0.3
    off = np.setdiff1d(np.arange(len(found)), skin)
    assert not found[off].any()


def test_both_sides_are_alike(head):
    found = form(head)[:, 0]
    cheek, x = head.regions["cheek"] > 0.5, head.template[:, 0]
    sides = [cheek & (sign * x > 0.02) for sign in (1, -1)]
    means = [found[side].mean() for side in sides]
    assert abs(means[0] - means[1]) < 0.05
