"""What is opt-in: TensorBoard, and a compiled network."""

import shutil
import sys
from types import SimpleNamespace

import pytest
import torch

from dlm.errors import TrainError
from dlm.train import training
from dlm.train.run_folder import RunFolder
from dlm.train.trainer import Trainer
from dlm.train.training import open_run, train
from tests.train.builders import FLOAT32, settings, training_data

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return training_data(tmp_path_factory.mktemp("data") / "dots", n=40)


def learn(folder, data, stop_after=99):
    """Train for a while with the board."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "measure", lambda *_: {FLOAT32.name: 1.0})
        run = open_run(folder, settings(samples=160, validations=2), data, "dlm train ...", CPU)
    steps = iter(range(100))
    train(folder, run, data, device=CPU, board=True, should_stop=lambda: next(steps) >= stop_after)


class Board:
    """Keeps what it is told."""

    made: list["Board"] = []  # noqa: RUF012

    def __init__(self, folder, purge_step):
        self.folder, self.purge_step, self.told, self.closed = folder, purge_step, [], False
        self.made.append(self)

    def add_scalar(self, name, value, step):
        self.told.append((name, step))

    def close(self):
        self.closed = True


def test_tensorboard_gets_the_log_and_forgets_what_is_learned_again(tmp_path, data, monkeypatch):
    monkeypatch.setitem(
        sys.modules, "torch.utils.tensorboard", SimpleNamespace(SummaryWriter=Board)
    )
    folder = RunFolder(tmp_path / "run")
    learn(folder, data, stop_after=13)
    learn(folder, data)
    first, second = Board.made
    assert first.folder == tmp_path / "run" / "tensorboard"
    assert [board.purge_step for board in Board.made] == [1, 8 * 13 + 1]
    assert first.closed
    assert second.closed
    logged = [(name, entry["seen"]) for entry in folder.read_log() for name in entry]
    assert first.told + second.told == logged


def test_without_the_package_the_line_says_what_to_install(tmp_path, data, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(TrainError, match="pip install tensorboard"):
        learn(RunFolder(tmp_path / "run"), data)


@pytest.mark.slow
def test_tensorboard_reads_what_was_written(tmp_path, data):
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder = RunFolder(tmp_path / "run")
    learn(folder, data, stop_after=13)
    learn(folder, data)
    read = events.EventAccumulator(str(folder.path / "tensorboard"))
    read.Reload()
    log = [(entry["seen"], entry["nme"]) for entry in folder.read_log()]
    assert [(e.step, pytest.approx(e.value, rel=1e-6)) for e in read.Scalars("nme")] == log


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_network_learns_what_the_plain_one_does(data):
    losses = {}
    for compiled in (False, True):
        run = Trainer(settings(compile=compiled), data, FLOAT32, CPU)
        losses[compiled] = [float(run.advance()) for _ in range(4)]
        assert run.validate() > 0
    assert losses[True] == pytest.approx(losses[False], rel=1e-3)
