"""A head is drawn from afar and from so near that a triangle is larger than the picture."""

import pytest

from dlm.generator import models
from dlm.generator.sketch import View, sketch


@pytest.mark.parametrize("width", [0.4, 0.04, 0.004, 0.0004])
def test_a_cheek_fills_any_close_up(width: float) -> None:
    head = models.load("makehuman")
    cheek = head.topology.part_vertices("skin")
    near = cheek[abs(head.template[cheek] - [0.045, -0.03, 0.06]).sum(axis=1).argmin()]
    x, y, z = head.template[near].tolist()
    drawn = sketch(head, head.template, View(centre=(x, y, z), width=width), 200)
    assert drawn.visible[near]
    assert abs(drawn.pixels[near] - 99.5).max() < 1e-6
    if width < 0.01:
        assert (drawn.image < 255).all()
