"""A job for the supervisor's tests, in a module that spawned workers can import."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dlm.errors import DlmError


@dataclass(frozen=True)
class Touch:
    """Tasks leave a file each; some kill their worker the first `kills` times they are tried."""

    folder: Path
    kills: int = 0
    victim: int = 2
    refuses: int | None = None
    starts: bool = True

    def start(self) -> Callable[[int, Callable[[int], None]], None]:
        if not self.starts:
            os.kill(os.getpid(), signal.SIGKILL)

        def task(number: int, advance: Callable[[int], None]) -> None:
            advance(1)
            tries = self.folder / f"try-{number}-{len(list(self.folder.glob(f'try-{number}-*')))}"
            tries.touch()
            if number == self.victim and len(list(self.folder.glob("try-2-*"))) <= self.kills:
                os.kill(os.getpid(), signal.SIGKILL)
            if number == self.refuses:
                raise DlmError("found a bad thing", f"task {number}", "mend it")
            (self.folder / f"done-{number}").touch()
            advance(1)

        return task


@dataclass(frozen=True)
class Tell:
    """Tasks leave a file that tells of their process: a variable, and which modules it had."""

    folder: Path
    variable: str

    def start(self) -> Callable[[int, Callable[[int], None]], None]:
        def task(number: int, advance: Callable[[int], None]) -> None:
            told = [os.environ.get(self.variable, ""), *sys.modules]
            (self.folder / str(number)).write_text("\n".join(told))

        return task
