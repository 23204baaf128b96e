"""The tools that made the shipped layouts make them again."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from dlm.generator import models
from dlm.landmark_specs import load

ROOT = Path(__file__).parents[2]
GROWN = ("243", "460", "490", "1001")


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tools"), *sys.path])
    return ROOT / "tools"


@pytest.mark.slow
def test_a_rerun_of_the_authoring_lays_every_point_where_it_is(tools: Path, tmp_path: Path) -> None:
    runpy.run_path(str(tools / "author_layouts.py"))["main"](tmp_path)
    for name in GROWN:
        again, shipped = load(tmp_path / f"{name}.yaml"), load(name)
        assert (again.names, again.version) == (shipped.names, shipped.version)
        np.testing.assert_array_equal(again.vertices["makehuman"], shipped.vertices["makehuman"])


@pytest.mark.slow
@pytest.mark.skipif("ict" not in models.names(), reason="the head ict is not installed")
def test_a_rerun_of_the_carrying_writes_the_shipped_files(tools: Path, tmp_path: Path) -> None:
    runpy.run_path(str(tools / "carry_layouts.py"))["main"](tmp_path)
    for name in GROWN:
        shipped = (ROOT / f"landmark_specs/specs/{name}.yaml").read_text(encoding="utf-8")
        assert (tmp_path / f"{name}.yaml").read_text(encoding="utf-8") == shipped
