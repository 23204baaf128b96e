"""What the baked head promises, stated as facts over many people and faces."""

from dataclasses import replace

import numpy as np
import pytest

from dlm.errors import ModelError
from dlm.generator import models
from dlm.generator.models.base import ARKIT_UNITS
from dlm.generator.models.normals import vertex_normals
from dlm.generator.sampling.expression import sample_expression, sample_gaze
from dlm.generator.scene import rotation
from dlm.generator.sketch import View, sketch

FROZEN_TOPOLOGY = "203fb3d893cd"  # layouts name its vertices: it changes for no refactoring
PEOPLE = 24


@pytest.fixture(scope="module")
def head():
    return models.load("makehuman")


@pytest.fixture(scope="module")
def people(head):
    rng = np.random.default_rng(7)
    return np.stack([head.sample_identity(rng).coefficients for _ in range(PEOPLE)])


def still(count, *shape):
    return np.zeros((count, *shape), np.float32)


def posed(head, identity, gaze=None, neck=None, **units):
    expression = still(len(identity), len(ARKIT_UNITS))
    for name, weight in units.items():
        sides = [name] if name in ARKIT_UNITS else [f"{name}Left", f"{name}Right"]
        expression[:, [ARKIT_UNITS.index(side) for side in sides]] = weight
    count = len(identity)
    return head.vertices(
        identity,
        expression,
        still(count, 2, 2) if gaze is None else gaze,
        still(count, 3) if neck is None else neck,
    )


def lid_gaps(head, vertices):
    gaps = [
        vertices[:, upper, 1] - vertices[:, lower, 1] for upper, lower in head.lid_edges.values()
    ]
    return np.stack(gaps, axis=1)


def lip_gaps(head, vertices):
    """Heights of the upper lip over the lower at the same x: facing points lie apart along it."""
    upper, lower = (vertices[:, edge] for edge in head.lip_edges)
    below = [np.interp(u[:, 0], low[:, 0], low[:, 1]) for u, low in zip(upper, lower, strict=True)]
    return upper[:, 1:-1, 1] - np.array(below)[:, 1:-1]


def test_topology_is_the_one_that_layouts_were_picked_on(head):
    assert head.topology.hash == FROZEN_TOPOLOGY
    assert 20_000 <= head.topology.vertex_count <= 25_000
    assert head.template.shape == (head.topology.vertex_count, 3)


def test_base_numbers_come_first_and_in_order(head):
    kept = head.base_index[head.base_index >= 0]
    assert (np.diff(kept) > 0).all()
    assert (head.base_index[len(kept) :] == -1).all()


def test_parts_cover_every_triangle_and_vertex_once(head):
    spans = sorted(head.topology.parts.values())
    assert [start for start, _ in spans] == [0, *(stop for _, stop in spans[:-1])]
    assert spans[-1][1] == len(head.topology.triangles)
    used = np.concatenate([head.topology.part_vertices(part) for part in head.topology.parts])
    np.testing.assert_array_equal(np.sort(used), np.arange(head.topology.vertex_count))


def test_skin_is_open_only_where_it_was_cut_below_the_neck(head):
    start, stop = head.topology.parts["skin"]
    triangles = head.topology.triangles[start:stop]
    sides = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]],
                                    triangles[:, [2, 0]]]), axis=1)  # fmt: skip
    edges, uses = np.unique(sides, axis=0, return_counts=True)
    assert uses.max() == 2
    assert head.template[edges[uses == 1], 1].max() < -0.15


def test_mirror_is_an_involution_and_the_template_its_own_mirror_image(head):
    mirror = head.topology.mirror
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(mirror)))
    np.testing.assert_allclose(head.template[mirror] * [-1, 1, 1], head.template, atol=2e-7)
    assert np.abs(head.template[mirror == np.arange(len(mirror)), 0]).max() < 1e-7


def test_origin_is_between_the_eyes_for_everyone(head, people):
    heads = posed(head, people)
    centres = [heads[:, head.topology.part_vertices(f"eye_{side}")].mean(axis=1)
               for side in ("left", "right")]  # fmt: skip
    np.testing.assert_allclose(sum(centres) / 2, 0, atol=2e-4)
    apart = np.linalg.norm(centres[0] - centres[1], axis=1)
    assert ((apart > 0.038) & (apart < 0.075)).all()  # metres, from a toddler on


def test_zero_coefficients_are_the_template(head):
    np.testing.assert_array_equal(posed(head, still(1, head.identity_size))[0], head.template)


def test_mirrored_coefficients_give_the_mirrored_head(head, people):
    rng = np.random.default_rng(1)
    faces = np.stack([sample_expression(rng) for _ in people])
    gaze = rng.normal(scale=0.2, size=(PEOPLE, 2, 2)).astype(np.float32)
    neck = rng.normal(scale=0.2, size=(PEOPLE, 3)).astype(np.float32)
    there = head.vertices(people, faces, gaze, neck)
    back = head.vertices(
        people[:, head.identity_mirror] * head.identity_sign.astype(np.float32),
        faces[:, head.expression_mirror],
        gaze[:, ::-1] * np.float32([-1, 1]),
        neck * np.float32([-1, 1, -1]),
    )
    flipped = there[:, head.topology.mirror] * np.float32([-1, 1, 1])
    np.testing.assert_allclose(back, flipped, atol=1e-6)


