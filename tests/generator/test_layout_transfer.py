"""A layout carried to another head stands on the same anatomy, on its own lid and its own lip."""

from dataclasses import replace

import numpy as np
import pytest

from dlm.errors import SpecError
from dlm.generator import models
from dlm.generator.layout_sheets import posed
from dlm.generator.layout_surface import FaceSurface
from dlm.generator.layout_transfer import transfer
from dlm.generator.models.base import FaceModel
from dlm.landmark_specs import LandmarkSpec, load


class Stretched:
    """The makehuman head under another name, wider and longer: only the shape differs."""

    def __init__(self, head: FaceModel) -> None:
        self.name, self.licence, self.identity_size = "makehuman", head.licence, head.identity_size
        self.topology, self.regions = head.topology, head.regions
        self.template = (head.template * [1.1, 1.06, 1.04]).astype(np.float32)


@pytest.fixture(scope="module")
def surface() -> FaceSurface:
    return FaceSurface(models.load("makehuman"))


def only(name: str) -> LandmarkSpec:
    spec = load(name)
    return replace(
        spec, vertices={"makehuman": spec.vertices["makehuman"]},
        topology={"makehuman": spec.topology["makehuman"]},
    )  # fmt: skip


def test_a_head_that_is_only_stretched_gets_the_same_anatomy(surface: FaceSurface) -> None:
    spec = only("243")
    stretched = FaceSurface(Stretched(surface.model))  # type: ignore[arg-type]
    carried = transfer(spec, surface, stretched)
    there = stretched.vertices[carried.vertices]
    wanted = stretched.vertices[spec.vertices["makehuman"]]
    off = np.linalg.norm(there - wanted, axis=1) * 1000
    assert np.unique(carried.vertices).size == spec.size
    assert np.median(off) < 0.5
    assert off.max() < 6
    for rim in ("lid_left_upper", "lid_left_lower", "lip_inner_upper", "lip_inner_lower"):
        points = spec.lines[rim].points
        assert off[points].max() < 1.5, rim


def test_no_point_changes_the_lid_where_lids_all_but_touch(surface: FaceSurface) -> None:
    spec, drowsy = only("243"), Stretched(surface.model)
    shut = posed(surface.model, {"eyeBlinkLeft": 0.95, "eyeBlinkRight": 0.95})
    drowsy.template = (shut * [1.1, 1.06, 1.04]).astype(np.float32)
    carried = transfer(spec, surface, FaceSurface(drowsy))  # type: ignore[arg-type]
    for upper in ("lid_left_upper", "lid_right_upper"):
        other = upper.replace("upper", "lower")
        for line, across in ((upper, other), (other, upper)):
            away = np.isin(
                carried.vertices[spec.lines[line].points[1:-1]],
                surface.walk(spec.vertices["makehuman"][spec.lines[across].points].tolist()),
            )
            assert not away.any(), line


def test_both_sides_are_alike(surface: FaceSurface) -> None:
    spec = only("68")
    carried = transfer(spec, surface, surface)
    np.testing.assert_array_equal(surface.mirror[carried.vertices], carried.vertices[spec.mirror])
    assert (carried.residual >= 0).all()


def test_a_head_without_the_68_is_refused(surface: FaceSurface) -> None:
    unknown = Stretched(surface.model)
    unknown.name = "mine"
    with pytest.raises(SpecError, match="has no column in layout 68"):
        transfer(only("68"), surface, FaceSurface(unknown))  # type: ignore[arg-type]


def test_a_line_follows_points_that_are_settled_already(surface: FaceSurface) -> None:
    spec = only("243")
    vertex = dict(zip(spec.names, spec.vertices["makehuman"].tolist(), strict=True))
    inwards = np.array([-0.01, 0.01, 0.01])
    known = {}
    for name in ("jaw_left_06", "jaw_left_10"):
        place = surface.vertices[vertex[name]] + inwards
        known[vertex[name]] = int(
            surface.outside[
                np.linalg.norm(surface.vertices[surface.outside] - place, axis=1).argmin()
            ]
        )
    carried = transfer(spec, surface, surface, known).vertices
    shift = surface.vertices[carried] - surface.vertices[spec.vertices["makehuman"]]
    between, far = (spec.names.index(name) for name in ("jaw_left_08", "chin"))
    assert shift[between] @ inwards > 0.5 * inwards @ inwards
    assert np.linalg.norm(shift[far]) < 0.003
