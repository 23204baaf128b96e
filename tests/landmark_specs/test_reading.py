"""A layout file is read as it says, or refused in one line that tells where and what to do."""

import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlm.errors import SpecError
from dlm.landmark_specs import available, load, parse
from dlm.landmark_specs.nodes import MAX_BYTES
from dlm.landmark_specs.writing import to_yaml
from tests.landmark_specs.builders import EYES, changed

ALIAS_BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)

# what is wrong, the file, the one line it is answered with
REFUSALS = {
    "nan": (
        changed({"[3]": "[NaN]"}),
        "f.yaml:5:20: found 'NaN' where a vertex index is due; write a whole number",
    ),
    "negative": (
        changed({"[3]": "[-1]"}),
        "f.yaml:5:20: -1 is no index; 0 to 10000000 is allowed",
    ),
    "huge": (
        changed({"[3]": "[99999999999999999999]"}),
        "f.yaml:5:20: 99999999999999999999 is no index; 0 to 10000000 is allowed",
    ),
    "fraction": (
        changed({"[3]": "[3.5]"}),
        "f.yaml:5:20: found '3.5' where a vertex index is due; write a whole number",
    ),
    "quoted number": (
        changed({"[3]": "['3']"}),
        "f.yaml:5:20: found the quoted text '3' where a vertex index is due; write a whole number",
    ),
    "two columns for one head": (
        changed({"[3]": "[3, 4]"}),
        "f.yaml:5:19: 2 vertex indices for 1 head models; write one for each of makehuman",
    ),
    "one vertex twice": (
        changed({"[4]": "[3]"}),
        "f.yaml:6:20: vertex 3 of makehuman is 'eye_left_outer' already; "
        "give each point its own vertex",
    ),
    "duplicate key": (
        changed({"  nose: [5]": "  eye_left_outer: [5]"}),
        "f.yaml:7:3: the key 'eye_left_outer' again, first on line 5; remove or rename one",
    ),
    "unknown point": (
        changed({"nose: [nose]": "nose: [noze]"}),
        "f.yaml:8:58: unknown point 'noze'; did you mean 'nose'?",
    ),
    "unknown group": (
        changed({"contour: [nose]": "contour: [eye]"}),
        "f.yaml:14:11: unknown group 'eye'; did you mean 'eyes'?",
    ),
    "unknown key": (
        changed({"contour:": "contours:"}),
        "f.yaml:14:1: unknown key 'contours'; did you mean 'contour'?",
    ),
    "missing key": (
        changed({"version: 1\n": ""}),
        "f.yaml:1:1: the key 'version' is missing; add 'version: ...'",
    ),
    "point paired twice": (
        changed({"midline: [nose]": "midline: [nose, eye_left_outer]"}),
        "f.yaml:11:70: 'eye_left_outer' has a mirror point already, 'eye_right_outer'; "
        "name each point once, in a pair or on the midline",
    ),
    "point without a pair": (
        changed({"midline: [nose]": "midline: []"}),
        "f.yaml:11:9: 'nose' has no mirror point (1 in all); "
        "name every point in a pair or under midline",
    ),
    "pair of one": (
        changed({"[[eye_left_outer, eye_right_outer]]": "[[eye_left_outer]]"}),
        "f.yaml:11:18: 1 points in a pair; write [left, right]",
    ),
    "pair with itself": (
        changed({"[[eye_left_outer, eye_right_outer]]": "[[nose, nose]]"}),
        "f.yaml:11:18: 'nose' paired with itself; list it under midline",
    ),
    "iBUG number": (
        changed({"36:": "68:"}),
        "f.yaml:12:10: 68 is no number; 0 to 67 is allowed",
    ),
    "topology hash": (
        changed({"3f9c1a": "latest"}),
        "f.yaml:3:23: 'latest' is no topology hash; "
        "copy the 6 to 12 hex digits that `dlm model show` prints",
    ),
    "line through one point": (
        changed({"[eye_right_outer, nose, eye_left_outer], c": "[nose], c"}),
        "f.yaml:10:20: a line through one point; name at least two",
    ),
    "closed": (
        changed({"closed: false": "closed: no"}),
        "f.yaml:10:69: found 'no' where true or false is due; write one of both",
    ),
    "list for a mapping": (
        "[1, 2]",
        "f.yaml:1:1: found a list of 2 where a layout is due; write 'key: value' lines",
    ),
    "alias bomb": (ALIAS_BOMB, "f.yaml:1:4: an anchor, &a; write each value out"),
    "alias": ("a: *b", "f.yaml:1:4: an alias, *b; write the value out"),
    "tag": (
        "a: !!python/object/apply:os.system [x]",
        "f.yaml:1:4: a tag, 'tag:yaml.org,2002:python/object/apply:os.system'; "
        "write the plain value",
    ),
    "deep": ("[" * 10_000, "f.yaml:1:9: nested deeper than 8 levels; flatten it"),
    "second document": (
        EYES + "---\n" + EYES,
        "f.yaml:15:1: a second document; keep one layout a file",
    ),
    "empty": ("", "f.yaml:1:1: the file is empty; start from a file of `dlm spec list`"),
    "list as a key": ("[a, b]: 1", "f.yaml:1:1: a list of 0 as a key; keys are names"),
    "huge file": (
        "#" * (MAX_BYTES + 1),
        "f.yaml:1:1: the file has 1,048,577 bytes; a layout has at most 1,048,576",
    ),
    "not text": (
        "a: \x00",
        "f.yaml:1:1: not valid YAML: control characters are not allowed; "
        "save the file as plain UTF-8 text",
    ),
}


