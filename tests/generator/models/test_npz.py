"""Heads from a file: the one of docs/models.md works, and each way to get it wrong is one line."""

import re
from pathlib import Path

import numpy as np
import pytest

from dlm.errors import ModelError
from dlm.generator import models
from dlm.generator.models import added, linear_file
from dlm.generator.models.base import ARKIT_UNITS
from tests.cli.shell import dlm

DOCS = Path(__file__).parents[3] / "docs" / "models.md"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DLM_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "_MODELS", {})


@pytest.fixture
def tiny(tmp_path):
    """The arrays that the script of docs/models.md writes."""
    (script,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(script, str(DOCS), "exec"), {})
    with np.load(tmp_path / "tiny.npz") as file:
        return {key: file[key] for key in file.files}


def save(tmp_path, arrays, name="head.npz"):
    np.savez(tmp_path / name, **arrays)
    return tmp_path / name


def still(head, count, **units):
    expression = np.zeros((count, 52), np.float32)
    for name, weight in units.items():
        expression[:, ARKIT_UNITS.index(name)] = weight
    return (np.zeros((count, head.identity_size), np.float32), expression,
            np.zeros((count, 2, 2), np.float32), np.zeros((count, 3), np.float32))  # fmt: skip


def test_head_of_the_docs_is_added_listed_and_posed(tmp_path, tiny):
    assert added.add("tiny", save(tmp_path, tiny))
    assert models.names() == ["makehuman", "tiny"]
    head = models.load("tiny")
    identity, expression, gaze, neck = still(head, 2, jawOpen=1.0)
    identity[1] = 2.0
    plain, wide = head.vertices(identity, expression, gaze, neck)
    centre = np.array([0, 0, 0])  # between the eyeballs
    expected = (tiny["template"] + tiny["expression"][0]) * 0.01 - centre
    np.testing.assert_allclose(plain, expected, atol=2e-6)
    np.testing.assert_allclose(wide - plain, 0.02 * tiny["identity"][0], atol=2e-6)


def test_units_of_measure_and_packed_modes_do_not_change_the_head(tmp_path, tiny):
    scale = np.abs(tiny["identity"]).max() / 32767
    packed = {**tiny, "template": tiny["template"] * 10, "metres": np.array(0.001),
              "expression": tiny["expression"] * 10,
              "identity": np.round(tiny["identity"] / scale).astype(np.int16),
              "identity_scale": np.array([scale * 10])}  # fmt: skip
    added.add("a", save(tmp_path, tiny, "a.npz"))
    added.add("b", save(tmp_path, packed, "b.npz"))
    one, other = models.load("a"), models.load("b")
    assert one.topology.hash == other.topology.hash
    identity, expression, gaze, neck = still(one, 1, jawOpen=0.5)
    identity[:] = 1.5
    arguments = (identity, expression, gaze, neck)
    np.testing.assert_allclose(one.vertices(*arguments), other.vertices(*arguments), atol=1e-5)


def test_eyes_turn_and_nothing_else_does(tmp_path, tiny):
    added.add("tiny", save(tmp_path, tiny))
    head = models.load("tiny")
    identity, expression, gaze, neck = still(head, 2)
    gaze[1, 0] = np.radians([30.0, 0.0])  # the left eye, to the subject's left
    ahead, turned = head.vertices(identity, expression, gaze, neck)
    moved = np.flatnonzero(np.abs(turned - ahead).max(axis=1) > 1e-6)
    left = head.topology.part_vertices("eye_left")
    assert set(moved) <= set(left)
    front = left[np.argmax(ahead[left, 2])]
    assert turned[front, 0] - ahead[front, 0] == pytest.approx(0.012 * 0.5, abs=3e-4)


def test_mirror_is_found(tmp_path, tiny):
    added.add("tiny", save(tmp_path, tiny))
    topology = models.load("tiny").topology
    assert (topology.mirror[topology.mirror] == np.arange(topology.vertex_count)).all()
    np.testing.assert_allclose(tiny["template"][topology.mirror] * [-1, 1, 1], tiny["template"],
                               atol=1e-9)  # fmt: skip


def test_same_head_again_is_no_change_and_another_one_is_refused(tmp_path, tiny):
    first = save(tmp_path, tiny)
    assert added.add("tiny", first)
    assert not added.add("tiny", first)
    other = save(tmp_path, {**tiny, "template": tiny["template"] * 1.01}, "other.npz")
    with pytest.raises(ModelError, match=r"another head 'tiny' was added before.*--replace"):
        added.add("tiny", other)
    assert added.add("tiny", other, replace=True)


@pytest.mark.parametrize("name", ["makehuman", "Tiny", "a b", "", "../up", "ict"])
def test_names_that_cannot_be_used_are_refused(tmp_path, tiny, name):
    with pytest.raises(ModelError):
        added.add(name, save(tmp_path, tiny))
    assert models.names() == ["makehuman"]


def without(key):
    return lambda arrays: arrays.pop(key)


