"""What the supervisor promises: every task is done once, whatever happens to the workers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlm.errors import DlmError
from dlm.generator.supervisor import run_tasks


@pytest.fixture
def touch(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.syspath_prepend(Path(__file__).parent / "spawned")
    from touching import Touch  # type: ignore[import-not-found]

    return Touch


def done(folder: Path) -> set[int]:
    return {int(path.name.split("-")[1]) for path in folder.glob("done-*")}


@pytest.mark.parametrize("workers", [1, 3])
def test_every_task_is_done_once(tmp_path: Path, touch: Callable[..., Any], workers: int) -> None:
    counted: list[int] = []
    outcome = run_tasks(touch(tmp_path), range(7), workers, counted.append)
    assert sorted(outcome.finished) == list(range(7))
    assert outcome.deaths == 0
    assert done(tmp_path) == set(range(7))
    assert sum(counted) == 14


def test_a_killed_worker_is_replaced_and_its_task_done_again(
    tmp_path: Path, touch: Callable[..., Any]
) -> None:
    counted: list[int] = []
    outcome = run_tasks(touch(tmp_path, kills=2), range(4), 2, counted.append)
    assert done(tmp_path) == set(range(4))
    assert outcome.deaths == 2
    assert not outcome.given_up
    assert sum(counted) == 8  # what the dead workers had counted was taken back


def test_a_task_that_kills_three_workers_is_given_up_and_named(
    tmp_path: Path, touch: Callable[..., Any]
) -> None:
    outcome = run_tasks(touch(tmp_path, kills=99), range(4), 2, lambda n: None)
    assert outcome.given_up == {2: "killed by SIGKILL"}
    assert done(tmp_path) == {0, 1, 3}


def test_what_a_worker_refuses_is_raised_with_its_words(
    tmp_path: Path, touch: Callable[..., Any]
) -> None:
    with pytest.raises(DlmError, match="task 1: found a bad thing; mend it"):
        run_tasks(touch(tmp_path, refuses=1), range(4), 2, lambda n: None)


def test_a_job_that_cannot_start_ends_the_run_soon(tmp_path: Path, touch: Any) -> None:
    outcome = run_tasks(touch(tmp_path, starts=False), range(500), 2, lambda n: None)
    assert outcome.deaths < 10
    assert not outcome.finished
    assert outcome.given_up
