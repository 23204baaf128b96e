"""Points converted between layouts: round trips, files as users have them, and other people's."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlm.errors import SpecError
from dlm.generator import convert, models
from dlm.generator.convert import Conversion, Faces, sampled_faces
from dlm.generator.models.base import FaceModel
from dlm.landmark_specs import load
from dlm.landmark_specs.foreign import Mesh, read_anchors, read_foreign
from dlm.landmark_specs.point_files import PointFile, read_points, write_points
from tests.cli.shell import dlm

ROOT = Path(__file__).parents[2]
SPEC_68 = load("68")
EYES = tuple(SPEC_68.vertices["makehuman"][[36, 45]].tolist())
MESH = Mesh("makehuman", SPEC_68.topology["makehuman"], 20_000)


@pytest.fixture(scope="module")
def head() -> FaceModel:
    return models.load("makehuman")


@pytest.fixture(scope="module")
def faces(head: FaceModel) -> Faces:
    """300 faces with the points of 243, of which the first 68 in iBUG's order are those of 68."""
    return sampled_faces(head, load("243").vertices["makehuman"], EYES, 300)


def columns(faces: Faces, *parts: np.ndarray) -> Faces:
    return Faces(faces.pixels[:, np.concatenate(parts)], faces.unit, faces.yaw)


def worst(found: np.ndarray, wanted: np.ndarray, faces: Faces) -> float:
    """Return the largest mean error of a point, in inter-ocular distances."""
    error = np.linalg.norm(found - wanted, axis=2) / faces.unit[:, None]
    return float(error.mean(axis=0).max())


def test_a_layout_to_itself_changes_nothing_even_where_no_point_is_taken_over(faces: Faces) -> None:
    nested = load("243").ibug68
    points, vertices = faces.pixels[:, nested], np.arange(68)
    conversion = Conversion(vertices, vertices, columns(faces, nested, nested))
    np.testing.assert_array_equal(conversion(points), points)
    conversion.taken[:] = -1
    assert worst(conversion(points), points, faces) < 0.004


def test_the_points_of_a_denser_layout_give_the_68_back(faces: Faces) -> None:
    nested, all_ = load("243").ibug68, np.arange(243)
    conversion = Conversion(all_, nested, columns(faces, all_, nested))
    np.testing.assert_array_equal(conversion(faces.pixels), faces.pixels[:, nested])
    conversion.taken[:] = -1
    assert worst(conversion(faces.pixels), faces.pixels[:, nested], faces) < 0.004


def test_68_points_tell_where_the_243_are_on_faces_not_seen(head: FaceModel, faces: Faces) -> None:
    nested, all_ = load("243").ibug68, np.arange(243)
    seen, unseen = convert._split(columns(faces, nested, all_), 250)
    conversion = Conversion(nested, all_, seen)
    found = conversion(unseen.pixels[:, :68])
    error = np.linalg.norm(found - unseen.pixels[:, 68:], axis=2) / unseen.unit[:, None]
    assert 0.001 < error.mean() < 0.01
    shuffled = conversion(unseen.pixels[::-1, :68])
    assert np.abs(shuffled - unseen.pixels[:, 68:]).mean() > 5  # the test can fail


@given(
    turn=st.floats(-3.1, 3.1), grow=st.floats(0.1, 20), right=st.floats(-500, 500),
    down=st.floats(-500, 500),
)  # fmt: skip
@settings(max_examples=25)
def test_where_in_the_picture_a_face_is_does_not_matter(
    faces: Faces, turn: float, grow: float, right: float, down: float
) -> None:
    nested, all_ = load("243").ibug68, np.arange(243)
    conversion = Conversion(nested, all_, columns(faces, nested, all_))
    cos, sin = grow * np.cos(turn), grow * np.sin(turn)

    def moved(points: np.ndarray) -> np.ndarray:
        return points @ np.array([[cos, sin], [-sin, cos]]) + [right, down]

    few = faces.pixels[:3, nested]
    np.testing.assert_allclose(conversion(moved(few)), moved(conversion(few)), atol=1e-6 * grow)


def test_points_in_one_place_are_refused(faces: Faces) -> None:
    nested = load("243").ibug68
    conversion = Conversion(nested, nested, columns(faces, nested, nested))
    with pytest.raises(SpecError, match="face 1: all points are in one place"):
        conversion(np.stack([faces.pixels[0, nested], np.full((68, 2), 7.0)]))


