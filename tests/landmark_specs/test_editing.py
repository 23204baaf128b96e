"""A draft layout: what edits promise, and that what is saved is a layout."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlm.errors import SpecError
from dlm.landmark_specs import drafts, editing, load, parse, saving
from dlm.landmark_specs.drafts import Draft, History
from dlm.landmark_specs.editing import Surface
from dlm.landmark_specs.writing import to_yaml

N = 20  # vertices: 0 to 9 on the left, 10 to 19 across from them, but 8 and 9 on the midline
MIRROR = np.array([*range(10, 18), 8, 9, *range(8), 18, 19], dtype=np.int32)


@pytest.fixture(scope="module")
def surface() -> Surface:
    vertices = np.zeros((N, 3), dtype=np.float32)
    vertices[:8, 0], vertices[10:18, 0] = 0.01 * np.arange(1, 9), -0.01 * np.arange(1, 9)
    vertices[:, 1] = 0.01 * (np.arange(N) % 10)
    return Surface(model="toy", topology="abcdef", vertices=vertices, mirror=MIRROR)


@pytest.fixture
def draft(surface: Surface) -> Draft:
    """A chin and two pairs, clicked from the chin to the left: a jaw line in two groups."""
    made = editing.empty("toy", surface)
    for vertex in (8, 0, 1):
        made = editing.add(made, surface, vertex, group="jaw_left", line="jaw", mirrored=True)
    return made


def test_a_mirrored_pick_makes_both_points_with_one_number(draft: Draft) -> None:
    assert draft.names == ("jaw_01", "jaw_left_01", "jaw_right_01", "jaw_left_02", "jaw_right_02")
    assert draft.vertices("toy").tolist() == [8, 0, 10, 1, 11]
    assert draft.mirror["jaw_left_02"] == "jaw_right_02"
    assert draft.mirror["jaw_01"] == "jaw_01"


def test_a_line_without_a_side_grows_at_both_ends(draft: Draft) -> None:
    expected = ("jaw_right_02", "jaw_right_01", "jaw_01", "jaw_left_01", "jaw_left_02")
    assert draft.lines["jaw"].points == expected


def test_a_group_with_a_side_takes_the_points_of_that_side(draft: Draft) -> None:
    assert draft.groups["jaw_right"] == ("jaw_right_01", "jaw_right_02")
    assert draft.groups["jaw_left"] == ("jaw_01", "jaw_left_01", "jaw_left_02")


def test_a_line_with_a_side_has_a_twin_in_the_same_order(surface: Surface) -> None:
    draft = editing.empty("toy", surface)
    for vertex in (12, 3, 4):  # the first is clicked on the right
        draft = editing.add(
            draft, surface, vertex, group="", line="brow_left_upper", mirrored=True
        )  # fmt: skip
    names = tuple(f"brow_left_upper_{k:02d}" for k in (1, 2, 3))
    assert draft.lines["brow_left_upper"].points == names
    twin = draft.lines["brow_right_upper"].points
    assert twin == tuple(editing.other_side(name) for name in names)


def test_a_vertex_is_one_point(draft: Draft, surface: Surface) -> None:
    with pytest.raises(SpecError, match="vertex 10 is 'jaw_right_01' already"):
        editing.add(draft, surface, 10, group="", mirrored=False)


def test_removing_a_point_takes_its_twin_and_every_mention(draft: Draft) -> None:
    draft = editing.join_group(draft, "only", ["jaw_left_02"], mirrored=False)
    left = editing.remove(draft, ["jaw_left_02"], mirrored=True)
    assert left.names == ("jaw_01", "jaw_left_01", "jaw_right_01")
    assert left.lines["jaw"].points == ("jaw_right_01", "jaw_01", "jaw_left_01")
    assert "only" not in left.groups
    assert "jaw_right_02" not in str(left)


def test_a_point_without_its_other_side_is_a_problem_that_complete_solves(
    surface: Surface,
) -> None:
    draft = editing.empty("toy", surface)
    for vertex in (0, 1):
        draft = editing.add(
            draft, surface, vertex, group="eye_left", line="lid_left", mirrored=False
        )  # fmt: skip
    assert draft.unpaired == ("lid_left_01", "lid_left_02")
    with pytest.raises(SpecError, match="the other side is no point"):
        drafts.to_spec(draft)
    whole = editing.complete(draft, surface)
    assert whole.groups["eye_right"] == ("lid_right_01", "lid_right_02")
    assert whole.lines["lid_right"].points == ("lid_right_01", "lid_right_02")
    assert drafts.to_spec(whole).mirror.tolist() == [2, 3, 0, 1]


def test_adding_the_other_side_by_hand_pairs_the_two(surface: Surface) -> None:
    draft = editing.empty("toy", surface)
    for vertex in (0, 10):
        draft = editing.add(draft, surface, vertex, group="", mirrored=False)
    assert draft.unpaired == ()


def test_renaming_a_point_renames_it_everywhere_and_its_twin(draft: Draft) -> None:
    renamed = editing.rename(draft, "jaw_left_02", "ear_left", mirrored=True)
    assert renamed.lines["jaw"].points[0] == "ear_right"
    assert renamed.mirror["ear_left"] == "ear_right"
    assert renamed.vertices("toy").tolist() == draft.vertices("toy").tolist()


@pytest.mark.parametrize(("new", "found"), [("jaw_01", "a point already"), ("a b", "no name")])
def test_a_name_is_refused(draft: Draft, new: str, found: str) -> None:
    with pytest.raises(SpecError, match=found):
        editing.rename(draft, "jaw_left_02", new, mirrored=True)


def test_moving_points_changes_the_order_and_nothing_else(draft: Draft) -> None:
    moved = editing.move(draft, {"jaw_left_02", "jaw_right_02"}, 0)
    assert moved.names[:3] == ("jaw_left_02", "jaw_right_02", "jaw_01")
    assert moved.lines == draft.lines
    assert sorted(moved.names) == sorted(draft.names)


def test_a_drawn_line_replaces_the_old_one_and_its_twin(draft: Draft) -> None:
    drawn = editing.draw_line(draft, "x_left", ["jaw_left_01", "jaw_left_02"], mirrored=True)
    assert drawn.lines["x_right"].points == ("jaw_right_01", "jaw_right_02")
    closed = editing.close_line(drawn, "x_left", True, mirrored=True)
    assert closed.lines["x_right"].closed
    assert "x_right" not in editing.delete_line(closed, "x_left", mirrored=True).lines


def test_leaving_and_deleting_groups(draft: Draft) -> None:
    left = editing.leave_group(draft, "jaw_left", ["jaw_left_01"], mirrored=True)
    assert left.groups["jaw_right"] == ("jaw_right_02",)
    assert editing.delete_group(draft, "jaw_left", mirrored=True).groups == {}


def test_a_line_through_one_point_is_a_problem(surface: Surface) -> None:
    draft = editing.add(editing.empty("t", surface), surface, 8, group="", line="l", mirrored=True)
    assert drafts.problems(draft) == [
        "line 'l' goes through one point: add another, or delete the line"
    ]


@pytest.mark.parametrize("name", ["68", "243"])
def test_a_shipped_layout_comes_back_as_it_was(name: str) -> None:
    spec = load(name)
    assert drafts.to_spec(drafts.from_spec(spec)).hash == spec.hash


def test_a_layout_matches_itself_with_ibug(surface: Surface) -> None:
    spec = load("68")
    rng = np.random.default_rng(0)
    head = Surface(
        model="makehuman",
        topology=spec.topology["makehuman"],
        vertices=rng.normal(size=(30_000, 3)).astype(np.float32),
        mirror=np.arange(30_000, dtype=np.int32),
    )
    bare = replace(drafts.from_spec(spec), ibug68={}, normaliser={})
    matched = editing.match_ibug68(bare, head, spec, within=0.001)
    assert drafts.to_spec(matched).hash == spec.hash
    fewer = editing.remove(bare, ["chin"], mirrored=False)
    assert 8 not in editing.match_ibug68(fewer, head, spec, within=0.001).ibug68


def test_columns_of_other_heads_stay_until_a_point_lacks_them(
    draft: Draft, surface: Surface
) -> None:
    text = to_yaml(drafts.to_spec(draft)).replace("abcdef}", "abcdef, other: fedcba}")
    text = "".join(
        f"{line[: line.index(']')]}, {k + 50}]\n" if "[    " in line else f"{line}\n"
        for k, line in enumerate(text.splitlines())
    )
    two = drafts.from_spec(parse(text, "two.yaml"))
    assert set(drafts.to_spec(editing.remove(two, ["jaw_01"], mirrored=True)).vertices) == {
        "toy",
        "other",
    }
    grown = editing.add(two, surface, 5, group="", mirrored=True)
    assert set(drafts.to_spec(grown).vertices) == {"toy"}


actions = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "move", "complete", "line", "group", "undo", "redo"]),
        st.integers(0, N - 1),
        st.booleans(),
    ),
    max_size=30,
)


@given(actions=actions)
def test_whatever_is_done_a_draft_holds_together(
    actions: list[tuple[str, int, bool]], surface: Surface
) -> None:
    history = History(now=editing.empty("toy", surface))
    for action, number, mirrored in actions:
        with suppress(SpecError):
            history = act(history, surface, action, number, mirrored)
    draft = history.now
    names = set(draft.names)
    assert len(names) == len(draft.points) == len(set(draft.vertices("toy").tolist()))
    assert names >= set().union(*draft.groups.values(), *(x.points for x in draft.lines.values()))
    assert all(draft.mirror[twin] == name for name, twin in draft.mirror.items())
    if not drafts.problems(draft):
        again = drafts.from_spec(drafts.to_spec(draft))
        assert again.points == draft.points
        assert again.lines == draft.lines
    whole = History(now=draft, past=history.past)
    for _ in range(len(actions)):
        whole = whole.undo()
    assert whole.now == editing.empty("toy", surface)


def act(history: History, surface: Surface, action: str, number: int, mirrored: bool) -> History:
    draft = history.now
    some = [draft.names[number % len(draft.points)]] if draft.points else []
    if action == "undo":
        return history.undo()
    if action == "redo":
        return history.redo()
    if action == "add":
        line = ("", "a", "b_left")[number % 3]
        return history.do(
            editing.add(draft, surface, number, group="g_left", line=line, mirrored=mirrored)
        )
    if action == "remove":
        return history.do(editing.remove(draft, some, mirrored=mirrored))
    if action == "move":
        return history.do(editing.move(draft, some, number))
    if action == "line":
        return history.do(editing.draw_line(draft, "c_right", some, mirrored=False))
    if action == "group":
        return history.do(editing.join_group(draft, "h_left", some, mirrored=mirrored))
    return history.do(editing.complete(draft, surface))


def test_undo_and_redo_go_through_every_state(draft: Draft, surface: Surface) -> None:
    start = History(now=draft)
    one = start.do(editing.remove(draft, ["jaw_01"], mirrored=False))
    two = one.do(editing.empty("toy", surface))
    assert two.undo().now == one.now
    assert two.undo().undo().now == draft
    assert two.undo().undo().redo().redo() == two
    assert two.undo().do(draft).redo().now == draft  # a new edit forgets what was taken back
    assert start.do(draft) is start


def test_saving_never_writes_over_a_file_unasked(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    saving.save("one", path)
    with pytest.raises(SpecError, match="the file exists"):
        saving.save("two", path)
    assert path.read_text() == "one"
    saving.save("two", path, replace=True)
    assert path.read_text() == "two"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("own.txt", "ends in .yaml"),
        ("none/own.yaml", "No such file"),
        ("x" * 300 + ".yaml", "too long"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_in_one_line(
    tmp_path: Path, path: str, found: str
) -> None:
    with pytest.raises(SpecError, match=found):
        saving.save("one", tmp_path / path)
    assert list(tmp_path.iterdir()) == []
