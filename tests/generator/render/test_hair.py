"""Hair covers what it hangs over, parts where it is parted, and shades the skin below its edge."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from dlm.generator import labels
from dlm.generator.look.factors import Hair, Lamp
from dlm.generator.models.normals import vertex_normals
from dlm.generator.render.combing import STRANDS, combing, side_shares
from dlm.generator.render.hair_field import RIM_ABOVE, HairField
from dlm.generator.render.skull_paths import SkullPaths
from dlm.landmark_specs import load
from tests.generator.render.test_render import bare_look, camera, draw, level_at, project

LIKE = {"style": "medium", "side": 0.1, "back": 0.12, "volume": 0.02, "density": 1.0,
        "curl": 0.0, "ragged": 0.004, "hairline": 0.0, "dip": 0.7, "part": 0.0,
        "texture": (0.3, 0.6)}  # fmt: skip
FRINGE = LIKE | {"combed": "fringe", "front": 0.085}
SWEPT = LIKE | {"combed": "swept", "part": 0.8, "front": 0.12, "falls": (75.0, 25.0), "dip": 1.0}


def haired(**values) -> Hair:
    return replace(bare_look().hair, **(LIKE | values))


def hidden_brows(renderer, head, neutral, hair: Hair) -> tuple[float, float]:
    """Return the share of the right and of the left brow's points that are hidden."""
    frame, posed = draw(renderer, head, neutral, look=replace(bare_look(), hair=hair))
    normals = vertex_normals(posed[None], head.topology)[0]
    pixels, depth = labels.project(camera(), posed)
    facing = labels.facing_camera(camera(), posed, normals)
    seen = labels.vertex_visibility(frame, pixels, depth, facing)
    points = load("68").vertices["makehuman"]
    right, left = (float(1 - seen[points[of]].mean()) for of in (range(17, 22), range(22, 27)))
    return right, left


def test_points_under_a_fringe_are_hidden_and_not_under_hair_combed_back(renderer, head, neutral):
    back = hidden_brows(renderer, head, neutral, haired(combed="back", front=0.0))
    fringe = hidden_brows(renderer, head, neutral, haired(**FRINGE))
    assert max(back) == 0.0
    assert min(fringe) >= 0.8


def test_hair_swept_from_a_parting_hides_the_brow_of_the_other_side(renderer, head, neutral):
    right, left = hidden_brows(renderer, head, neutral, haired(**SWEPT))
    assert right >= 0.4
    assert left <= 0.2
    other = haired(**SWEPT | {"part": -0.8, "falls": (25.0, 75.0)})
    right, left = hidden_brows(renderer, head, neutral, other)
    assert left >= 0.4
    assert right <= 0.2


@pytest.mark.parametrize("part", [-0.9, 0.0, 0.6])
def test_strands_start_on_the_parting_and_fall_to_their_side_of_it(head, part):
    paths = SkullPaths(head)
    combed = combing(haired(combed="parted", part=part, front=0.2, falls=(60.0, 100.0)), paths)
    _, side = side_shares()
    rooted = combed.rooted > 0
    roots = combed.azimuth[rooted, 0]
    assert np.ptp(roots) < 1e-6
    assert np.sign(np.round(roots[0], 3)) == np.sign(part)
    away = side[rooted, None] * (combed.azimuth[rooted] - roots[0])
    assert (np.diff(away, axis=1) >= -1e-6).all()
    assert np.degrees(combed.azimuth[0, -1]) == pytest.approx(60.0, abs=1.0)
    assert np.degrees(combed.azimuth[-1, -1]) == pytest.approx(-100.0, abs=1.0)
    half = len(combed.share) // 2
    assert (np.diff(combed.length[:, half:], axis=1) > 0).all()  # in the end they all fall


def test_a_parting_shows_a_line_of_scalp(renderer, head, neutral):
    dark = {"colour": (0.02,) * 3, "tip_colour": (0.02,) * 3}
    hair = haired(combed="parted", front=0.1, falls=(60.0, 60.0), **dark)
    look = replace(bare_look(), hair=hair)
    turn = (0.0, -0.5, 0.0)  # bent towards the camera
    frame, posed = draw(renderer, head, neutral, turn, look)
    x, y, z = head.template.T
    top = head.topology.part_mask("skin") & (y > 0.085) & (z > -0.06) & (np.abs(x) < 0.002)
    beside = (
        head.topology.part_mask("skin") & (y > 0.085) & (z > -0.06) & (np.abs(x - 0.02) < 0.003)
    )
    line, hair = (level_at(frame, project(camera(), posed[of])[0]) for of in (top, beside))
    assert line > 1.5 * hair


