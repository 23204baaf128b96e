"""Faces that are drawn while a run learns: which they are, and that no speed decides it."""

import pickle
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from dlm.errors import DlmError, TrainError
from dlm.train import training
from dlm.train.augment import CACHE_MARGIN
from dlm.train.data import TrainingData
from dlm.train.drawing import NEXT, index_of
from dlm.train.drawn import Drawing
from dlm.train.faces import batch_rows, cache_size
from dlm.train.ring import HEADER, TAKEN, Ring
from dlm.train.rolling import Rolling
from dlm.train.run_folder import STATE_FILE, RunFolder
from dlm.train.schedule import PIECE, Schedule
from dlm.train.split import hashes_of, held_out
from dlm.train.training import open_run, train
from tests.train.builders import FLOAT32, settings, spec

CPU = torch.device("cpu")
SETTINGS = settings(samples=8 * 24, validations=2)
SCHEDULE = Schedule(batch=8, steps=24, reuse=1, buffer=64)


def test_each_face_is_seen_about_as_often_as_it_is_to_be_reused():
    plan = Schedule(batch=32, steps=400, reuse=4, buffer=640)
    seen = np.zeros(plan.total, int)
    for step in range(plan.steps):
        here = plan.begin(step) + np.arange(plan.held(step))
        by_row = here[np.argsort(here % plan.capacity)]
        rows = batch_rows(plan.capacity, plan.batch, step, 0) % plan.held(step)
        np.add.at(seen, by_row[rows], 1)
    whole = seen[plan.drawn(0) + plan.capacity : -plan.capacity]  # came and went in full swing
    assert whole.mean() == pytest.approx(4, abs=0.1)
    assert set(whole) <= {3, 4, 5}
    assert seen[: plan.drawn(0)].mean() < 4 * (1 + np.log(8)) + 1  # the first part: more often


def test_a_schedule_only_goes_on_and_never_holds_too_much():
    plan = Schedule(batch=8, steps=100, reuse=3, buffer=96)
    drawn = [plan.drawn(step) for step in range(101)]
    assert drawn == sorted(drawn)
    assert drawn[-1] == drawn[-2] == plan.total  # nothing is drawn for a step that never comes
    assert all(number % PIECE == 0 for number in drawn)
    assert all(plan.batch <= plan.held(step) <= 96 for step in range(100))
    assert all(plan.begin(s) + plan.held(s) == plan.drawn(s) for s in range(100))
    short = Schedule(batch=8, steps=4, reuse=4, buffer=10_000)
    assert short.capacity == short.total < 10_000


def test_a_ring_is_pickled_without_its_memory():
    ring = Ring.make(8, 108, 68)
    ring.slot(3)[0][:] = 7
    again = pickle.loads(pickle.dumps(ring))
    assert len(pickle.dumps(ring)) < 300
    assert (again.slot(3)[0] == 7).all()
    assert (again.slot(2)[0] == 0).all()
    ring.close()


def test_people_are_on_one_side_and_stay_there():
    generator = SimpleNamespace(
        recipe=SimpleNamespace(seed=0),
        model=SimpleNamespace(
            sample_identity=lambda rng: SimpleNamespace(coefficients=rng.normal(size=3))
        ),
    )
    numbers = range(200)
    learned, held = ([index_of(generator, n, side) for n in numbers] for side in (False, True))
    assert not set(learned) & set(held)
    assert np.mean(np.array(learned) == numbers) > 0.85  # nearly all are the dataset's own rows
    assert {index % NEXT for index in held} == set(numbers)
    hashes = hashes_of(np.random.default_rng(0).normal(size=(4000, 3)).astype(np.float32))
    assert held_out(hashes).mean() == pytest.approx(0.05, abs=0.01)


