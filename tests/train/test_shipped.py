"""Networks that come with dlm are found by name, free, and of today's layouts and crops."""

import runpy
from pathlib import Path

import pytest

from dlm.errors import DlmError, TrainError
from dlm.landmark_specs import load
from dlm.train import shipped
from dlm.train.crops import CROP_RULE
from dlm.train.run_folder import MODEL_FILE, RunFolder
from dlm.train.training import RENDERS_ONLY

SHIP = Path(__file__).parents[2] / "tools/ship_network.py"


@pytest.mark.parametrize("name", shipped.names())
def test_a_shipped_network_is_free_and_of_today(name):
    folder = shipped.run_folder(Path(name))
    run = folder.read_run()
    assert run.licence == RENDERS_ONLY
    assert not run.photos
    assert run.spec_hash == load(name).hash
    assert run.dataset["crop"] == CROP_RULE
    assert "/" not in (folder.path / "run.json").read_text()  # no path of any machine


def test_a_folder_on_the_disk_goes_before_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("68").mkdir()
    assert shipped.run_folder(Path("68")).path == Path("68")


def test_what_is_neither_folder_nor_name_is_told_the_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for run in ("69", "runs/68", "../shipped/68"):
        with pytest.raises(TrainError, match="comes with dlm: 68"):
            shipped.run_folder(Path(run))


def test_only_what_learned_from_renders_alone_is_shipped(tmp_path):
    ship = runpy.run_path(str(SHIP))["ship"]
    source = shipped.run_folder(Path("68"))
    text = (source.path / "run.json").read_text()
    learned = tmp_path / "run"
    learned.mkdir()
    (learned / "run.json").write_text(text.replace(RENDERS_ONLY, "research only"))
    (learned / MODEL_FILE).write_bytes((source.path / MODEL_FILE).read_bytes())
    with pytest.raises(DlmError, match="is not free: research only"):
        ship(learned, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (learned / "run.json").write_text(text)
    ship(learned, tmp_path / "out")
    again = RunFolder(tmp_path / "out").path / MODEL_FILE
    assert again.read_bytes() == (source.path / MODEL_FILE).read_bytes()
