"""`dlm spec new` and `diff` as a user runs them, and the laws of growing and thinning."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlm.errors import SpecError
from dlm.generator import models
from dlm.generator.layout_authoring import refine, segments
from dlm.generator.layout_making import Picked, from_layout, from_vertices, read_vertices
from dlm.generator.layout_surface import FaceSurface
from dlm.landmark_specs import LandmarkSpec, load
from dlm.landmark_specs.comparing import difference
from dlm.landmark_specs.drafts import from_spec
from tests.cli.shell import dlm


@pytest.fixture(scope="module")
def surface() -> FaceSurface:
    return FaceSurface(models.load("makehuman"))


def vertices(spec: LandmarkSpec) -> set[int]:
    return set(spec.vertices["makehuman"].tolist())


@pytest.mark.parametrize("count", [40, 67, 120, 242, 244, 301])
def test_a_layout_has_exactly_the_points_asked_for(surface: FaceSurface, count: int) -> None:
    base = load("243")
    spec = from_layout("mine", base, surface, count=count)
    assert spec.size == count
    smaller, larger = sorted((spec, base), key=lambda s: s.size)
    assert vertices(smaller) <= vertices(larger)
    mirror = surface.mirror[spec.vertices["makehuman"]]
    np.testing.assert_array_equal(mirror, spec.vertices["makehuman"][spec.mirror])


def test_thinning_keeps_the_68_and_lines_in_order(surface: FaceSurface) -> None:
    spec = from_layout("mine", load("243"), surface, count=150)
    assert spec.ibug68.min() >= 0
    numbers = [spec.names[k] for k in spec.lines["lid_left_upper"].points[1:-1]]
    assert numbers == sorted(numbers)


def test_denser_lids_stay_on_their_own_rim(surface: FaceSurface) -> None:
    spec = from_layout("mine", load("243"), surface, groups={"eye_left": 34})
    base = load("243")
    for lid in ("upper", "lower"):
        stops = base.vertices["makehuman"][base.lines[f"lid_left_{lid}"].points]
        rim = surface.walk(stops.tolist())
        dense = spec.vertices["makehuman"][spec.lines[f"lid_left_{lid}"].points]
        assert len(dense) > len(stops)
        assert np.isin(dense, rim).all()


def test_a_group_brings_its_other_side(surface: FaceSurface) -> None:
    spec = from_layout("mine", load("243"), surface, groups={"eye_left": 12, "lips_inner": None})
    assert {k: len(v) for k, v in spec.groups.items()} == {
        "eye_left": 12, "eye_right": 12, "lips_inner": 26,
    }  # fmt: skip


def test_too_many_points_are_refused(surface: FaceSurface) -> None:
    with pytest.raises(SpecError, match="no room along its lines"):
        from_layout("mine", load("68"), surface, count=2000)


def test_an_unknown_group_is_refused_with_those_there_are(surface: FaceSurface) -> None:
    with pytest.raises(SpecError, match=r"no group or line 'chin'.*jaw"):
        from_layout("mine", load("243"), surface, groups={"chin": None})


def test_picked_vertices_are_completed_across(surface: FaceSurface) -> None:
    picked = [Picked(2228, "nose_tip"), Picked(11274, "eye_left_outer", "eyes")]
    spec = from_vertices("mine", picked, surface, mirror=True)
    assert spec.names == ("nose_tip", "eye_left_outer", "eye_right_outer")
    assert spec.ibug68[[30, 36, 45]].tolist() == [0, 2, 1]
    with pytest.raises(SpecError, match="no vertex across"):
        from_vertices("mine", picked, surface, mirror=False)


@pytest.mark.parametrize("line", ["-3", "nose", "1 2 3 4", "99999999999", "1.5"])
def test_a_line_that_is_no_vertex_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "v.txt"
    file.write_text(f"# mine\n12 a\n{line}\n")
    with pytest.raises(SpecError, match=r"v\.txt:3"):
        read_vertices(file)


def test_a_difference_is_told_and_none_is_none(surface: FaceSurface) -> None:
    base = load("68")
    assert difference(base, base, "makehuman").nothing
    fewer = from_layout("mine", base, surface, groups={"eye_left": None, "nose": None})
    found = difference(base, fewer, "makehuman")
    assert not found.nothing
    assert len(found.removed) + len(found.renamed) + len(found.moved) >= 68 - fewer.size
    assert "jaw" in found.groups


def test_new_writes_a_layout_and_its_picture_and_never_over_one(tmp_path: Path) -> None:
    out = tmp_path / "mine.yaml"
    made = dlm("spec", "new", "mine", "--from", "68", "--count", "60", "-o", str(out))
    assert made.returncode == 0, made.stderr
    assert load(out).size == 60
    assert out.with_suffix(".png").stat().st_size > 10_000
    before = out.read_bytes()
    again = dlm("spec", "new", "mine", "--from", "243", "-o", str(out))
    assert (again.returncode, out.read_bytes()) == (1, before)
    assert "--force" in again.stderr
    assert dlm("spec", "diff", "68", str(out)).returncode == 1


@pytest.mark.parametrize("count", range(3, 34))
def test_a_jaw_of_any_count_can_be_had_and_keeps_its_chin_where_it_is_odd(
    surface: FaceSurface, count: int
) -> None:
    spec = from_layout("mine", load("243"), surface, groups={"jaw": count})
    assert spec.size == count
    assert ("chin" in spec.names) == (count % 2 == 1)


def test_a_line_is_chosen_as_a_group_and_no_line_bridges_what_is_gone(surface: FaceSurface) -> None:
    spec = from_layout("mine", load("490"), surface, groups={"jaw": 13, "cheek_1": 15})
    assert {key: len(points) for key, points in spec.groups.items()} == {"jaw": 13, "cheek_1": 15}
    assert set(spec.lines) == {"jaw", "cheek_1"}  # the hairline ends at the jaw, and is gone
    with pytest.raises(SpecError, match="no group or line 'cheek_99'"):
        from_layout("mine", load("490"), surface, groups={"cheek_99": None})


def test_new_points_take_numbers_that_points_off_the_line_have_not(surface: FaceSurface) -> None:
    draft = from_spec(load("243"))
    short = {
        key: replace(line, points=line.points[:4]) if key.endswith("brow_left_upper")
        or key.endswith("brow_right_upper") else line
        for key, line in draft.lines.items()
    }  # fmt: skip
    draft = replace(draft, lines=short)
    key = next(key for key in short if key.endswith("brow_left_upper"))
    extra = [1 for _ in segments(draft, surface, key)]
    grown = refine(draft, surface, key, extra)
    added = set(grown.names) - set(draft.names)
    assert {f"brow_left_upper_{k}" for k in (10, 11, 12)} <= added
    assert len(added) == 6
    assert set(draft.names) <= set(grown.names)
