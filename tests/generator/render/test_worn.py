"""What is worn lies on the head it is drawn on, whoever's head that is, and hides what is below."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from dlm.generator import labels
from dlm.generator.look import probabilities
from dlm.generator.look.sample import sample_look
from dlm.generator.models.base import ARKIT_UNITS
from dlm.generator.models.makehuman_targets import MACROS, mean_macro_weights
from dlm.generator.models.normals import vertex_normals
from dlm.generator.render.accessories import RING, Fitter, Glasses, held_sheet
from dlm.generator.render.combing import STRANDS
from dlm.generator.render.extras import flattened
from dlm.generator.render.hair_field import CENTRE, HairField
from dlm.generator.render.neckwear import AROUND, Neckwear
from dlm.generator.render.statics import shirt_mask
from dlm.generator.render.worn import FaceMask, Worn
from dlm.generator.sampling.identity import macro_weights
from tests.generator.render.test_render import bare_look, camera, draw

WORN = {
    "mask": {"mask": "surgical", "mask_slip": 0.0},
    "headscarf": {"hat": "headscarf"},
    "scarf": {"scarf": 0.015},
    "headphones": {"headphones": True},
    "hoops": {"earrings": "hoop", "earring_size": 0.02},
}


def wearing(**what):
    look = bare_look()
    return replace(look, wardrobe=replace(look.wardrobe, **what))


def people(head, count):
    """(count, V, 3) heads of different people, every other one with an open mouth."""
    rng = np.random.default_rng(3)
    identity = np.stack([head.sample_identity(rng).coefficients for _ in range(count)])
    faces = np.zeros((count, 52), np.float32)
    faces[::2, ARKIT_UNITS.index("jawOpen")] = 0.6
    return head.vertices(identity, faces, np.zeros((count, 2, 2), np.float32),
                         np.zeros((count, 3), np.float32))  # fmt: skip


def turned(head, count):
    """(count, V, 3) heads of different people, their necks turned far, some jaws wide open."""
    rng = np.random.default_rng(5)
    identity = np.stack([head.sample_identity(rng).coefficients for _ in range(count)])
    faces = np.zeros((count, 52), np.float32)
    faces[::3, ARKIT_UNITS.index("jawOpen")] = 0.8
    neck = np.radians(rng.uniform(-1, 1, (count, 3)) * [60, 30, 25]).astype(np.float32)
    return head.vertices(identity, faces, np.zeros((count, 2, 2), np.float32), neck)


def smiling(head, count):
    """(count, V, 3) heads of different people, every other one smiling with raised cheeks."""
    rng = np.random.default_rng(7)
    identity = np.stack([head.sample_identity(rng).coefficients for _ in range(count)])
    faces = np.zeros((count, 52), np.float32)
    for unit in ("mouthSmile", "cheekSquint", "noseSneer"):
        for side in ("Left", "Right"):
            faces[::2, ARKIT_UNITS.index(unit + side)] = 0.9
    return head.vertices(identity, faces, np.zeros((count, 2, 2), np.float32),
                         np.zeros((count, 3), np.float32))  # fmt: skip


def visible(frame, posed, head):
    normals = vertex_normals(posed[None], head.topology)[0]
    pixels, depth = labels.project(camera(), posed)
    facing = labels.facing_camera(camera(), posed, normals)
    return labels.vertex_visibility(frame, pixels, depth, facing)


@pytest.mark.parametrize("what", WORN)
def test_a_piece_is_in_front_of_the_bare_head_where_it_is_seen(renderer, head, neutral, what):
    plain, _ = draw(renderer, head, neutral)
    frame, _ = draw(renderer, head, neutral, look=wearing(**WORN[what]))
    added = (frame.depth > 0) & ((plain.depth == 0) | (frame.depth < plain.depth - 0.001))
    both = (frame.depth > 0) & (plain.depth > 0)
    assert added.sum() > 25
    assert (frame.depth[both] <= plain.depth[both] + 1e-4).all()


def test_a_mask_hides_the_lips_and_the_nose_but_no_eye(renderer, head, neutral):
    for shape in people(head, 3):
        frame, posed = draw(renderer, head, shape, look=wearing(**WORN["mask"]))
        seen = visible(frame, posed, head)
        lips = np.flatnonzero(head.regions["lips"] > 0.5)
        assert not seen[lips].any()
        bare, _ = draw(renderer, head, shape)
        balls = np.concatenate([head.topology.part_vertices(f"eye_{s}") for s in ("left", "right")])
        np.testing.assert_array_equal(seen[balls], visible(bare, posed, head)[balls])


def test_a_mask_that_has_slipped_shows_the_nose_and_hides_the_lips(renderer, head, neutral):
    frame, posed = draw(renderer, head, neutral, look=wearing(mask="cloth", mask_slip=0.42))
    seen = visible(frame, posed, head)
    tip = int(np.argmax(np.where(head.regions["nose"] > 0.5, head.template[:, 2], -1)))
    assert seen[tip]
    assert not seen[np.flatnonzero(head.regions["lips"] > 0.5)].any()


def test_no_skin_comes_through_a_mask(head):
    mask, skin = FaceMask(head), head.topology.part_vertices("skin")
    for shape in people(head, 6):
        sheet = mask.shape(shape, 0.0, 2).points.reshape(15, 19, 3)
        middle = sheet[2:-3, 3:-3].reshape(-1, 3)
        for point in middle:  # no skin farther out, straight before the node
            near = skin[np.hypot(*(shape[skin] - point).T[:2]) < 0.003]
            assert not len(near) or shape[near, 2].max() < point[2] + 0.001


def test_nothing_is_made_for_a_head_that_wears_nothing(head):
    assert not Worn.any(bare_look().wardrobe)
    assert all(Worn.any(wearing(**what).wardrobe) for what in WORN.values())


def test_the_necklines_edge_is_even_however_coarse_the_mesh(head):
    mask, points = shirt_mask(head), head.template.astype(np.float64)
    start, stop = head.surface.parts["skin"]
    triangles = head.surface.triangles[start:stop]
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]]])
    over = edges[(mask[edges[:, 0]] < 0.5) & (mask[edges[:, 1]] > 0.5)]
    share = (0.5 - mask[over[:, 0]]) / (mask[over[:, 1]] - mask[over[:, 0]])
    crossing = points[over[:, 0]] + share[:, None] * (points[over[:, 1]] - points[over[:, 0]])
    plane = np.polyfit(crossing[:, 2], crossing[:, 1], 1)
    assert len(over) > 30
    assert np.abs(np.polyval(plane, crossing[:, 2]) - crossing[:, 1]).max() < 0.002


@pytest.mark.parametrize("kind", ["rolled", "veiled"])
def test_cloth_about_the_neck_is_neither_torn_nor_pointed_however_the_head_is_turned(head, kind):
    worn = Neckwear(head)
    for posed in turned(head, 12):
        sheet = worn.rolled(posed, 0.02, 1.0) if kind == "rolled" else worn.veiled(posed, 1.0)
        points = sheet.points.reshape(-1, AROUND, 3)
        sides = np.roll(points, -1, axis=1) - points
        length = np.linalg.norm(sides, axis=-1)
        bend = (sides * np.roll(sides, -1, axis=1)).sum(-1) / (length * np.roll(length, -1, axis=1))
        assert length.max() < 0.035
        assert bend.min() > np.cos(np.radians(65))


def test_a_scarf_has_no_edge_in_the_air(head):
    for posed in turned(head, 6):
        points = Neckwear(head).rolled(posed, 0.02, 0.0).points.reshape(-1, AROUND, 3)
        skin = cKDTree(posed[head.topology.part_vertices("skin")])
        middle = points.mean(axis=(0, 1))
        for edge in (points[0], points[-1]):  # both ends lie on the neck's side of the roll
            nearer = np.linalg.norm(edge - middle, axis=1)
            assert (nearer < np.linalg.norm(points - middle, axis=2).max(axis=0) - 0.01).all()
            assert np.median(skin.query(edge)[0]) < 0.02


def in_front(points, places, reach=0.0015):
    """(m,) how far the foremost of `points` (n, 3) within `reach` lies before each place (m, 3)."""
    lists = cKDTree(points[:, :2]).query_ball_point(places[:, :2], reach)
    return np.array([points[near, 2].max(initial=-1.0) for near in lists]) - places[:, 2]


@pytest.mark.parametrize("masked", [False, True])
def test_no_rim_of_glasses_is_cut_by_nose_or_cheek(head, masked):
    fitter, glasses, still = Fitter(head), Glasses(), np.eye(3, dtype=np.float32)
    skin = head.topology.part_vertices("skin")
    for posed in smiling(head, 10):
        mask = [FaceMask(head).shape(posed, 0.0, 2).points] if masked else []
        for wide, high, bend in ((0.029, 0.025, 5.0), (0.024, 0.016, 2.0)):
            worn = replace(bare_look().wardrobe, frame_width=wide, frame_height=high,
                           frame_shape=bend, rim=0.002)  # fmt: skip
            shape = glasses.shape(worn, fitter.fit(posed, still, mask))
            rims = shape[: 4 * RING]
            assert in_front(posed[skin], rims).max() < 0.001
            if masked:
                assert in_front(mask[0], rims, 0.003).max() < 0.002


@pytest.mark.parametrize("style", ["short", "medium", "long", "afro"])
@pytest.mark.parametrize("beanie", [False, True])
def test_no_hair_comes_through_a_hat(head, neutral, style, beanie):
    field, still = HairField(head), np.eye(3, dtype=np.float32)
    hair = replace(bare_look().hair, style=style, side=0.1, back=0.1)
    under = field.strands(flattened(hair), neutral, still)
    hat = field.hat(beanie, hair, neutral, still).points
    outermost = (under.points + under.outward).reshape(STRANDS, -1, 3) - CENTRE
    cover = hat.reshape(STRANDS, -1, 3) - CENTRE
    for strand, sheet in zip(outermost, cover, strict=True):  # by rising angle from the crown
        angle, reach = from_crown(strand)
        rim, over = from_crown(sheet)
        inside = angle < rim.max() - 0.03
        assert (reach[inside] < np.interp(angle[inside], rim, over)).all()


def from_crown(points):
    """Angle from straight up, and distance, of points (n, 3)."""
    reach = np.linalg.norm(points, axis=1)
    return np.arccos(points[:, 1] / reach), reach


@pytest.mark.parametrize("kind", ["hand", "fist", "microphone", "cup", "phone", "board", "paper"])
def test_what_is_held_reaches_out_of_the_picture_with_its_arm(renderer, head, neutral, kind):
    bare, _ = draw(renderer, head, neutral)
    look = replace(bare_look(), occluders=(held(kind, centre=(0.2, 0.8)),))
    frame, _ = draw(renderer, head, neutral, look=look)
    shown = (bare.depth == 0) | (frame.depth < bare.depth - 0.002)
    shown &= frame.depth > 0
    rows = np.flatnonzero(shown.sum(axis=1) > 5)
    assert rows.max() == frame.depth.shape[0] - 1  # no arm is cut off in the air
    assert np.array_equal(rows, np.arange(rows.min(), rows.max() + 1))


def test_what_is_held_is_as_large_in_a_selfie_as_in_a_portrait():
    near, far = (held_sheet(held("fist"), camera(distance=away), np.eye(3, dtype=np.float32), 1.0)
                 for away in (0.4, 2.0))  # fmt: skip
    sides = [np.ptp(labels.project(camera(distance=away), sheet)[0][:, 0])
             for away, sheet in ((0.4, near), (2.0, far))]  # fmt: skip
    assert sides[0] * 0.4 == pytest.approx(sides[1] * 2.0, rel=0.05)


def held(kind, **changes):
    """The first thing of this kind that some thousand looks hold."""
    settings = probabilities.default()
    for index in range(4000):
        for thing in sample_look(0, index, {}, settings).occluders:
            if thing.kind == kind:
                return replace(thing, angle=0.0, **changes)
    raise AssertionError(f"no {kind}")


def test_a_bust_goes_on_below_the_picture_however_small_it_is(renderer, head):
    names = head.identity_names[: len(MACROS)]
    toddler = macro_weights(years=2.0, sex=0.0, shares=[0, 0, 1], muscle=0.5, weight=0.5)
    identity = np.zeros((1, head.identity_size), np.float32)
    identity[0, : len(names)] = toddler - mean_macro_weights()
    shapes = (np.zeros((1, *shape), np.float32) for shape in ((52,), (2, 2), (3,)))
    small = head.vertices(identity, *shapes)[0]
    view = replace(camera(), fx=400.0, fy=400.0)
    assert small[:, 1].min() > -0.27  # the mesh itself ends inside this picture
    frame, _ = draw(renderer, head, small, view=view)
    assert (frame.depth[-1, 100:156] > 0).all()


def test_a_scarf_leaves_the_mouth_free_however_low_the_head_is_bent(renderer, head):
    names = head.identity_names[: len(MACROS)]
    lips = np.flatnonzero(head.regions["lips"] > 0.5)
    for years in (2.0, 30.0):
        person = macro_weights(years=years, sex=0.0, shares=[0, 0, 1], muscle=0.5, weight=0.5)
        identity = np.zeros((1, head.identity_size), np.float32)
        identity[0, : len(names)] = person - mean_macro_weights()
        faces, bent = np.zeros((1, 52), np.float32), np.radians([[0.0, -15.0, 0.0]])
        faces[0, ARKIT_UNITS.index("jawOpen")] = 0.4
        posed = head.vertices(identity, faces, np.zeros((1, 2, 2), np.float32),
                              bent.astype(np.float32))[0]  # fmt: skip
        bare, _ = draw(renderer, head, posed)
        worn, _ = draw(renderer, head, posed, look=wearing(scarf=0.022))
        free = visible(bare, posed, head)[lips]
        assert free.sum() > 50
        assert visible(worn, posed, head)[lips][free].mean() > 0.97
