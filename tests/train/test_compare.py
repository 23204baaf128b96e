"""`compare`: the same conditions for every layout, nothing done twice, one process or several."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlm import datasets
from dlm.datasets import Dataset
from dlm.landmark_specs import LandmarkSpec, load, parse
from dlm.train import layout_run, relabelled, shared
from dlm.train.compare import Comparison, Plan, compare, run_folder, shared_68
from dlm.train.layout_run import FOUND_FILE
from dlm.train.photos import open_photos
from dlm.train.report import summary, write_report
from tests.train.builders import SPEC, settings, spec, write_dataset
from tests.train.photo_builders import write_photos


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("compared") / "data"
    write_dataset(folder, 60)
    return datasets.open(folder)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """One layout, two seeds, ten steps each, scored on four photos."""
    folder = write_photos(tmp_path_factory.mktemp("photos") / "real", 4)
    few = replace(settings(), samples=80)
    return Plan(specs=[spec()], settings=few, seeds=2, real=[open_photos(f"300w:{folder}")],
                command="dlm compare ...")  # fmt: skip


def compared(plan: Plan, dataset: Dataset, out: Path, jobs: int = 1) -> tuple[Comparison, int]:
    """Compare, and return what was found and how many samples were told."""
    told: list[int] = []
    found = compare(plan, dataset, out, jobs=jobs, read=lambda n: None, learned=told.append)
    assert found is not None
    return found, sum(told)


def four_dots() -> LandmarkSpec:
    """Return the toy layout without its chin."""
    text = SPEC.replace("name: dots_6", "name: dots_5").replace("  chin:        [5]\n", "")
    text = text.replace("midline: [nose, chin]", "midline: [nose]").replace("8: chin, ", "")
    return parse(text.replace(", chin]", "]"), "dots_5.yaml")


def test_layouts_are_compared_on_the_points_they_share(
    plan: Plan, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def labels_of(dataset: Dataset, layout: LandmarkSpec) -> relabelled.Labels:
        columns = dataset.columns(["points", "visibility"])
        return columns["points"][:, : layout.size], columns["visibility"][:, : layout.size]

    monkeypatch.setattr(relabelled, "labels_of", labels_of)
    wide = replace(plan, specs=[spec(), four_dots()])
    found, told = compared(wide, dataset, tmp_path)
    assert told == wide.samples == 4 * 80
    page = write_report(found, tmp_path).read_text()
    assert 'src="data:image/' in page
    assert "http" not in page.replace("http-equiv", "")
    content = json.loads((tmp_path / "compare.json").read_text())
    assert content["shared_68"] == 5
    assert [layout["points"] for layout in content["layouts"]] == [6, 5]
    first = content["layouts"][0]["scores"]
    assert first["synthetic"]["difference"] == 0
    assert first["nearest"]["n"] == 4
    assert len(first["synthetic"]["by_seed"]) == 2


def test_the_same_command_again_does_nothing_twice(
    plan: Plan, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _ = compared(plan, dataset, tmp_path)
    scored = []
    real = layout_run.score_photos
    monkeypatch.setattr(
        layout_run, "score_photos", lambda *a, **k: (scored.append(1), real(*a, **k))[1]
    )
    again, told = compared(plan, dataset, tmp_path)
    assert told == plan.samples
    assert not scored
    assert summary(again) == summary(before)
    assert np.array_equal(again.runs[0].real["nearest"].crops, before.runs[0].real["nearest"].crops)
    (run_folder(tmp_path, spec(), 1).path / FOUND_FILE).write_bytes(b"cut short")
    mended, _ = compared(plan, dataset, tmp_path)
    assert len(scored) == 1
    assert summary(mended) == summary(before)


@pytest.mark.slow  # two processes that import torch
def test_processes_beside_each_other_find_what_one_finds(
    plan: Plan, dataset: Dataset, tmp_path: Path
) -> None:
    alone, _ = compared(plan, dataset, tmp_path / "alone")
    together, told = compared(plan, dataset, tmp_path / "together", jobs=2)
    assert told == plan.samples
    assert [run.run.precision for run in together.runs] == [together.runs[0].run.precision] * 2
    assert not (tmp_path / "together" / ".shared").exists()
    if alone.runs[0].run.precision == together.runs[0].run.precision:
        for one, other in zip(alone.runs, together.runs, strict=True):
            np.testing.assert_allclose(one.predicted, other.predicted, atol=1e-3)


def test_large_arrays_are_shared_and_kept_from_each_others_writing(tmp_path: Path) -> None:
    large = np.arange(shared.LARGE, dtype=np.uint8)
    value = {"first": large, "second": large, "small": np.ones(3)}
    shared.save(tmp_path, value)
    assert len(list(tmp_path.glob("*.npy"))) == 1  # the same array is written once
    mine, other = shared.load(tmp_path), shared.load(tmp_path)
    mine["first"][0] = 7
    assert mine["second"][0] == 7
    assert other["first"][0] == 0
    assert np.array_equal(other["second"], large)
    assert np.array_equal(other["small"], value["small"])


def test_shipped_layouts_share_all_68_points() -> None:
    assert len(shared_68([load("68"), load("243")])) == 68
