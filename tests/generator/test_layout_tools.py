"""The tools that made the shipped layouts make them again.

Where the head's mean shape has changed since, single points of a rim or a row go to a neighbouring
vertex; what is laid by hand or by name does not.
"""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from dlm.generator import models
from dlm.landmark_specs import LandmarkSpec, load

ROOT = Path(__file__).parents[2]
GROWN = ("243", "460", "490", "1001")
MOVED = {"makehuman": 0.01, "ict": 0.1}  # share of the points that may be laid elsewhere
FAR = 15.0  # millimetres: a step along a row of the coarser head


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tools"), *sys.path])
    return ROOT / "tools"


def off(again: LandmarkSpec, shipped: LandmarkSpec, head: str) -> np.ndarray:
    """Return how far (P,) points were laid from where they are shipped, millimetres."""
    places = models.load(head).template * 1000
    gap = places[again.vertices[head]] - places[shipped.vertices[head]]
    return np.asarray(np.linalg.norm(gap, axis=1))


def is_shipped(folder: Path, head: str) -> None:
    for name in GROWN:
        again, shipped = load(folder / f"{name}.yaml"), load(name)
        assert again.names == shipped.names
        gaps = off(again, shipped, head)
        assert (gaps > 0).mean() <= MOVED[head], name
        assert gaps.max() < FAR, name


@pytest.mark.slow
def test_a_rerun_of_the_authoring_lays_points_where_they_are(tools: Path, tmp_path: Path) -> None:
    runpy.run_path(str(tools / "author_layouts.py"))["main"](tmp_path)
    is_shipped(tmp_path, "makehuman")


@pytest.mark.slow
@pytest.mark.skipif("ict" not in models.names(), reason="the head ict is not installed")
def test_a_rerun_of_the_carrying_lays_points_where_they_are(tools: Path, tmp_path: Path) -> None:
    runpy.run_path(str(tools / "carry_layouts.py"))["main"](tmp_path)
    is_shipped(tmp_path, "ict")
