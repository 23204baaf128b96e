"""Runs: they learn, stop, go on to the same curve, and say what they were."""

import json
import os
import signal

import numpy as np
import pytest
import torch

from dlm.errors import DatasetError, TrainError
from dlm.landmark_specs import parse
from dlm.train import precision, training
from dlm.train.augment import PLAIN
from dlm.train.data import load
from dlm.train.faces import batch_rows, split_by_identity
from dlm.train.interrupt import stop_on_interrupt
from dlm.train.metrics import nme
from dlm.train.modes import MODES, mode
from dlm.train.networks.landmark import build
from dlm.train.run_folder import LOG_FILE, STATE_FILE, RunFolder
from dlm.train.trainer import Trainer
from dlm.train.training import open_run, train
from tests.train.builders import (
    FLOAT32,
    SPEC,
    settings,
    spec,
    trainer,
    training_data,
    write_dataset,
)

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return training_data(tmp_path_factory.mktemp("data") / "dots")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, data):
    """A run that nothing interrupted."""
    folder, run = start(tmp_path_factory.mktemp("runs") / "whole", data)
    train(folder, run, data, device=CPU)
    return folder


def start(path, data, **changes):
    folder = RunFolder(path)
    with pytest.MonkeyPatch.context() as patch:  # what is faster is not the matter here
        patch.setattr(training, "measure", lambda *_: {FLOAT32.name: 1.0})
        return folder, open_run(folder, settings(**changes), data, "dlm train ...", CPU)


def curve(folder):
    return [(entry["seen"], entry["loss"], entry["nme"]) for entry in folder.read_log()]


def weights(folder):
    return folder.read_tensors(STATE_FILE, CPU)


def test_eight_faces_are_learned_by_heart(tmp_path):
    few = training_data(tmp_path / "d", n=10, size=64)
    run = Trainer(
        settings(samples=8 * 300, size=64, width=32, learning_rate=5e-3), few, FLOAT32, CPU, PLAIN
    )
    while run.step < run.settings.steps:
        run.advance()
    batch = run.batch(0)
    with torch.no_grad():
        found = run.average.network.points(batch.images).numpy()
    truth = batch.points.numpy()
    ocular = np.linalg.norm(truth[:, 0] - truth[:, 1], axis=-1)
    assert nme(found, truth, ocular).mean() < 0.01
    assert np.abs((found - truth).mean(axis=(0, 1))).max() < 0.1  # no half cell anywhere