@pytest.mark.parametrize("suffix", [".csv", ".npy"])
def test_points_of_many_faces_come_back(tmp_path: Path, suffix: str) -> None:
    points = np.random.default_rng(0).uniform(-5, 500, size=(4, 68, 2)).round(2)
    write_points(points, tmp_path / f"p{suffix}", PointFile(points))
    np.testing.assert_allclose(read_points(tmp_path / f"p{suffix}").points, points, atol=2e-5)
    assert len(list(tmp_path.iterdir())) == 1


def test_pts_files_count_from_one_and_keep_their_number(tmp_path: Path) -> None:
    face = np.array([[[0.0, 10.0], [2.5, -0.5], [7.25, 3.0]]])
    write_points(face, tmp_path / "a.pts", PointFile(face))
    text = (tmp_path / "a.pts").read_text()
    assert text.splitlines() == ["version: 1", "n_points: 3", "{", "1.000 11.000", "3.500 0.500",
                                 "8.250 4.000", "}"]  # fmt: skip
    np.testing.assert_allclose(read_points(tmp_path / "a.pts").points, face)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "_LEARNT_ON", 200)
    monkeypatch.setattr(convert, "_TRIED_ON", 50)


@pytest.mark.usefixtures("quick")
def test_a_folder_of_pts_files_becomes_one_of_the_other_layout(
    faces: Faces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from dlm.cli.spec_convert import convert as command

    (tmp_path / "own").mkdir()
    points = faces.pixels[:3, load("243").ibug68]
    for k, face in enumerate(points):
        write_points(face[None], tmp_path / "own" / f"{k}.pts", PointFile(face[None]))
    command("68", "243", tmp_path / "own", None, None, False, "makehuman", False)
    out = read_points(tmp_path / "own-243")
    assert out.names == ("0.pts", "1.pts", "2.pts")
    assert out.points.shape == (3, 243, 2)
    np.testing.assert_allclose(out.points[:, load("243").ibug68], points, atol=2e-3)
    assert str(tmp_path / "own-243") in capsys.readouterr().out
    with pytest.raises(SpecError, match="the file exists"):
        command("68", "243", tmp_path / "own", None, None, False, "makehuman", False)


@pytest.mark.usefixtures("quick")
def test_points_of_a_detector_are_converted_by_its_mapping_file(
    head: FaceModel, faces: Faces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from dlm.cli.spec_convert import convert as command

    file, spec = ROOT / "docs/mediapipe478.yaml", load("68")
    mesh = Mesh(head.name, head.topology.hash, head.topology.vertex_count)
    known = read_foreign(file, spec, mesh)
    at = {int(v): k for k, v in enumerate(load("243").vertices["makehuman"])}
    mesh478 = np.random.default_rng(0).uniform(0, 256, size=(5, known.size, 2))
    mesh478[:, known.indices] = faces.pixels[:5, [at[int(v)] for v in known.vertices]]
    np.save(tmp_path / "m.npy", mesh478)
    command("68", "68", tmp_path / "m.npy", file, tmp_path / "x.csv", False, "makehuman", True)
    found = read_points(tmp_path / "x.csv").points
    wanted = faces.pixels[:5, load("243").ibug68]
    few = Faces(faces.pixels[:5], faces.unit[:5], faces.yaw[:5])
    assert worst(found[:, 36:], wanted[:, 36:], few) < 0.001  # eyes and lips are the same points
    assert worst(found, wanted, few) < 0.2  # the jaw is a guess
    assert '"source": "mediapipe478"' in capsys.readouterr().out


BAD_POINTS = {
    "a.pts": ("n_points: 3\n{\n1 2\n3 x\n}\n", r"a\.pts:4:3: 'x' is no number"),
    "b.pts": ("n_points: 3\n{\n1 2\n3 4\n}\n", "2 points where n_points tells 3"),
    "c.pts": ("1 2\n", r"c\.pts:1:1: no points in braces"),
    "d.pts": ("{\n1 2 3\n}\n", r"d\.pts:2:1: 3 numbers where 2 are due"),
    "e.pts": ("{\n1 nan\n}\n", "point 0: y is nan"),
    "f.csv": ("x,y\n1,2\n1,\n", r"f\.csv:3:3: '' is no number"),
    "g.csv": ("1,2,3\n", "3 numbers, not pairs"),
    "h.csv": ("", r"h\.csv:1:1: no faces"),
    "i.npy": ("text", "cannot read the points"),
    "j.txt": ("1 2", "points are not kept in .txt"),
}


@pytest.mark.parametrize("name", BAD_POINTS)
def test_a_bad_file_of_points_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    text, told = BAD_POINTS[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(SpecError, match=told) as caught:
        read_points(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros((2, 3, 4)), "an array of shape"),
        (np.array(["a"]), "no array of numbers"),
        (np.array([{}], dtype=object), "cannot read the points"),
        (np.full((1, 5, 2), np.inf), "face 0, point 0: x is inf"),
        (np.full((1, 5, 2), 1e20), "x is 1e"),
        (np.zeros((0, 5, 2)), "no points in the file"),
    ],
)
def test_a_bad_array_of_points_is_told_in_one_line(
    tmp_path: Path, array: np.ndarray, told: str
) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(SpecError, match=told):
        read_points(tmp_path / "a.npy")


GOOD = "name: d98\nsize: 98\npoints:\n  54: nose_tip\n  60: eye_right_outer\n  16: 4021\n"
TOPOLOGY = f"topology: {{makehuman: {MESH.topology}}}\n"
BAD_MAPPINGS = {
    GOOD: r"m\.yaml:1:1: vertices are named, but not on which mesh",
    GOOD.replace("nose_tip", "nose_tp") + TOPOLOGY: r":4:7: unknown point 'nose_tp'; did you mean",
    GOOD.replace("54:", "98:") + TOPOLOGY: r":4:3: 98 is no index; 0 to 97",
    GOOD.replace("54:", "x:") + TOPOLOGY: r":4:3: found 'x' where an index is due",
    GOOD.replace("4021", "20000") + TOPOLOGY: r":6:7: makehuman has no vertex 20000",
    GOOD.replace("4021", "-1") + TOPOLOGY: r":6:7: -1 is no index",
    GOOD.replace("eye_right_outer", "nose_tip") + TOPOLOGY: r":5:7: this is 54 already",
    GOOD + "topology: {makehuman: abcdef}\n": r":7:11: picked on topology abcdef",
    GOOD + "topology: {ict: abcdef}\n": r":7:11: not of the head 'makehuman'",
    GOOD + "sise: 3\n" + TOPOLOGY: r":7:1: unknown key 'sise'; did you mean 'size'",
    GOOD.replace("54:", "60:") + TOPOLOGY: r":5:3: the key '60' again",
    "name: a\nsize: 3\npoints: {}\n": r":3:9: no points",
    "[": "not valid YAML",
}  # fmt: skip


@pytest.mark.parametrize("text", BAD_MAPPINGS)
def test_a_bad_mapping_file_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.yaml").write_text(text)
    with pytest.raises(SpecError, match=BAD_MAPPINGS[text]):
        read_foreign(tmp_path / "m.yaml", load("68"), MESH)


words = st.sampled_from(
    ["name: d", "size: 98", "points:", "topology:", " 54: nose_tip", "  a: 1", "{", "[", "&a", "*a",
     "!!int 3", "-1", "1e400", "NaN", "\x00", "\t", "...", "---", ": ", "? x", "9" * 40]
)  # fmt: skip
texts = st.one_of(st.text(max_size=80), st.lists(words, max_size=8).map("\n".join))


def refusal(read: Callable[[], object]) -> str:
    """Return what a SpecError tells, '' where there is none; anything else is a bug."""
    try:
        read()
    except SpecError as error:
        return str(error)
    return ""


@given(text=texts)
def test_any_text_is_a_mapping_an_anchors_file_or_a_spec_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    for read in (
        lambda: read_foreign(path, SPEC_68, MESH),
        lambda: read_anchors(path, SPEC_68.names, MESH),
    ):
        told = refusal(read)
        assert re.match(rf"({re.escape(str(path))}:\d+:\d+: .+; .+)?$", told), told


NPY = b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 2), }"
bytes_ = st.one_of(st.binary(max_size=60), st.binary(max_size=40).map(lambda tail: NPY + tail),
                   texts.map(lambda text: text.encode("utf-8", "surrogatepass")))  # fmt: skip


@given(data=bytes_, suffix=st.sampled_from([".pts", ".csv", ".npy"]))
def test_any_bytes_are_points_or_a_spec_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzz{suffix}"
    path.write_bytes(data)
    told = refusal(lambda: read_points(path))
    assert re.match(rf"({re.escape(str(path))}(:\d+:\d+)?: .+; .+)?$", told), told
    if not told:
        points = read_points(path).points
        assert points.ndim == 3
        assert np.isfinite(points).all()


def test_what_cannot_be_converted_is_told_before_any_work(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2, 5, 2)))
    done = dlm("spec", "convert", "68", "243", "--points", "a.npy", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "error: a.npy: 5 points a face, 68 has 68; name the layout that they are of\n"
    )
    done = dlm("spec", "convert", "68", "243", "--points", "no.npy", cwd=tmp_path)
    assert done.stderr == (
        "error: no.npy: cannot read the points: No such file or directory; check the path\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]