def test_a_row_does_not_depend_on_its_batch_bit_for_bit(head, people):
    rng = np.random.default_rng(2)
    faces = np.stack([sample_expression(rng) for _ in people])
    gaze = np.stack([sample_gaze(rng, np.zeros(3)) for _ in people])
    neck = rng.normal(scale=0.2, size=(PEOPLE, 3)).astype(np.float32)
    together = head.vertices(people, faces, gaze, neck)
    for rows in (slice(0, 1), slice(3, 8), slice(23, 24)):
        alone = head.vertices(people[rows], faces[rows], gaze[rows], neck[rows])
        np.testing.assert_array_equal(alone, together[rows])
        np.testing.assert_array_equal(
            vertex_normals(alone, head), vertex_normals(together, head)[rows]
        )


def test_a_blink_closes_the_lids_of_everyone_and_goes_no_further(head, people):
    gaps = lid_gaps(head, posed(head, people, eyeBlink=1.0))
    assert np.abs(gaps).max() < 4e-4


def test_lids_never_cross(head, people):
    for units in ({"eyeSquint": 1.0}, {"eyeSquint": 1.0, "cheekSquint": 1.0, "eyeBlink": 0.6}):
        assert lid_gaps(head, posed(head, people, **units)).min() > -4e-4


def test_eyes_are_open_at_rest_and_half_as_open_at_half_a_blink(head, people):
    rest = lid_gaps(head, posed(head, people))[:, :, 6]
    half = lid_gaps(head, posed(head, people, eyeBlink=0.5))[:, :, 6]
    assert np.median(rest) > 0.006
    np.testing.assert_allclose(half, rest / 2, atol=1.2e-3)


def test_no_lid_lies_inside_its_eyeball(head, people):
    for blink in (0.0, 0.6, 1.0):
        heads = posed(head, people, eyeBlink=blink)
        for side, edges in head.lid_edges.items():
            ball = heads[:, head.topology.part_vertices(f"eye_{side}")]
            centre = ball.mean(axis=1, keepdims=True)
            radius = np.linalg.norm(ball - centre, axis=2).mean(axis=1, keepdims=True)
            lids = heads[:, np.concatenate(edges)]
            assert (np.linalg.norm(lids - centre, axis=2) - radius).min() > 0


def test_a_squint_pushes_no_cheek_into_the_eyeball(head, people):
    heads = posed(head, people, eyeSquint=1.0, cheekSquint=1.0, mouthSmile=1.0)
    skin = head.topology.part_vertices("skin")
    for side in ("left", "right"):
        of = head.topology.part_vertices(f"eye_{side}")
        rest, ball = head.template[of], heads[:, of]
        away = head.template[skin] - rest.mean(axis=0)
        radius = np.linalg.norm(rest - rest.mean(axis=0), axis=1).mean()
        distance = np.linalg.norm(away, axis=1)
        below = skin[(distance > 1.1 * radius) & (distance < 1.5 * radius) & (away[:, 2] > 0)]
        centre = ball.mean(axis=1, keepdims=True)
        least = np.linalg.norm(ball - centre, axis=2).mean(axis=1, keepdims=True)
        assert (np.linalg.norm(heads[:, below] - centre, axis=2) - least).min() > 0


def test_gaze_turns_the_balls_about_their_centres(head):
    gaze = np.float32([[[0.3, 0.0], [0.0, 0.2]]])
    rest, turned = head.template, posed(head, still(1, head.identity_size), gaze=gaze)[0]
    for side, (yaw, pitch) in zip(("left", "right"), gaze[0], strict=True):
        ball = head.topology.part_vertices(f"eye_{side}")
        centre = rest[ball].mean(axis=0)
        expected = (rest[ball] - centre) @ rotation(yaw, pitch, 0.0).T
        np.testing.assert_allclose(turned[ball] - centre, expected, atol=3e-6)


def test_the_neck_turns_the_torso_and_leaves_the_face(head):
    neck = np.float32([[0.3, -0.2, 0.1]])
    turned = posed(head, still(1, head.identity_size), neck=neck)[0]
    low = head.template[:, 1] < -0.28
    face = head.template[:, 1] > -0.05
    np.testing.assert_array_equal(turned[face], head.template[face])
    rest, moved = (part[low] - part[low].mean(axis=0) for part in (head.template, turned))
    np.testing.assert_allclose(moved, rest @ rotation(*neck[0]), atol=1e-5)


def test_lower_teeth_follow_the_jaw_and_upper_teeth_stay(head):
    rest, wide = head.template, posed(head, still(1, head.identity_size), jawOpen=0.7)[0]
    lower = head.topology.part_vertices("teeth_lower")
    upper = head.topology.part_vertices("teeth_upper")
    assert (rest[lower, 1] - wide[lower, 1]).mean() > 0.008
    np.testing.assert_allclose(wide[upper, :2], rest[upper, :2], atol=1e-7)


