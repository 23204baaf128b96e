"""What the page edits, without a browser."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dlm.cli.design import faces
from dlm.cli.design.controls_order import moved
from dlm.cli.design.faces import Face
from dlm.cli.design.picking import Ray
from dlm.cli.design.preview import SIZE, view_of
from dlm.cli.design.session import Pen, Session, begin, surface_of
from dlm.errors import SpecError
from dlm.generator import models
from dlm.generator.models.base import ARKIT_UNITS, FaceModel
from dlm.landmark_specs import drafts, editing, load

ABOVE = np.array([0.0, 0.0, 1.0])


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return models.load("makehuman")


@pytest.fixture
def session(model: FaceModel, tmp_path: Path) -> Session:
    draft = editing.empty("own", surface_of(model))
    start, stop = model.topology.parts["skin"]
    return Session(model, model.topology.triangles[start:stop], draft, tmp_path / "own.yaml")


def at(model: FaceModel, x: float, y: float) -> Ray:
    return Ray(np.array([x, y, 1.0]), -ABOVE)


def test_a_click_adds_both_sides_and_a_second_one_takes_them_back(
    model: FaceModel, session: Session
) -> None:
    ray = at(model, 0.03, -0.05)
    assert "cheek_left_01 and cheek_right_01" in session.toggle(
        ray, model.template, Pen(group="cheek")
    )
    assert len(session.draft.points) == 2
    assert "removed" in session.toggle(ray, model.template, Pen())
    assert session.draft.points == ()


def test_the_same_click_is_the_same_vertex_on_a_speaking_face(
    model: FaceModel, session: Session
) -> None:
    face = faces.posed(model, Face(person=3, expression={"jawOpen": 0.6}))
    session.toggle(at(model, 0.03, -0.05), face, Pen())
    place = face[session.draft.vertices("makehuman")[0]]
    assert np.abs(place[:2] - [0.03, -0.05]).max() < 0.006


def test_choosing_a_point_and_letting_it_go(model: FaceModel, session: Session) -> None:
    ray = at(model, 0.03, -0.05)
    session.toggle(ray, model.template, Pen())
    (place,) = model.template[session.draft.vertices("makehuman")[:1]]
    on_it = at(model, float(place[0]), float(place[1]))
    session.choose(on_it, model.template, Pen())
    assert session.chosen == ("point_left_01",)
    session.choose(on_it, model.template, Pen())
    assert session.chosen == ()
    session.choose(on_it, model.template, Pen())
    session.undo()
    assert session.chosen == ()  # it is gone


def test_what_is_saved_is_read_back(model: FaceModel, session: Session, tmp_path: Path) -> None:
    session.edit(drafts.from_spec(load("68"), name="own"))
    assert session.unsaved
    session.match(1.0)
    path = tmp_path / "own.yaml"
    session.save(path, replace=False)
    assert not session.unsaved
    again = load(path)
    assert again.names == load("68").names
    assert (again.ibug68 == load("68").ibug68).all()
    with pytest.raises(SpecError, match="the file exists"):
        session.save(path, replace=False)


def test_work_that_was_not_saved_is_kept_under_a_free_name(
    model: FaceModel, session: Session
) -> None:
    session.edit(drafts.from_spec(load("68"), name="own"))
    first, second = session.keep(), session.keep()
    assert first is not None
    assert second is not None
    assert first != second
    assert load(first).size == 68


def test_an_unfinished_layout_is_not_saved(
    model: FaceModel, session: Session, tmp_path: Path
) -> None:
    session.toggle(at(model, 0.03, -0.05), model.template, Pen(mirrored=False))
    with pytest.raises(SpecError, match="the other side is no point"):
        session.save(tmp_path / "own.yaml", replace=False)
    assert session.keep() is None
    assert list(tmp_path.iterdir()) == []


def test_what_the_page_starts_with(
    model: FaceModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    draft, path = begin("68", model)
    assert (draft.name, str(path), len(draft.points)) == ("my_68", "my_68.yaml", 68)
    assert begin("lips", model)[0].points == ()
    assert begin(None, model)[1] == Path("my_layout.yaml")
    Path("mine.yaml").write_text(load("68").text)
    assert len(begin("mine.yaml", model)[0].points) == 68
    with pytest.raises(SpecError, match="is no name"):
        begin("a b", model)
    Path("broken.yaml").write_text("name: [")
    with pytest.raises(SpecError, match=r"broken\.yaml:2"):
        begin("broken.yaml", model)


def test_every_slider_is_a_unit_in_exactly_one_folder() -> None:
    units = [unit for area in faces.AREAS for unit in faces.units_of(area)]
    assert sorted(units) == sorted(ARKIT_UNITS)
    assert all(set(preset) <= set(ARKIT_UNITS) for preset in faces.PRESETS.values())


def test_the_preview_is_seen_from_where_one_looks(model: FaceModel) -> None:
    assert view_of(np.array([0.0, -0.038, 1.0])) == pytest.approx((0.0, 0.0), abs=1e-6)
    yaw, pitch = view_of(np.array([0.5, 0.3, 0.5]))  # from the subject's left, and above
    assert yaw < 0  # shows the left side: the head turns to its right
    assert pitch < 0


DRAW = """
import sys
import numpy as np
from dlm.cli.design import faces
from dlm.cli.design.preview import Preview
from dlm.generator import models
from dlm.landmark_specs import load

model = models.load("makehuman")
preview, face = Preview(model), faces.Face(person=2, expression=faces.PRESETS["smile"])
vertices = faces.posed(model, face)
specs = (None, load("68"))
np.save(sys.argv[1], [preview.draw(face, vertices, (0.4, 0.0), spec) for spec in specs])
"""


def test_the_preview_shows_face_and_points(tmp_path: Path) -> None:
    # In a process of its own: one process draws at one size, for life.
    words = [sys.executable, "-P", "-c", DRAW, str(tmp_path / "drawn.npy")]
    subprocess.run(words, check=True, capture_output=True, text=True)
    bare, dotted = np.load(tmp_path / "drawn.npy").astype(int)
    assert bare.shape == (SIZE, SIZE, 3)
    assert bare.std() > 10
    changed = (np.abs(bare - dotted).max(axis=2) > 40).sum()
    assert 300 < changed < 10_000


def test_a_dragged_row_takes_its_index_and_the_chosen_ones_with_it(
    model: FaceModel, tmp_path: Path
) -> None:
    draft, _ = begin("68", model)
    session = Session(model, model.topology.triangles, draft, tmp_path / "own.yaml")
    names = session.draft.names
    assert moved(session, 2, 7) == f"{names[2]} moved to index 7"
    assert session.draft.names[7] == names[2]
    session.undo()
    session.chosen = (names[5], names[60])
    assert moved(session, 60, 0) == "2 chosen points moved to index 0"
    assert session.draft.names[:3] == (names[5], names[60], names[0])
    with pytest.raises(SpecError, match="no point 68; "):
        moved(session, 68, 0)
