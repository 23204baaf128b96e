"""Jobs for the processes of benchmarks/side_by_side.py, which import them."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from dlm.errors import DlmError


@dataclass(frozen=True)
class Prepare:
    """Say that each of these is ready, and stay until a file is there."""

    names: tuple[str, ...]
    until: Path

    def __call__(self, channel):
        for name in self.names:
            channel.ready(name)
        while not self.until.exists():
            time.sleep(0.02)


@dataclass(frozen=True)
class Touch:
    """Note when it was at work, and touch a file."""

    path: Path
    seconds: float = 0.0

    def __call__(self, channel):
        begun = time.monotonic()
        channel.tell(os.environ.get("THREADS"))
        time.sleep(self.seconds)
        self.path.write_text(f"{begun} {time.monotonic()}")


@dataclass(frozen=True)
class Stay:
    """Work until asked to stop; then save."""

    begun: Path
    saved: Path

    def __call__(self, channel):
        self.begun.touch()
        while not channel.should_stop():
            time.sleep(0.02)
        self.saved.touch()


def fail(channel):
    raise DlmError("is broken", "it", "mend it")


def die(channel):
    os.kill(os.getpid(), signal.SIGKILL)
