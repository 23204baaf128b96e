"""Each rule of `dlm spec check` finds the fault it is for."""

from dataclasses import replace

import numpy as np
import pytest

from dlm.generator import models
from dlm.generator.layout_geometry import layout_geometry
from dlm.generator.models.base import FaceModel
from dlm.landmark_specs import LandmarkSpec, Line, load
from dlm.landmark_specs.checks import Verdict, check
from dlm.landmark_specs.spec import Int32

SPEC = load("243")


@pytest.fixture(scope="module")
def head() -> FaceModel:
    return models.load("makehuman")


def failures(spec: LandmarkSpec, indices: Int32, head: FaceModel) -> dict[str, Verdict]:
    verdicts = check(spec, indices, layout_geometry(head, indices, 40))
    return {v.rule: v for v in verdicts if not v.passed}


def moved(point: str, vertex: int) -> Int32:
    indices = SPEC.vertices["makehuman"].copy()
    indices[SPEC.names.index(point)] = vertex
    return indices


def vertex_of(point: str) -> int:
    return int(SPEC.vertices["makehuman"][SPEC.names.index(point)])


@pytest.mark.parametrize(
    ("point", "wrong"),
    [
        ("lid_left_upper_04", "lid_left_lower_04"),
        ("lip_left_inner_upper_03", "lip_left_inner_lower_03"),
    ],
)
def test_a_point_snapped_to_the_other_lid_or_lip_is_named(
    point: str, wrong: str, head: FaceModel
) -> None:
    found = failures(SPEC, moved(point, vertex_of(wrong)), head)
    assert SPEC.names.index(point) in found["aperture"].points


def test_a_point_off_its_mirror_place_is_named(head: FaceModel) -> None:
    found = failures(SPEC, moved("brow_left_upper_03", vertex_of("brow_left_lower_03")), head)
    assert SPEC.names.index("brow_left_upper_03") in found["symmetry"].points


def test_two_points_of_a_line_in_the_wrong_order_are_named(head: FaceModel) -> None:
    points = SPEC.lines["jaw"].points.copy()
    points[[5, 6]] = points[[6, 5]]
    spec = replace(SPEC, lines={**SPEC.lines, "jaw": Line(points=points, closed=False)})
    found = failures(spec, SPEC.vertices["makehuman"], head)
    assert {int(points[5]), int(points[6])} <= set(found["order"].points)


def test_a_gap_in_a_line_is_named(head: FaceModel) -> None:
    points = np.delete(SPEC.lines["jaw"].points, [5, 6, 7, 8])
    spec = replace(SPEC, lines={**SPEC.lines, "jaw": Line(points=points, closed=False)})
    found = failures(spec, SPEC.vertices["makehuman"], head)
    assert set(points[4:6].tolist()) <= set(found["spacing"].points)


def test_a_point_on_the_teeth_is_named(head: FaceModel) -> None:
    tooth = int(head.topology.part_vertices("teeth_upper")[0])
    found = failures(SPEC, moved("nose_tip", tooth), head)
    assert found["surface"].points == (SPEC.names.index("nose_tip"),)


def test_a_point_of_no_group_is_named(head: FaceModel) -> None:
    groups = {name: points for name, points in SPEC.groups.items() if name != "philtrum"}
    found = failures(replace(SPEC, groups=groups), SPEC.vertices["makehuman"], head)
    assert set(found["groups"].points) == set(SPEC.groups["philtrum"].tolist())