def test_the_rim_is_where_hair_ends_all_around(head, neutral):
    field = HairField(head)
    still = np.eye(3, dtype=np.float32)
    back = field.strands(haired(combed="back", front=0.0), head.template, still).rim
    fringe = field.strands(haired(**FRINGE), head.template, still).rim
    middle = len(back) // 2
    assert (back[:, 0] < RIM_ABOVE).all()  # no gaps
    assert 0.05 < back[middle, 0] < 0.09
    assert fringe[middle, 0] == pytest.approx(back[middle, 0] - 0.08, abs=0.02)
    assert back[4, 0] < -0.02  # beside the face it hangs lower
    assert fringe[middle, 1] > back[middle, 1]  # a fringe stands off the skin


@pytest.mark.parametrize("style", ["short", "long"])
def test_the_rim_has_no_gap_at_the_parting(head, style):
    hair = haired(style=style, combed="parted", part=-0.02, front=0.2, side=0.2, falls=(88.0, 63.0))
    rim = HairField(head).strands(hair, head.template, np.eye(3, dtype=np.float32)).rim
    middle = len(rim) // 2
    assert np.ptp(rim[middle - 4 : middle + 4, 0]) < 0.02


def test_skin_below_the_edge_of_hair_is_shaded(renderer, head, neutral):
    lamp = Lamp(direction=(0.0, 0.8, 0.6), colour=(1.0, 1.0, 1.0), softness=0.5)
    bare = bare_look()
    light = replace(bare.light, lamps=(lamp,), sky=(0.1,) * 3, ground=(0.1,) * 3, side=(0.0,) * 3,
                    shadow=0.0)  # fmt: skip
    hair = haired(combed="fringe", front=0.02)
    plain, posed = draw(renderer, head, neutral, look=replace(bare, light=light))
    under, _ = draw(renderer, head, neutral, look=replace(bare, light=light, hair=hair))
    x, y, z = head.template.T
    skin = head.topology.part_mask("skin") & (np.abs(x) < 0.03) & (z > 0.0)
    pixels = project(camera(), posed)[0]
    column, row = np.rint(pixels).astype(int).T.clip(0, 255)
    hidden = np.abs(under.depth - plain.depth) > 1e-4
    hidden = cv2.dilate(hidden.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    free = skin & ~hidden[row, column]  # two pixels from any hair
    edge = y[free & (y > 0.0)].max()
    close = free & (y > edge - 0.004)
    cheek = free & (y < -0.03) & (y > -0.05)
    ratio = [level_at(under, pixels[of]) / level_at(plain, pixels[of]) for of in (close, cheek)]
    assert close.sum() >= 5
    assert ratio[0] < 0.85
    assert ratio[1] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("falls", [(60.0, 60.0), (110.0, 80.0)])
def test_strands_of_flowing_hair_bend_over_the_head_without_corners(head, falls):
    hair = haired(style="long", side=0.2, back=0.2, combed="parted", front=0.2, falls=falls)
    still = np.eye(3, dtype=np.float32)
    strands = HairField(head).strands(hair, head.template, still)
    nodes = strands.points.reshape(STRANDS, -1, 3)
    ways = np.diff(nodes, axis=1)
    ways = ways / np.linalg.norm(ways, axis=-1, keepdims=True)
    corners = np.degrees(np.arccos((ways[:, 1:] * ways[:, :-1]).sum(axis=-1).clip(-1, 1)))
    assert (corners > 38).mean() < 0.015


def test_no_dark_line_lies_where_light_hair_begins(renderer, head, neutral):
    lamp = Lamp(direction=(0.0, 0.6, 0.8), colour=(2.0, 2.0, 2.0), softness=0.05)
    bare = bare_look()
    light = replace(bare.light, lamps=(lamp,), sky=(0.1,) * 3, ground=(0.1,) * 3, shadow=1.0)
    fair = {"colour": (0.5,) * 3, "tip_colour": (0.5,) * 3, "ragged": 0.01}
    hair = haired(style="short", combed="back", front=0.0, side=0.0, back=0.0, **fair)
    frame, _ = draw(renderer, head, neutral, look=replace(bare, light=light, hair=hair))
    x, _, z = head.template.T
    skin = head.topology.part_mask("skin") & (np.abs(x) < 0.02) & (z > 0.0)
    hairline = skin & (np.abs(head.regions["scalp"] - 0.5) < 0.45)
    column, row = np.rint(project(camera(), neutral)[0][hairline]).astype(int).T
    band = frame.image[row.min() - 4 : row.max() + 4, column.min() : column.max()].mean(axis=-1)
    assert np.percentile(band, 5) > 0.6 * np.median(band)
