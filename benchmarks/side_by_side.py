"""Jobs in processes of their own, some at a time, each as soon as what it waits for is there.

Every process is a fresh Python, so that none inherits a GPU's context or threads. Asked to stop, it
is sent SIGTERM, which its job answers in its own time: by saving, say. Ctrl-C reaches the parent
alone.
"""

import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from dlm.errors import DlmError
from dlm.generator.supervisor import starting
from dlm.train.interrupt import stop_on_interrupt

POLL, TELL, GRACE = 0.2, 0.5, 120.0  # seconds: to look, between two messages, to end when asked


class Channel:
    """What a job speaks through to the parent."""

    def __init__(self, pipe: Connection, should_stop: Callable[[], bool]) -> None:
        self.should_stop = should_stop
        self._pipe, self._told = pipe, 0.0

    def tell(self, value: object) -> None:
        """Say how far it is; what comes too often is not sent."""
        if time.monotonic() - self._told >= TELL:
            self._told = time.monotonic()
            self._pipe.send(Told(value))

    def ready(self, name: str) -> None:
        """Say that what other jobs wait for under this name is there."""
        self._pipe.send(_Ready(name))


@dataclass(frozen=True, kw_only=True)
class Job:
    """`call` is pickled into a process with these environment variables set."""

    name: str
    call: Callable[[Channel], None]
    lane: str  # jobs of a lane share its number of places
    after: str = ""  # what has to be ready before
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """A running job's own words."""

    value: Any


@dataclass(frozen=True)
class Ended:
    """A job is over: done, stopped as it was asked to, or failed for the reason given."""

    failure: str = ""


@dataclass(frozen=True)
class _Ready:
    name: str


@dataclass(frozen=True)
class _Running:
    job: Job
    process: BaseProcess


def side_by_side(
    jobs: Sequence[Job], places: Mapping[str, int], should_stop: Callable[[], bool]
) -> Iterator[tuple[Job, Told | Ended]]:
    """Run the jobs, earlier ones first, and yield what they say until all are over.

    No more are started once `should_stop` says so, or where what they wait for will never come.
    Processes that do not end in time, and all when the iterator is closed, are killed.
    """
    waiting, ready, deadline = list(jobs), {""}, float("inf")
    running: dict[Connection, _Running] = {}
    try:
        while True:
            if should_stop() and deadline == float("inf"):
                deadline = time.monotonic() + GRACE
                for each in running.values():
                    each.process.terminate()
            if deadline == float("inf"):
                _start(waiting, ready, places, running)
            if not running or time.monotonic() > deadline:
                return
            for pipe in wait(list(running), POLL):
                assert isinstance(pipe, Connection)
                message = _receive(pipe, running[pipe].process)
                if isinstance(message, _Ready):
                    ready.add(message.name)
                    continue
                job = running[pipe].job
                if isinstance(message, Ended):
                    running.pop(pipe).process.join()
                    pipe.close()
                yield job, message
    finally:
        for pipe, each in running.items():
            each.process.kill()
            each.process.join()
            pipe.close()


def _start(
    waiting: list[Job], ready: set[str], places: Mapping[str, int],
    running: dict[Connection, _Running],
) -> None:  # fmt: skip
    for job in list(waiting):
        taken = sum(each.job.lane == job.lane for each in running.values())
        if job.after in ready and taken < places[job.lane]:
            waiting.remove(job)
            pipe, process = _spawn(job)
            running[pipe] = _Running(job, process)


def _receive(pipe: Connection, process: BaseProcess) -> Told | Ended | _Ready:
    with suppress(EOFError, OSError):
        message: Told | Ended | _Ready = pipe.recv()
        return message
    process.join()
    code = process.exitcode or 0
    asked = code == -signal.SIGTERM  # before it could answer
    return Ended("" if asked else f"its process ended with {code}")


def _spawn(job: Job) -> tuple[Connection, BaseProcess]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, job), name=job.name)
    with starting({**os.environ, **job.environment}):
        process.start()
    theirs.close()
    return ours, process


def _work(pipe: Connection, job: Job) -> None:
    """Do a job and say how it ended; a parent that is gone ends it, too."""
    with stop_on_interrupt() as asked, suppress(BrokenPipeError):
        failure = ""
        try:
            job.call(Channel(pipe, asked))
        except DlmError as error:
            failure = str(error)
        except BrokenPipeError:
            raise
        except Exception as error:
            traceback.print_exc()
            failure = f"{type(error).__name__}: {error}"
        pipe.send(Ended(failure))