def put(key, value):
    return lambda arrays: arrays.__setitem__(key, value)


WRONG = [
    (without("template"), "key 'template' is missing"),
    (without("metres"), "key 'metres' is missing"),
    (put("indentity_std", np.ones(1)), "key 'indentity_std' is unknown"),
    (put("metres", np.array(1.0)), "m high: metres is wrong"),
    (put("metres", np.array(-0.01)), "metres is not one number above 0"),
    (put("template", np.full((10, 3), np.nan)), "finite numbers"),
    (put("template", np.zeros((10, 2))), r"template is \(10, 2\)"),
    (put("triangles", np.array([[0, 1, 99999]])), "triangles name vertex 99999"),
    (put("triangles", np.array([[0, 1, -2]])), "triangles name vertex -2"),
    (put("triangles", np.zeros((4, 3))), "whole numbers"),
    (put("identity", np.zeros((1, 5, 3))), r"identity is \(1, 5, 3\)"),
    (put("identity_std", np.ones(7)), r"identity_std is not \(1,\)"),
    (put("expression_names", np.array(["jawopen"])), "no ARKit unit"),
    (put("expression_names", np.array(["jawOpen", "jawLeft"])), "one string a mode"),
    (put("part_names", np.array(["skin", "eye_left", "nose"])), "part_names has 'nose'"),
    (put("part_sizes", np.array([1, 2, 3])), "add up to 6 triangles"),
    (without("part_sizes"), "come together"),
    (put("mirror", np.array([1, 0])), "vertex numbers"),
    (put("lid_left_upper", np.array([1, 2, 3])), "only lid_left_upper is there"),
    (put("lip_upper", np.array([1.5])), "lip_upper is not a list of vertex numbers"),
    (put("region_lips", np.array([0.5])), "region_lips is not"),
    (put("landmarks_68", np.arange(67)), "landmarks_68 is not"),
    (put("neck_pivot", np.array([1])), "come together"),
]


@pytest.mark.parametrize(("spoil", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_with_a_file_is_said_in_one_line(tmp_path, tiny, spoil, said):
    spoil(tiny)
    with pytest.raises(ModelError, match=said) as caught:
        added.add("tiny", save(tmp_path, tiny))
    assert "\n" not in str(caught.value)
    assert "head.npz" in str(caught.value)
    assert models.names() == ["makehuman"]


def test_a_mirror_that_is_no_involution_is_refused(tmp_path, tiny):
    tiny["mirror"] = np.roll(np.arange(len(tiny["template"])), 1)
    with pytest.raises(ModelError, match="no involution"):
        added.add("tiny", save(tmp_path, tiny))


def test_an_unsymmetric_head_needs_its_mirror(tmp_path, tiny):
    tiny["template"] = tiny["template"] + 0.3 * (tiny["template"] > 2)
    with pytest.raises(ModelError, match="has no mirror"):
        added.add("tiny", save(tmp_path, tiny))


@pytest.mark.parametrize("contents", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_files_that_are_no_npz_are_refused(tmp_path, contents):
    (tmp_path / "head.npz").write_bytes(contents)
    with pytest.raises(ModelError, match=r"is no \.npz of plain arrays"):
        added.add("tiny", tmp_path / "head.npz")


def test_pickles_are_not_opened(tmp_path, tiny):
    tiny["template"] = np.array([object()])
    with pytest.raises(ModelError, match=r"is no \.npz of plain arrays"):
        added.add("tiny", save(tmp_path, tiny))


def test_a_damaged_or_outdated_head_is_told_when_it_is_loaded(tmp_path, tiny):
    added.add("tiny", save(tmp_path, tiny))
    kept = tmp_path / "cache" / "models" / "tiny.npz"
    np.savez(kept, **{**linear_file.read(kept), "made_by": np.array(added.MADE_BY - 1)})
    with pytest.raises(ModelError, match=r"another version of dlm.*--replace"):
        models.load("tiny")
    kept.write_bytes(kept.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"is no \.npz"):
        models.load("tiny")
    assert added.add("tiny", save(tmp_path, tiny), replace=True)


def test_unknown_head_names_those_there_are(tmp_path, tiny):
    added.add("tiny", save(tmp_path, tiny))
    with pytest.raises(ModelError, match="choose one of: makehuman, tiny; or add a clone"):
        models.load("ict")


def test_the_command_adds_a_head_and_says_in_one_line_what_is_wrong(tmp_path, tiny):
    path = str(save(tmp_path, tiny))
    added_now = dlm("model", "add", "tiny", path)
    assert added_now.returncode == 0
    assert added_now.stdout.startswith("tiny added: 1152 vertices, 1 identity modes, topology ")
    assert dlm("model", "add", "tiny", path).stdout.startswith("tiny is there already")
    refused = dlm("model", "add", "ict", str(tmp_path))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"error: {tmp_path}: holds no FaceXModel/generic_neutral_mesh.obj; "
        "give the folder of a clone of github.com/ICT-VGL/ICT-FaceKit\n"
    )
