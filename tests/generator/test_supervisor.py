"""What the supervisor promises: every task is done once, whatever happens to the workers."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlm.cli.render import WORKERS_LOAD
from dlm.errors import DlmError
from dlm.generator.supervisor import run_tasks

SPAWNED = Path(__file__).parent / "spawned"


@pytest.fixture
def touch(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.syspath_prepend(SPAWNED)
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


def test_workers_see_the_environment_of_now_and_a_thread_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(SPAWNED)
    from touching import Tell

    for number, value in enumerate(["first", "second"]):
        monkeypatch.setenv("TOLD", value)
        run_tasks(Tell(tmp_path, "TOLD"), [number], 1, lambda n: None)
    run_tasks(Tell(tmp_path, "LP_NUM_THREADS"), [2], 1, lambda n: None)
    said = [(tmp_path / str(number)).read_text().splitlines()[0] for number in range(3)]
    assert said == ["first", "second", "0"]


LOADS_EARLY = """\
import sys
from pathlib import Path
sys.path.append(sys.argv[1])
from dlm.generator import supervisor
from touching import Tell
if __name__ == "__main__":
    supervisor.load_early("no.such.module", "colorsys", "dlm.landmark_specs")
    supervisor.run_tasks(Tell(Path(), "HOME"), [0], 1, lambda n: None)
"""


def test_workers_start_with_what_was_loaded_early_but_not_from_the_current_folder(
    tmp_path: Path,
) -> None:
    (tmp_path / "colorsys.py").write_text("raise SystemExit('the wrong one')")
    script = tmp_path / "bin" / "run.py"
    script.parent.mkdir()
    script.write_text(LOADS_EARLY)
    environment = {**os.environ, "PYTHONSAFEPATH": ""}
    subprocess.run([sys.executable, script, SPAWNED], cwd=tmp_path, check=True, env=environment)
    assert {"colorsys", "dlm.landmark_specs"} <= set((tmp_path / "0").read_text().splitlines())


def test_ctrl_c_while_modules_are_loaded_is_told_once(tmp_path: Path) -> None:
    slow = "import time; from pathlib import Path; Path('loading').touch(); time.sleep(0.5)"
    (tmp_path / "slow_to_load.py").write_text(slow)
    run = (
        "from dlm.generator import supervisor; import sys, time\n"
        "supervisor.load_early('slow_to_load')\n"
        "try: time.sleep(60)\n"
        "except KeyboardInterrupt: sys.exit('stopped')"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-P", "-c", run], cwd=tmp_path, env=environment, text=True,
        stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        while not (tmp_path / "loading").exists():
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everyone
        _, said = process.communicate(timeout=30)
    assert said == "stopped\n"


def test_a_server_that_cannot_load_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0")
    run = (
        "from dlm.generator import supervisor; from dlm.errors import DlmError\n"
        "supervisor.load_early('broken')\n"
        "try: supervisor.run_tasks(None, [0], 1, lambda n: None)\n"
        "except DlmError as error: print(error)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    words = [sys.executable, "-P", "-c", run]
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert done.stdout.startswith("worker processes cannot be started")
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.parametrize("module", WORKERS_LOAD)
def test_what_render_loads_early_is_there(module: str) -> None:
    assert importlib.util.find_spec(module)
