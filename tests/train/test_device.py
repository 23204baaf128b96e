"""A step asks its device for work and never waits for it: tried on a device without values."""

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from dlm.errors import TrainError
from dlm.train import store, trainer
from dlm.train.draws import CPU
from dlm.train.faces import Faces
from dlm.train.store import Store
from dlm.train.trainer import LOOK, Trainer
from tests.train.builders import FLOAT32, settings, training_data
from tests.train.photo_builders import for_mode, toy_photos

META = torch.device("meta")


class Blocking(TorchDispatchMode):
    """Collects copies to the device for which the CPU would wait. (To read from it is an error.)"""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.ops.aten._to_copy.default:
            moved = kwargs.get("device", args[0].device) != args[0].device
            if moved and not kwargs.get("non_blocking", False):
                self.found.append(f"{func}: {tuple(args[0].shape)}")
        return func(*args, **kwargs)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return training_data(tmp_path_factory.mktemp("data") / "dots", n=40)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return toy_photos(tmp_path_factory.mktemp("photos") / "real")


SLOW = ["synthetic", "transfer", "daln", "dann", "bnm", "regda"]


@pytest.mark.parametrize(
    "name",
    ["daln-transfer", "mean-teacher", *(pytest.param(n, marks=pytest.mark.slow) for n in SLOW)],
)
def test_no_step_waits_for_its_device(name, data, photos, monkeypatch):
    def plain(parameters: Any, rate: float) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=rate)  # AdamW refuses such a device

    monkeypatch.setattr(trainer, "optimiser_of", plain)
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # nor does that
    run = Trainer(
        settings(mode=name, samples=8 * 40), data, FLOAT32, META, None, for_mode(name, photos)
    )  # fmt: skip
    run.step = LOOK + 1  # all terms count, and it is no step at which values are read
    with Blocking() as watched:
        run.advance()
    assert watched.found == []


def test_what_is_no_number_is_found_at_the_next_look_and_is_never_saved(data, monkeypatch):
    run = Trainer(settings(), data, FLOAT32, CPU)
    run.look = LOOK  # as on a GPU
    run.advance()
    with torch.no_grad():
        next(run.network.parameters()).fill_(float("nan"))
    run.advance()
    with pytest.raises(TrainError, match="lower --lr"):
        run.state()
    run.advance()
    run.step = LOOK
    with pytest.raises(TrainError, match="lower --lr"):
        run.advance()


@pytest.mark.parametrize("home", ["there", "beside"])
def test_a_store_returns_its_rows_wherever_they_lie(home, monkeypatch):
    rng = np.random.default_rng(0)
    faces = Faces(
        rng.integers(0, 256, (7, 4, 4, 3), dtype=np.uint8),
        rng.random((7, 3, 2), dtype=np.float32),
        rng.integers(0, 3, (7, 3), dtype=np.uint8),
    )
    held = Store.of(faces, CPU)
    if home == "beside":
        held.home = torch.device("cpu", 0)  # another place in name
    taken = held.take(np.array([5, 1, 5]))
    for part, source in zip(taken, (faces.images, faces.points, faces.visibility), strict=True):
        np.testing.assert_array_equal(part.numpy(), source[[5, 1, 5]])


def test_pictures_lie_on_a_gpu_that_has_three_times_their_room(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (3000, 9000))
    gpu = torch.device("cuda")
    assert store._home(1000, gpu) == gpu
    assert store._home(1001, gpu) == CPU


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", ["synthetic", "transfer", "dann", "mean-teacher"])
def test_a_gpu_is_not_waited_for(name, data, photos):
    """The same with a GPU, which tells of every wait. (Nuclear norms wait for eigenvalues.)"""
    run = Trainer(
        settings(mode=name, samples=8 * 40), data, FLOAT32, torch.device("cuda"), None,
        for_mode(name, photos),
    )  # fmt: skip
    while run.step <= LOOK:
        run.advance()
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        run.advance()
        run.advance()
    finally:
        torch.cuda.set_sync_debug_mode("default")