@pytest.mark.parametrize(("text", "line"), REFUSALS.values(), ids=REFUSALS)
def test_a_bad_file_is_answered_with_its_place_and_the_way_out(text: str, line: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse(text, "f.yaml")
    assert str(caught.value) == line


def test_unclosed_bracket_is_placed_where_the_parser_gave_up() -> None:
    with pytest.raises(SpecError, match=r"^f\.yaml:\d+:\d+: not valid YAML: .*; mend the syntax"):
        parse(changed({"[3]": "[3"}), "f.yaml")


def test_a_layout_is_what_its_file_says() -> None:
    spec = parse(EYES, "f.yaml")
    assert spec.names == ("eye_left_outer", "eye_right_outer", "nose")
    assert spec.vertices["makehuman"].tolist() == [3, 4, 5]
    assert spec.mirror.tolist() == [1, 0, 2]
    assert spec.ibug68[[36, 45]].tolist() == [1, 0]
    assert (spec.ibug68 >= 0).sum() == 2
    assert spec.lines["across"].segments.tolist() == [[1, 2], [2, 0]]
    assert spec.normaliser == {"inter_ocular": (1, 0)}
    assert spec.contour == ("nose",)
    assert not spec.vertices["makehuman"].flags.writeable


@pytest.mark.parametrize(
    ("model", "topology", "count", "told"),
    [
        ("ict", "3f9c1a000000", 9, "not bound to the head model 'ict', only to makehuman"),
        ("makehuman", "aaaaaa000000", 9, "was picked on topology 3f9c1a of makehuman"),
        ("makehuman", "3f9c1a000000", 5, "'nose' is vertex 5, but makehuman has 5 vertices"),
    ],
)
def test_another_mesh_is_refused_by_name(model: str, topology: str, count: int, told: str) -> None:
    with pytest.raises(SpecError, match="spec 'eyes'") as caught:
        parse(EYES, "f.yaml").vertex_indices(model, topology, count)
    assert told in str(caught.value)


def test_comments_leave_the_hash_and_a_moved_vertex_changes_it() -> None:
    spec = parse(EYES, "f.yaml")
    assert parse(EYES + "# a remark\n", "g.yaml").hash == spec.hash
    assert parse(changed({"[3]": "[6]"}), "f.yaml").hash != spec.hash
    assert parse(changed({"midline: [nose]": "midline: [nose]  "}), "f.yaml").hash == spec.hash


def test_unknown_layout_names_the_nearest() -> None:
    with pytest.raises(SpecError, match="no layout '24'; did you mean '243'"):
        load("24")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a" * (MAX_BYTES + 1)])
def test_a_file_of_bytes_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(SpecError):
        load(path)


@pytest.mark.parametrize("name", ["missing.yaml", "folder.yaml", "nul\0.yaml"])
def test_an_unreadable_path_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(SpecError, match="cannot read the file"):
        load(tmp_path / name)


@pytest.mark.parametrize("name", available())
def test_shipped_layouts_survive_a_round_trip_through_yaml(name: str) -> None:
    spec = load(name)
    again = parse(to_yaml(spec, "a heading"), "again.yaml")
    assert again.hash == spec.hash
    np.testing.assert_array_equal(again.mirror, spec.mirror)


token = st.one_of(
    st.sampled_from(
        ["[", "]", "{", "}", ": ", ", ", "\n", "  ", "- ", "&a", "*a", "!!x", "'", '"']
    ),
    st.sampled_from(["name", "points", "nose", "nan", "-1", "1e9", "99999999999", "~", "true"]),
    st.text(string.printable + "\x00\ud800é\u2028", max_size=3),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    cut=st.tuples(st.integers(0, len(EYES)), st.integers(0, 40)), patch=st.lists(token, max_size=6)
)
def test_whatever_is_typed_into_a_layout_is_read_or_refused_in_one_line(
    cut: tuple[int, int], patch: list[str]
) -> None:
    start, length = cut
    text = EYES[:start] + "".join(patch) + EYES[start + length :]
    try:
        spec = parse(text, "f.yaml")
    except SpecError as error:
        refusal = error
    else:
        assert (spec.mirror[spec.mirror] == np.arange(spec.size)).all()
        assert parse(to_yaml(spec), "g.yaml").hash == spec.hash
        return
    assert str(refusal).startswith("f.yaml:")
    assert "\n" not in str(refusal)
    assert refusal.way_out
