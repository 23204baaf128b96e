"""What a hard key lamp's shadow promises: an edge, away from the lamp, and none on its own side."""

from dataclasses import replace

import numpy as np
import pytest

from dlm.generator.look.factors import Lamp
from dlm.generator.look.lighting import direction
from dlm.generator.render.shadow import MIDDLE, REACH, casting, penumbra, world_to_shadow
from dlm.generator.scene import rotation
from tests.generator.render.test_render import SIZE, bare_look, draw


def lit(azimuth: float, elevation: float, softness: float, strength: float = 3.0):
    """A bare look under one lamp and little else."""
    look = bare_look()
    lamp = Lamp(direction=direction(azimuth, elevation), colour=(strength,) * 3, softness=softness)
    dim = (0.15, 0.15, 0.15)
    light = replace(
        look.light, lamps=(lamp,), sky=dim, ground=dim, side=(0.0, 0.0, 0.0), shadow=1.0
    )
    sensor = replace(look.sensor, exposure=0.35, vignette=0.0, flare=0.0, contrast=1.0)
    skin = replace(look.skin, mottle=0.0, pores=0.0, oil=0.0, freckles=0.0)
    return replace(look, light=light, sensor=sensor, skin=skin)


def without_shadow(look):
    return replace(look, light=replace(look.light, shadow=0.0))


def test_a_lamp_sees_its_side_first_whatever_way_the_head_is_turned():
    for turn in ((0.0, 0.0, 0.0), (0.6, -0.2, 0.3)):
        look, turned = lit(50, 30, 0.0), rotation(*turn)
        clip = world_to_shadow(look.light, turned)
        middle = turned @ MIDDLE
        towards = np.array(look.light.lamps[0].direction)
        near, far = (clip @ [*(middle + step * REACH * towards), 1.0] for step in (0.5, -0.5))
        np.testing.assert_allclose(near[:3], [0, 0, -0.5], atol=1e-4)
        np.testing.assert_allclose(far[:3], [0, 0, 0.5], atol=1e-4)


def test_soft_lamps_and_none_cast_no_edge():
    look = lit(50, 30, 0.0)
    assert penumbra(look.light) > 0
    assert penumbra(lit(50, 30, 0.5).light) == 0
    assert penumbra(replace(look.light, lamps=())) == 0


def test_few_triangles_of_the_skin_cast(head):
    triangles = casting(head)
    start, stop = head.surface.parts["skin"]
    skin = np.unique(head.surface.triangles[start:stop])
    assert np.isin(triangles, skin).all()
    assert 1000 < len(triangles) < 0.4 * (stop - start)


@pytest.mark.parametrize("azimuth", [-45, 45])
def test_the_nose_shades_the_cheek_away_from_the_sun(renderer, head, neutral, azimuth):
    look = lit(azimuth, 15, 0.02)
    hard, _ = draw(renderer, head, neutral, look=look)
    bare, _ = draw(renderer, head, neutral, look=without_shadow(look))
    rows = slice(SIZE // 2 + 15, SIZE // 2 + 30)
    columns = slice(SIZE // 2 - 40, SIZE // 2 - 8), slice(SIZE // 2 + 8, SIZE // 2 + 40)
    sunny, shady = columns if azimuth < 0 else columns[::-1]
    kept = hard.image[rows].mean(axis=-1) / bare.image[rows].mean(axis=-1)
    assert np.percentile(kept[:, sunny], 2) > 0.9
    assert (kept[:, shady] < 0.7).mean() > 0.04
    edges = np.abs(kept[:, 4:] - kept[:, :-4])[:, shady].max(axis=1)
    assert edges.max() > 0.4


def test_a_face_towards_the_sun_does_not_shade_itself(renderer, head, neutral):
    """Else spots and stripes would run over it."""
    hard, _ = draw(renderer, head, neutral, look=lit(0, 5, 0.0))
    bare, _ = draw(renderer, head, neutral, look=without_shadow(lit(0, 5, 0.0)))
    middle = slice(SIZE // 2 - 25, SIZE // 2 + 25)
    gap = bare.image[middle, middle].astype(int) - hard.image[middle, middle]
    assert np.percentile(gap, 90) <= 2
