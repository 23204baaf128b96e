"""A layout carried to a head of one's own, where a file says what eyes, nose and lips are."""

from pathlib import Path

import numpy as np
import pytest

from dlm.errors import SpecError
from dlm.generator import models
from dlm.generator.layout_anchors import anchors_of
from dlm.generator.layout_surface import FaceSurface
from dlm.generator.layout_warp import ANCHORS
from dlm.generator.models.base import Float32
from dlm.landmark_specs import load
from tests.cli.shell import dlm


class Own:
    """The makehuman head, wider and longer, as a head that no layout knows."""

    def __init__(self) -> None:
        self.head = models.load("makehuman")
        self.name = "mine"
        self.template = self.head.template * np.float32([1.1, 1.06, 1.04])

    def __getattr__(self, name: str) -> object:
        return getattr(self.head, name)

    def vertices(self, *numbers: Float32) -> Float32:
        return self.head.vertices(*numbers) * np.float32([1.1, 1.06, 1.04])


@pytest.fixture(scope="module")
def surfaces() -> tuple[FaceSurface, FaceSurface]:
    own = FaceSurface(Own())  # type: ignore[arg-type]
    return FaceSurface(models.load("makehuman")), own


def anchors_text(names: set[str], hash_: str) -> str:
    spec = load("68")
    rows = [
        f"  {name}: {vertex}\n"
        for name, vertex in zip(spec.names, spec.vertices["makehuman"], strict=True)
        if name in names
    ]
    return f"topology: {{mine: {hash_}}}\npoints:\n" + "".join(rows)


def left_half() -> set[str]:
    """Return the names of the anchors that a user must tell: the left side and the midline."""
    spec = load("68")
    needed = {spec.names[spec.ibug68[k]] for k in ANCHORS}
    return {name for name in needed if "right" not in name}


def test_one_side_of_the_anchors_is_enough(
    surfaces: tuple[FaceSurface, FaceSurface], tmp_path: Path
) -> None:
    source, own = surfaces
    file, spec = tmp_path / "anchors.yaml", load("68")
    file.write_text(anchors_text(left_half() | {"chin"}, own.model.topology.hash))
    landmarks, known = anchors_of(file, spec, source, own)
    numbers = list(ANCHORS)
    np.testing.assert_array_equal(landmarks[numbers], spec.vertices["makehuman"][numbers])
    assert set(known) == set(known.values()) == {*landmarks[numbers].tolist(), int(landmarks[8])}


@pytest.mark.slow
def test_one_side_of_the_anchors_carries_a_layout_to_the_same_anatomy(
    surfaces: tuple[FaceSurface, FaceSurface], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from dlm.cli.spec_carry import transfer

    _, own = surfaces
    monkeypatch.setitem(models._MODELS, "mine", own.model)
    monkeypatch.setattr(models, "names", lambda: ["makehuman", "mine"])
    file, out = tmp_path / "anchors.yaml", tmp_path / "mine.yaml"
    file.write_text(anchors_text(left_half(), own.model.topology.hash))
    transfer("243", "mine", "makehuman", file, out, False)
    spec = load(out)
    there = own.vertices[spec.vertices["mine"]]
    off = np.linalg.norm(there - own.vertices[spec.vertices["makehuman"]], axis=1) * 1000
    assert np.median(off) < 0.5
    assert off[spec.ibug68[list(ANCHORS)]].max() == 0  # where the file says, they stand
    assert "on mine:" in capsys.readouterr().out


def test_anchors_that_are_missing_are_named(
    surfaces: tuple[FaceSurface, FaceSurface], tmp_path: Path
) -> None:
    file = tmp_path / "anchors.yaml"
    names = left_half() - {"nose_tip", "eye_left_outer"}
    file.write_text(anchors_text(names, surfaces[1].model.topology.hash))
    with pytest.raises(SpecError, match="without nose_tip, eye_right_outer, eye_left_outer; add"):
        anchors_of(file, load("68"), *surfaces)


def test_a_lid_that_is_not_on_one_skin_is_told(
    surfaces: tuple[FaceSurface, FaceSurface], tmp_path: Path
) -> None:
    from dlm.generator.layout_transfer import transfer

    file = tmp_path / "anchors.yaml"
    eye = int(surfaces[1].model.topology.part_vertices("tongue")[0])
    text = anchors_text(left_half() - {"lid_left_upper_01"}, surfaces[1].model.topology.hash)
    file.write_text(text + f"  lid_left_upper_01: {eye}\n")
    landmarks, known = anchors_of(file, load("68"), *surfaces)
    with pytest.raises(SpecError, match="no way along the skin"):
        transfer(load("68"), *surfaces, known, landmarks)


def test_a_head_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    done = dlm("spec", "transfer", "68", "--to", "mine", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: --model: unknown head model 'mine'")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