def test_the_same_seed_gives_the_same_losses_and_another_does_not(data):
    first, second, third = trainer(data), trainer(data), trainer(data, seed=1)
    losses = [[float(run.advance()) for _ in range(6)] for run in (first, second, third)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("stop_after", [1, 4, 7])
def test_an_interrupted_run_goes_on_to_the_same_curve(tmp_path, data, whole, stop_after):
    parts, run = start(tmp_path / "parts", data)
    steps = iter(range(100))
    stopped = train(parts, run, data, device=CPU, should_stop=lambda: next(steps) >= stop_after)
    assert not stopped.finished
    assert stopped.samples_seen == 8 * stop_after
    _, again = start(tmp_path / "parts", data)
    finished = train(parts, again, data, device=CPU)
    assert finished.finished
    assert curve(parts) == curve(whole)
    ours, theirs = weights(parts), weights(whole)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_a_run_killed_after_a_checkpoint_repeats_what_was_lost(tmp_path, data, whole):
    class KilledError(Exception):
        pass

    def kill(seen, note):
        if seen == 8 * 6:
            raise KilledError

    folder, run = start(tmp_path / "killed", data)
    with pytest.raises(KilledError):
        train(folder, run, data, device=CPU, progress=kill)
    (folder.path / LOG_FILE).open("a").write('{"seen": 9999, "loss": 1}\n{"seen": 99')
    train(folder, folder.read_run(), data, device=CPU)
    assert curve(folder) == curve(whole)


def test_a_finished_run_says_what_it_is(data, whole):
    record = json.loads((whole.path / "run.json").read_text())
    assert record["finished"]
    assert record["samples_seen"] == 240
    assert record["dataset"]["recipe"] == data.recipe["recipe"]
    assert record["versions"].keys() == {"dlm", "torch", "python"}
    assert "without photographs" in record["licence"]
    assert parse(record["spec_text"], "run").hash == spec().hash
    files = {path.name for path in whole.path.iterdir()}
    assert files == {
        "run.json", "model.safetensors", "state.safetensors", "log.jsonl", "curves.png",
        "samples.png",
    }  # fmt: skip


def test_other_settings_or_another_dataset_do_not_continue_a_run(tmp_path, data):
    start(tmp_path / "run", data)
    with pytest.raises(TrainError, match="holds another run: seed 0, not 5"):
        start(tmp_path / "run", data, seed=5)
    more = training_data(tmp_path / "more", n=44)
    with pytest.raises(TrainError, match="another dataset, or one that has grown"):
        start(tmp_path / "run", more)


def test_a_folder_of_other_files_is_left_alone(tmp_path, data):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(TrainError, match=r"holds files but no run\.json"):
        start(tmp_path, data)


def test_a_dataset_of_another_layout_is_refused_with_the_way_out(tmp_path):
    dataset = write_dataset(tmp_path / "d", 8)
    other = parse(SPEC.replace("version: 1", "version: 2"), "other.yaml")
    with pytest.raises(DatasetError, match="dlm relabel"):
        load(dataset, other, 32, lambda count: None)


def test_a_damaged_checkpoint_is_one_line(tmp_path, data):
    folder, _ = start(tmp_path / "run", data)
    (folder.path / STATE_FILE).write_bytes(b"not tensors")
    with pytest.raises(TrainError, match="is damaged"):
        train(folder, folder.read_run(), data, device=CPU)


def test_a_diverged_run_stops_with_advice(data):
    run = trainer(data)
    with torch.no_grad():
        next(run.network.parameters()).fill_(float("nan"))
    with pytest.raises(TrainError, match="lower --lr"):
        run.advance()


def test_unknown_modes_list_what_there_is():
    with pytest.raises(TrainError, match=f"there is: {', '.join(MODES)}"):
        mode("telepathy")


def test_impossible_settings_name_their_flag():
    for changes, flag in (
        ({"size": 100}, "--size"), ({"width": 7}, "--width"), ({"stacks": 9}, "--stacks"),
        ({"samples": 1}, "--samples"), ({"batch": 1}, "--batch"),
    ):  # fmt: skip
        with pytest.raises(TrainError, match=flag):
            settings(**changes)


def test_identities_are_on_one_side_and_stay_there(tmp_path):
    small, large = write_dataset(tmp_path / "a", 200), write_dataset(tmp_path / "b", 400)
    sides = []
    for dataset in (small, large):
        train_rows, held = split_by_identity(dataset)
        assert not set(train_rows // 2) & set(held // 2)  # two rows an identity
        assert len(train_rows) + len(held) == len(dataset)
        sides.append(set(held[held < 200]))
    assert sides[0] == sides[1]
    assert 4 <= len(split_by_identity(large)[1]) <= 40


def test_every_epoch_shows_every_face_once():
    rows = np.concatenate([batch_rows(13, 8, step, seed=0) for step in range(13)])
    epochs = rows.reshape(8, 13)
    assert all(sorted(epoch) == list(range(13)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 8


def test_the_fastest_precision_wins_and_float32_wins_ties():
    rates = {"float32 contiguous": 90.0, "float32 channels_last": 100.0, "bf16 channels_last": 103}
    assert precision.fastest(rates).name == "float32 channels_last"
    assert precision.fastest({**rates, "bf16 channels_last": 150}).bfloat16
    assert not precision.fastest({**rates, "bf16 channels_last": 10}).bfloat16


def test_every_precision_is_measured(monkeypatch):
    monkeypatch.setattr(precision, "SECONDS", 0.0)
    rates = precision.measure(lambda: build(settings(), 6), 2, 32, CPU)
    assert set(rates) == {candidate.name for candidate in precision.CANDIDATES}
    assert min(rates.values()) > 0


def test_the_first_ctrl_c_asks_and_the_second_insists():
    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt() as should_stop:
        assert not should_stop()
        os.kill(os.getpid(), signal.SIGINT)
        assert should_stop()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