def test_front_teeth_stay_behind_the_lips(head, people):
    lips = np.flatnonzero(head.regions["lips"] > 0.9)
    for units in ({}, {"mouthSmile": 1.0}, {"mouthPress": 1.0}, {"jawOpen": 0.7}):
        heads = posed(head, people, **units)
        middle = np.abs(heads[:, lips, 0]) < 0.010
        front = np.where(middle, heads[:, lips, 2], -np.inf).max(axis=1)
        for part in ("teeth_upper", "teeth_lower"):
            teeth = heads[:, head.topology.part_vertices(part), 2].max(axis=1)
            assert (teeth < front - 0.002).all()


def test_regions_are_soft_masks_on_the_skin_alone(head):
    skin = np.zeros(head.topology.vertex_count, bool)
    skin[head.topology.part_vertices("skin")] = True
    for name, mask in head.regions.items():
        assert mask.shape == skin.shape, name
        assert mask.min() >= 0, name
        assert 0.5 < mask.max() <= 1, name
        assert not mask[~skin].any(), name
        np.testing.assert_allclose(mask, mask[head.topology.mirror], atol=0.35, err_msg=name)


def test_normals_are_unit_and_point_out_of_the_face(head):
    normals = vertex_normals(head.template[None], head)[0]
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    forehead = np.argmin(np.linalg.norm(head.template - [0, 0.05, 0.03], axis=1))
    assert normals[forehead, 2] > 0.7


def test_normals_equal_the_plain_mean_of_triangles_on_a_flat_fan(head):
    points = np.float32([[[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]])
    square = replace(
        head.topology, vertex_count=4, triangles=np.int32([[0, 1, 2], [0, 2, 3]]),
        parts={"skin": (0, 2)},
    )  # fmt: skip
    np.testing.assert_allclose(vertex_normals(points, square), [[[0, 0, 1]] * 4], atol=1e-6)


def test_an_unknown_model_is_refused_by_name():
    with pytest.raises(ModelError, match=r"unknown head model 'venus'.*makehuman"):
        models.load("venus")


def test_lips_meet_at_rest_on_everyone_and_part_with_the_jaw(head, people):
    rest, wide = (lip_gaps(head, posed(head, people, jawOpen=jaw)) for jaw in (0.0, 0.5))
    assert rest.max() < 6e-4
    assert rest.min() > -2.5e-3
    assert wide[:, wide.shape[1] // 2].min() > 0.008


def test_a_smile_with_shut_lips_shows_no_teeth(head, people):
    teeth = np.concatenate(
        [head.topology.part_vertices(f"teeth_{arch}") for arch in ("upper", "lower")]
    )
    view = View(centre=(0.0, -0.07, 0.0), width=0.1)
    for vertices in posed(head, people[:8], mouthSmile=0.8, mouthDimple=0.6):
        assert sketch(head, vertices, view, 160).visible[teeth].sum() <= 1


def test_lips_that_roll_in_stay_together(head, people):
    gaps = lip_gaps(head, posed(head, people, mouthRollUpper=0.7, mouthRollLower=0.7))
    assert gaps.max() < 1e-3


def test_teeth_are_seen_between_the_lips_and_nowhere_else(head, people):
    smiling = {"mouthSmile": 0.76, "cheekSquint": 0.75, "mouthUpperUp": 0.5, "mouthLowerDown": 0.3}
    teeth = np.concatenate(
        [head.topology.part_vertices(f"teeth_{arch}") for arch in ("upper", "lower")]
    )
    edge = np.concatenate(head.lip_edges)
    view = View(centre=(0.0, -0.07, 0.0), width=0.1)
    seen_at_all = 0
    for vertices in posed(head, people[:12], jawOpen=0.3, **smiling):
        drawn = sketch(head, vertices, view, 160)
        seen = drawn.pixels[teeth[drawn.visible[teeth]]]
        seen_at_all += len(seen)
        low, high = drawn.pixels[edge].min(axis=0) - 3, drawn.pixels[edge].max(axis=0) + 3
        assert ((seen > low) & (seen < high)).all()
    assert seen_at_all > 12 * 10


def test_drawn_triangles_are_all_there_and_neighbours_follow_each_other(head):
    surface, rng = head.surface, np.random.default_rng(0)
    mixed = surface.triangles.copy()
    for start, stop in surface.parts.values():
        mixed[start:stop] = rng.permutation(mixed[start:stop])
    ordered = replace(surface, triangles=mixed).in_order(head.template)
    for start, stop in surface.parts.values():
        rows = [sorted(map(tuple, each[start:stop])) for each in (ordered.triangles, mixed)]
        assert rows[0] == rows[1]
    start, stop = surface.parts["skin"]
    steps = [
        np.linalg.norm(np.diff(head.template[each[start:stop]].mean(axis=1), axis=0), axis=1)
        for each in (ordered.triangles, mixed)
    ]
    assert steps[0].mean() < 0.1 * steps[1].mean()
