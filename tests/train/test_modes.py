"""Every mode learns, goes on where it stopped, and says what it was trained on."""

import json

import numpy as np
import pytest
import torch

from dlm.errors import TrainError
from dlm.train import training
from dlm.train.augment import PLAIN
from dlm.train.modes import MODES
from dlm.train.photo_data import Photos
from dlm.train.run_folder import MODE_FILE, MODEL_FILE, STATE_FILE, RunFolder
from dlm.train.trainer import Trainer
from dlm.train.training import open_run, train
from tests.train.builders import FLOAT32, settings, spec, training_data
from tests.train.photo_builders import for_mode, toy_photos

CPU = torch.device("cpu")
ADAPTING = [name for name, mode in MODES.items() if mode.terms]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return training_data(tmp_path_factory.mktemp("data") / "dots", n=40)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return toy_photos(tmp_path_factory.mktemp("photos") / "real")


def start(path, data, photos, **changes):
    folder = RunFolder(path)
    chosen = for_mode(changes["mode"], photos)
    with pytest.MonkeyPatch.context() as patch:  # what is faster is not the matter here
        patch.setattr(training, "measure", lambda *_: {FLOAT32.name: 1.0})
        run = open_run(folder, settings(**changes), data, "dlm train ...", CPU, photos=chosen)
    return folder, run, chosen


def finish(folder, run, data, photos, **more):
    return train(folder, run, data, device=CPU, photos=photos, **more)


@pytest.mark.parametrize("name", ADAPTING)
def test_twenty_steps_lower_the_loss_of_a_tiny_set(name, data, photos):
    run = Trainer(
        settings(mode=name, samples=8 * 20, learning_rate=1e-2), data, FLOAT32, CPU, PLAIN,
        for_mode(name, photos),
    )  # fmt: skip
    losses = [float(run.advance()) for _ in range(20)]
    assert np.mean(losses[-3:]) < 0.6 * np.mean(losses[:3])
    means = run.tally.take()
    assert all(np.isfinite(value) for value in means.values())
    assert set(means) > {"loss"}  # the mode's own terms counted


def runs(name, data, photos, steps):
    """Return a trainer of sixteen steps in all that has made some of them."""
    chosen = for_mode(name, photos)
    run = Trainer(settings(mode=name, samples=8 * 16), data, FLOAT32, CPU, None, chosen)
    for _ in range(steps):
        run.advance()
    return run


@pytest.mark.parametrize("name", ADAPTING)
def test_a_restored_run_goes_on_to_the_same_weights(name, data, photos):
    whole, part = runs(name, data, photos, 16), runs(name, data, photos, 11)
    again = runs(name, data, photos, 0)
    again.restore(part.state())
    for _ in range(5):
        again.advance()
    ours, theirs = whole.state(), again.state()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_an_interrupted_run_goes_on_to_the_same_log_and_files(tmp_path, data, photos):
    changes = {"mode": "daln-transfer", "samples": 160, "validations": 2}
    folder, run, chosen = start(tmp_path / "whole", data, photos, **changes)
    finish(folder, run, data, chosen)
    parts, run, _ = start(tmp_path / "parts", data, photos, **changes)
    steps = iter(range(100))
    finish(parts, run, data, chosen, should_stop=lambda: next(steps) >= 13)
    parts, run, _ = start(tmp_path / "parts", data, photos, **changes)
    assert not run.finished
    finish(parts, run, data, chosen)
    for entry, other in zip(folder.read_log(), parts.read_log(), strict=True):
        del entry["seconds"], other["seconds"]
        assert entry == other
    for name in (STATE_FILE, MODEL_FILE, MODE_FILE):
        ours, theirs = (each.read_tensors(name, CPU) for each in (folder, parts))
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_a_run_logs_what_adaptation_is_judged_by(tmp_path, data, photos):
    changes = {"mode": "dann", "samples": 80, "validations": 1}
    folder, run, chosen = start(tmp_path / "run", data, photos, **changes)
    finish(folder, run, data, chosen)
    last = folder.read_log()[-1]
    signs = {"nme", "loss", "nu_s", "nu_t", "entropy_s", "entropy_t", "flip", "spread"}
    assert {*signs, "discriminator_accuracy"} <= last.keys()
    assert 0 < last["nu_t"] <= 1
    record = json.loads((folder.path / "run.json").read_text())
    assert "research only" in record["licence"]
    assert (
        record["photos"]["unlabelled"]["faces"] + record["photos"]["unlabelled"]["held_out_faces"]
        == 24
    )


def test_photos_alone_need_a_layout_of_the_68(photos):
    from dlm.train.photo_data import as_training_data

    with pytest.raises(TrainError, match="--spec 68"):
        as_training_data(photos.real, spec())


@pytest.mark.parametrize(("name", "given"), [("daln", "real"), ("transfer", "unlabelled")])
def test_a_mode_without_its_photos_says_which(name, given, tmp_path, data, photos):
    wrong = Photos(**{given: getattr(photos, given)})
    with pytest.raises(TrainError, match=f"--mode {name}: "):
        open_run(RunFolder(tmp_path), settings(mode=name), data, "", CPU, photos=wrong)
