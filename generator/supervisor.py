"""Worker processes that may die, and a supervisor that loses nothing when they do.

The supervisor deals numbered tasks to processes over one pipe each (a queue shared by several dies
with the process that held its lock). A worker that is killed is replaced and its task dealt again;
a task that kills three workers is given up and named.

Workers are forked from a server process that has loaded modules and done nothing else: no thread of
ours, no GL. So a worker starts at once, however many there are, and shares what the server loaded.
"""

import os
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import forkserver, get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Protocol

from dlm.errors import DlmError

MAX_ATTEMPTS = 3
ONE_THREAD = {  # a process a core: threads inside each would only wait for one another
    "LP_NUM_THREADS": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
}


class Job(Protocol):
    """What workers run. It is pickled once into each of them."""

    def start(self) -> Callable[[int, Callable[[int], None]], str | None]:
        """Open what the tasks share and return the task: `task(number, advance)`.

        A task may return a note for the Outcome.
        """
        ...


@dataclass
class Outcome:
    """What became of the tasks."""

    finished: list[int] = field(default_factory=list)
    given_up: dict[int, str] = field(default_factory=dict)  # task -> the last worker's end
    deaths: int = 0
    notes: set[str] = field(default_factory=set)  # what tasks said of how they were done


@dataclass(frozen=True)
class _Advanced:
    count: int


@dataclass(frozen=True)
class _Finished:
    task: int
    note: str | None


@dataclass(frozen=True)
class _Refused:
    error: DlmError


@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: int | None = None
    advanced: int = 0  # units reported of the current task


def load_early(*modules: str) -> None:
    """Start loading what workers will import, beside whatever this process does until `run_tasks`.

    A module that cannot be imported is left to the worker that needs it.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    _ensure_server()


def run_tasks(
    job: Job,
    tasks: Sequence[int],
    workers: int,
    advance: Callable[[int], None],
    outcome: Outcome | None = None,
) -> Outcome:
    """Run every task in `workers` processes and return what became of them.

    `advance(n)` is called as units get done, with a negative n when a dead worker's share is taken
    back. A DlmError in a worker ends the run and is raised here; on any way out, Ctrl-C included,
    the workers are gone when this returns. Who gives an `outcome` can look at it meanwhile.
    """
    outcome = Outcome() if outcome is None else outcome
    waiting = deque(tasks)
    attempts = dict.fromkeys(tasks, 0)
    with _pool(job, min(workers, len(tasks))) as pool:
        while not _hopeless(outcome) and (waiting or any(w.task is not None for w in pool)):
            _deal(pool, waiting)
            for worker in _ready(pool):
                message = _receive(worker)
                if isinstance(message, _Advanced):
                    worker.advanced += message.count
                    advance(message.count)
                elif isinstance(message, _Finished):
                    outcome.finished.append(message.task)
                    outcome.notes.update([message.note] if message.note else [])
                    worker.task, worker.advanced = None, 0
                elif isinstance(message, _Refused):
                    raise message.error
                else:
                    outcome.deaths += 1
                    advance(-worker.advanced)
                    _replace(pool, worker, job)
                    _deal_again(worker, waiting, attempts, outcome)
    return outcome


def _hopeless(outcome: Outcome) -> bool:
    """Tell whether the job itself fails: a task was given up before any was finished."""
    return bool(outcome.given_up) and not outcome.finished


def _deal(pool: list[_Worker], waiting: deque[int]) -> None:
    for worker in pool:
        if worker.task is None and waiting:
            worker.task = waiting.popleft()
            with suppress(OSError):  # a dead worker: its pipe tells so at the next receive
                worker.pipe.send(worker.task)


def _ready(pool: list[_Worker]) -> Iterable[_Worker]:
    by_pipe = {id(worker.pipe): worker for worker in pool}
    return [by_pipe[id(pipe)] for pipe in wait([worker.pipe for worker in pool])]


def _receive(worker: _Worker) -> object:
    try:
        return worker.pipe.recv()
    except (EOFError, OSError):
        return None


def _deal_again(
    worker: _Worker, waiting: deque[int], attempts: dict[int, int], outcome: Outcome
) -> None:
    if worker.task is None:
        return
    attempts[worker.task] += 1
    if attempts[worker.task] < MAX_ATTEMPTS:
        waiting.appendleft(worker.task)
    else:
        outcome.given_up[worker.task] = _end_of(worker.process)


def _end_of(process: BaseProcess) -> str:
    process.join(timeout=5)
    code = process.exitcode
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


@contextmanager
def _pool(job: Job, count: int) -> Iterator[list[_Worker]]:
    pool: list[_Worker] = []
    try:
        pool.extend(_spawn(job) for _ in range(count))
        yield pool
        for worker in pool:
            with suppress(OSError):
                worker.pipe.send(None)
        for worker in pool:
            worker.process.join(timeout=5)
    finally:
        for worker in pool:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()


def _replace(pool: list[_Worker], dead: _Worker, job: Job) -> None:
    dead.pipe.close()
    pool[pool.index(dead)] = _spawn(job)


def _spawn(job: Job) -> _Worker:
    _ensure_server()
    context = get_context("forkserver")
    ours, theirs = context.Pipe()
    environment = {**ONE_THREAD, **os.environ}  # of now: the server has that of its own start
    process = context.Process(target=_work, args=(theirs, environment, job), daemon=True)
    try:
        process.start()
    except (EOFError, OSError) as error:
        raise DlmError(
            "worker processes cannot be started: what they are forked from has ended", "",
            "what it said stands above; run the same command again",
        ) from error  # fmt: skip
    theirs.close()
    return _Worker(process, ours)


def _ensure_server() -> None:
    """Start the server that workers are forked from, unless it runs.

    It and they never see Ctrl-C, which is the supervisor's to answer, nor the current folder's
    modules.
    """
    with starting({**ONE_THREAD, **os.environ, "PYTHONSAFEPATH": "1"}):
        forkserver.ensure_running()


@contextmanager
def starting(environment: dict[str, str]) -> Iterator[None]:
    """Let processes started inside have this environment, and never see Ctrl-C."""
    resource_tracker.ensure_running()  # which would unblock the signal when it is started inside
    before = dict(os.environ)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        _set_environment(environment)
        yield
    finally:
        _set_environment(before)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _set_environment(values: dict[str, str]) -> None:
    for name in os.environ.keys() - values.keys():
        del os.environ[name]
    os.environ.update(values)


def _work(pipe: Connection, environment: dict[str, str], job: Job) -> None:
    _set_environment(environment)
    try:
        task = job.start()
        while (number := pipe.recv()) is not None:
            note = task(number, lambda count: pipe.send(_Advanced(count)))
            pipe.send(_Finished(number, note))
    except DlmError as error:
        pipe.send(_Refused(error))
    except (EOFError, BrokenPipeError):
        pass  # the supervisor is gone: nothing to report to
    except Exception:
        traceback.print_exc()
        raise SystemExit(70) from None