@pytest.fixture
def dots(monkeypatch, tmp_path):
    """Return what opens training data that workers draw; a worker takes `slow` seconds more."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "spawned")
    from dots import SIDE, DotsJob  # type: ignore[import-not-found]

    @contextmanager
    def opened(workers: int = 2, **how: object) -> Iterator[TrainingData]:
        ring = Ring.make(6, cache_size(32), 6)
        (tries := tmp_path / "tries").mkdir(exist_ok=True)
        job = DotsJob(
            SimpleNamespace(size=SIDE), ring, 1, SCHEDULE.total, 32, CACHE_MARGIN,
            tuple(range(6)), tries=tries, **how,
        )  # fmt: skip
        rolling = Rolling(job, SCHEDULE, workers)
        try:
            validation = rolling.held_out(20, lambda count: None)
            recipe = {
                "path": "", "recipe": "dots", "model": "dots", "seed": 4, "faces": SCHEDULE.total,
                "held_out_faces": 20, "reuse": 1, "buffer": 64,
            }  # fmt: skip
            yield TrainingData(spec(), rolling, validation, recipe)
        finally:
            rolling.close()
        assert not [t for t in threading.enumerate() if t is rolling._thread]

    return opened


def learn(path: Path, data: TrainingData, **how: object) -> RunFolder:
    folder = RunFolder(path)
    with pytest.MonkeyPatch.context() as patch:  # what is faster is not the matter here
        patch.setattr(training, "measure", lambda *_: {FLOAT32.name: 1.0})
        run = open_run(folder, SETTINGS, data, "dlm train ...", CPU)
    train(folder, run, data, device=CPU, **how)
    return folder


def same(one: RunFolder, other: RunFolder) -> bool:
    ours, theirs = (each.read_tensors(STATE_FILE, CPU) for each in (one, other))
    curves = [[(e["loss"], e["nme"], e["drawn"]) for e in each.read_log()] for each in (one, other)]
    return (
        curves[0] == curves[1]
        and ours.keys() == theirs.keys()
        and all(torch.equal(ours[key], theirs[key]) for key in ours)
    )


def test_neither_speed_nor_interruption_nor_death_decides_what_is_learned(tmp_path, dots):
    with dots(workers=2) as data:
        whole = learn(tmp_path / "whole", data)
    assert whole.read_run().finished
    assert whole.read_log()[-1]["drawn"] == SCHEDULE.total
    steps = iter(range(100))
    with dots() as data:
        learn(tmp_path / "parts", data, should_stop=lambda: next(steps) >= 15)
    with dots(workers=1, victim=2, kills=2) as data:  # slower, and dies twice
        parts = learn(tmp_path / "parts", data)
    assert len(list((tmp_path / "tries").iterdir())) == 3
    assert same(whole, parts)


def test_ctrl_c_is_heard_while_faces_are_awaited(tmp_path, dots):
    with dots() as data:
        data.training.next = lambda seconds: None  # no face ever comes
        asked = iter([False, False, True])
        folder = learn(tmp_path / "run", data, should_stop=lambda: next(asked))
    assert folder.read_run().samples_seen == 0
    assert (folder.path / STATE_FILE).exists()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        pytest.param(
            {"victim": 4, "kills": 99}, "killed by SIGKILL three times", marks=pytest.mark.slow
        ),
        ({"refuses": 3}, "piece 3: has no colour left; buy some"),
    ],
)
def test_faces_that_cannot_be_drawn_end_the_run_in_one_line(tmp_path, dots, how, words):
    with dots(**how) as data, pytest.raises(DlmError, match=words):
        learn(tmp_path / "run", data)


def test_faces_are_written_only_where_they_were_taken(dots):
    with dots() as data:
        rolling = data.training
        rolling.begin(0)
        time.sleep(1.0)
        pieces = [int(number) - 1 for number in rolling._ring.counters[HEADER:]]
        assert sorted(pieces)[-1] == rolling._ring.counters[TAKEN] + 5  # a ring of six


def test_impossible_wishes_name_their_flag():
    wish = {"path": "", "workers": 1}
    for changes, flag in (({"reuse": 0}, "--reuse"), ({"buffer": 3}, "--buffer")):
        with pytest.raises(TrainError, match=flag):
            Drawing(**wish, **changes).schedule(SETTINGS)
    assert Drawing(**wish).schedule(settings(size=128)).buffer == 14_288
