"""ICT-FaceKit: a small made-up folder for the reader; the real head where its files are there.

The head comes from the clone at $DLM_ICT_FACEKIT, or from the user's cache if it was added there.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from dlm.errors import ModelError
from dlm.generator import models
from dlm.generator.models import ict, ict_files, linear_file
from dlm.generator.models.base import ARKIT_UNITS
from dlm.generator.models.ict_landmarks import MULTI_PIE_68, ibug_68
from dlm.generator.models.linear import LinearHead
from dlm.generator.sampling.expression import sample_expression, sample_gaze

FROZEN_TOPOLOGY = "1edcb7d83601"  # layouts name its vertices: it changes for no refactoring
PEOPLE = 24
CORNERS = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], dtype=float)


def write_obj(folder, name, points, faces=()):
    lines = ["# made up", "mtllib x.mtl", *(f"v {x} {y} {z}" for x, y, z in points), "vt 0 0"]
    lines += ["usemtl M_Face", *("f " + " ".join(f"{v}/1" for v in face) for face in faces)]
    (folder / f"{name}.obj").write_text("\n".join(lines) + "\n")


@pytest.fixture
def clone(tmp_path):
    """A folder with all the files of a clone, each of four vertices."""
    folder = tmp_path / "kit" / "FaceXModel"
    folder.mkdir(parents=True)
    write_obj(folder, ict_files.NEUTRAL, CORNERS, [(1, 2, 3, 4), (1, 2, 3)])
    shapes = [name for names in ict_files.unit_shapes().values() for name in names]
    for k, name in enumerate([f"identity{n:03d}" for n in range(100)] + shapes):
        write_obj(folder, name, CORNERS + np.array([0, 0, 0.01 * k]))
    return tmp_path / "kit"


@pytest.mark.parametrize("inside", ["", "FaceXModel"])
def test_reader_takes_the_clone_or_its_folder_of_shapes(clone, inside):
    told = []
    read = ict_files.read_clone(clone / inside, lambda done, of: told.append((done, of)))
    np.testing.assert_array_equal(read.neutral, CORNERS)
    assert read.polygons == [[0, 1, 2, 3], [0, 1, 2]]
    np.testing.assert_allclose(read.identity[7], np.tile([0, 0, 0.07], (4, 1)), atol=1e-6)
    assert told == [(k + 1, 154) for k in range(154)]


def test_units_are_those_of_arkit_and_sums_of_both_sides(clone):
    read = ict_files.read_clone(clone)
    assert set(read.units) == set(ARKIT_UNITS) - {"tongueOut"}
    shapes = [name for names in ict_files.unit_shapes().values() for name in names]
    height = {name: 0.01 * (100 + k) for k, name in enumerate(shapes)}
    for unit, parts in (("browInnerUp", ("browInnerUp_L", "browInnerUp_R")),
                        ("eyeBlinkLeft", ("eyeBlink_L",)), ("jawLeft", ("jawLeft",)),
                        ("mouthRight", ("mouthRight",)),
                        ("mouthSmileRight", ("mouthSmile_R",))):  # fmt: skip
        shift = read.expression[read.units.index(unit)]
        np.testing.assert_allclose(shift[:, 2], sum(height[part] for part in parts), atol=1e-6)


def spoil_missing(folder):
    (folder / "jawOpen.obj").unlink()


def spoil_count(folder):
    write_obj(folder, "identity005", CORNERS[:3])


def spoil_number(folder):
    (folder / "identity005.obj").write_text("v 0 0 0\nv 0 zero 0\n")


def spoil_face(folder):
    write_obj(folder, ict_files.NEUTRAL, CORNERS, [(1, 2, 9)])


def spoil_empty(folder):
    (folder / "identity005.obj").write_text("")


@pytest.mark.parametrize(("spoil", "said"), [
    (spoil_missing, "1 of its 154 shapes are missing, the first is jawOpen.obj"),
    (spoil_count, "identity005.obj: has 3 vertices, the neutral mesh 4"),
    (spoil_number, "identity005.obj: is damaged"),
    (spoil_empty, "identity005.obj: is damaged"),
    (spoil_face, "names vertices that do not exist"),
])  # fmt: skip
def test_damage_is_told_in_one_line(clone, spoil, said):
    spoil(clone / "FaceXModel")
    with pytest.raises(ModelError, match=said):
        ict_files.read_clone(clone)


def test_folders_that_are_no_clone_are_refused(tmp_path, clone):
    with pytest.raises(ModelError, match="holds no FaceXModel"):
        ict_files.read_clone(tmp_path)
    with pytest.raises(ModelError, match="no such folder"):
        ict_files.read_clone(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="has 4 vertices and 2 faces, ICT-FaceKit light has 26719"):
        ict.convert(clone)


def test_landmarks_are_68_and_distinct():
    assert len(set(MULTI_PIE_68)) == len(set(ibug_68())) == 68


@pytest.fixture(scope="module")
def head():
    source = os.environ.get("DLM_ICT_FACEKIT")
    if source:
        arrays = ict.convert(Path(source))
        linear_file.check(arrays, source)
        return LinearHead("ict", arrays)
    if "ict" not in models.names():
        pytest.skip("no ICT-FaceKit: set DLM_ICT_FACEKIT to a clone, or dlm model add ict PATH")
    return models.load("ict")


@pytest.fixture(scope="module")
def people(head):
    rng = np.random.default_rng(7)
    return np.stack([head.sample_identity(rng).coefficients for _ in range(PEOPLE)])


def posed(head, identity, gaze=None, neck=None, **units):
    count = len(identity)
    expression = np.zeros((count, len(ARKIT_UNITS)), np.float32)
    for name, weight in units.items():
        sides = [name] if name in ARKIT_UNITS else [f"{name}Left", f"{name}Right"]
        expression[:, [ARKIT_UNITS.index(side) for side in sides]] = weight
    gaze = np.zeros((count, 2, 2), np.float32) if gaze is None else gaze
    neck = np.zeros((count, 3), np.float32) if neck is None else neck
    return head.vertices(identity, expression, gaze, neck)


def lid_gaps(head, vertices):
    heights = np.ascontiguousarray(vertices[..., 1].T)
    return np.concatenate([lids.slit.opening @ heights for lids in head._lids])


def ball_of(head, vertices, side):
    ball = head._eyes[side]
    points = vertices[:, ball.vertices]
    centre = np.stack([np.asarray(ball.weights @ one)[0] for one in points])
    return points, centre


def test_topology_is_the_one_that_layouts_are_picked_on(head):
    assert head.topology.hash == FROZEN_TOPOLOGY
    assert head.template.shape == (head.topology.vertex_count, 3)


def test_parts_and_masks_have_the_names_of_makehuman(head):
    other = models.load("makehuman")
    assert set(head.topology.parts) == set(other.topology.parts)
    assert set(head.regions) == set(other.regions)
    for name, mask in head.regions.items():
        assert mask.shape == (head.topology.vertex_count,), name
        assert mask.max() > 0.5, name


def test_head_has_the_size_and_place_of_makehuman(head):
    from dlm import landmark_specs

    other = models.load("makehuman")
    theirs = other.template[landmark_specs.load("68").vertices["makehuman"]]
    mine = head.template[list(ibug_68())]
    assert np.linalg.norm(mine - theirs, axis=1).mean() < 0.010
    (left,) = ball_of(head, head.template[None], 0)[1]
    np.testing.assert_allclose(left[1:], 0, atol=1e-4)


def test_mirror_is_an_involution_that_keeps_the_template(head):
    mirror, template = head.topology.mirror, head.template
    assert (mirror[mirror] == np.arange(len(mirror))).all()
    assert np.abs(template[mirror] * [-1, 1, 1] - template).max() < 5e-4


def test_units_of_the_left_move_the_subject_s_left(head):
    nobody = np.zeros((1, head.identity_size), np.float32)
    for unit in ("eyeBlinkLeft", "mouthSmileLeft", "browDownLeft", "noseSneerLeft"):
        shift = np.linalg.norm(posed(head, nobody, **{unit: 1.0})[0] - head.template, axis=1)
        assert (shift * head.template[:, 0]).sum() > 0, unit


def test_rows_do_not_depend_on_their_batch(head, people):
    rng = np.random.default_rng(1)
    expression = np.stack([sample_expression(rng) for _ in people])
    gaze = np.stack([sample_gaze(rng, np.zeros(3, np.float32)) for _ in people])
    neck = rng.normal(scale=0.2, size=(len(people), 3)).astype(np.float32)
    whole = head.vertices(people, expression, gaze, neck)
    for rows in (slice(3, 4), slice(10, 17)):
        part = head.vertices(people[rows], expression[rows], gaze[rows], neck[rows])
        np.testing.assert_array_equal(part, whole[rows])


def test_a_full_blink_closes_everyone_s_eyes_and_half_of_it_half(head, people):
    rest = lid_gaps(head, posed(head, people))
    assert (rest.max(axis=0) > 0.005).all()
    assert np.abs(lid_gaps(head, posed(head, people, eyeBlink=1.0))).max() < 2e-4
    half = lid_gaps(head, posed(head, people, eyeBlink=0.5))
    np.testing.assert_allclose(half, np.maximum(rest, 0) / 2, atol=2e-4)


def test_lids_do_not_cut_into_the_ball(head, people):
    for units in ({}, {"eyeBlink": 1.0}, {"eyeBlink": 0.4}, {"eyeWide": 1.0}, {"eyeSquint": 1.0}):
        vertices = posed(head, people, **units)
        for side, lids in enumerate(head._lids):
            points, centre = ball_of(head, vertices, side)
            radius = np.linalg.norm(points - centre[:, None], axis=2).mean(axis=1)
            away = np.linalg.norm(vertices[:, lids.shell] - centre[:, None], axis=2)
            assert (away - radius[:, None]).min() > -3e-4, units


def test_balls_are_round_and_turn_by_the_gaze(head, people):
    gaze = np.zeros((PEOPLE, 2, 2), np.float32)
    gaze[:, 0] = np.radians([20.0, -10.0])  # to the subject's left, down
    ahead, turned = posed(head, people), posed(head, people, gaze=gaze)
    for side, angle in ((0, (20.0, -10.0)), (1, (0.0, 0.0))):
        points, centre = ball_of(head, turned, side)
        length = np.linalg.norm(points - centre[:, None], axis=2)
        assert (np.ptp(length, axis=1) / length.mean(axis=1)).max() < 1e-3
        first = ball_of(head, ahead, side)[0]
        front = int(np.argmax(first[0, :, 2]))
        ray = points[:, front] - centre
        yaw = np.degrees(np.arctan2(ray[:, 0], ray[:, 2]))
        pitch = np.degrees(np.arcsin(ray[:, 1] / np.linalg.norm(ray, axis=1)))
        np.testing.assert_allclose(yaw, angle[0], atol=1.5)
        np.testing.assert_allclose(pitch, angle[1], atol=1.5)


def test_lids_follow_the_gaze(head, people):
    gaze = np.zeros((PEOPLE, 2, 2), np.float32)
    mean = []
    for degrees in (-20.0, 0.0, 20.0):
        gaze[:, :, 1] = np.radians(degrees)
        mean.append(lid_gaps(head, posed(head, people, gaze=gaze)).max(axis=0).mean())
    assert mean[0] < mean[1] - 1e-3
    assert mean[1] < mean[2] - 5e-4


def test_mouths_at_rest_are_shut_and_open_with_the_jaw(head, people):
    def gap(**units):
        heights = np.ascontiguousarray(posed(head, people, **units)[..., 1].T)
        return head._lips.slit.opening @ heights

    assert gap().max() < 1e-4
    assert gap().min() > -1.5e-3
    assert (gap(jawOpen=1.0).max(axis=0) > 0.015).all()


def test_the_neck_turns_the_torso_and_leaves_the_face(head, people):
    neck = np.tile(np.radians([40.0, 0.0, 0.0]).astype(np.float32), (PEOPLE, 1))
    shift = np.linalg.norm(posed(head, people, neck=neck) - posed(head, people), axis=2)
    assert shift[:, list(ibug_68())].max() == 0
    lowest = int(np.argmin(head.template[:, 1] - head.template[:, 0]))
    assert (shift[:, lowest] > 0.05).all()


def test_people_differ_plausibly_and_traits_feed_the_look(head):
    rng = np.random.default_rng(0)
    persons = [head.sample_identity(rng) for _ in range(60)]
    points = posed(head, np.stack([p.coefficients for p in persons]))[:, list(ibug_68())]
    width = np.linalg.norm(points[:, 45] - points[:, 36], axis=1)
    assert width.min() > 0.075
    assert width.max() < 0.105
    assert width.std() > 0.001
    for person in persons:
        assert set(person.traits) == {"age", "sex", "african", "asian", "caucasian"}
        assert 18 <= person.traits["age"] <= 75
