"""What every command prints with: progress on stderr, results on stdout."""

import json
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

PLAIN_SECONDS = 10.0  # between two lines where stderr is no terminal
REDRAW_SECONDS = 0.1


class Progress:
    """Counts finished units and tells the rate and the time left. Made by `progress`."""

    def __init__(self, total: int, description: str, unit: str, done: int, stream: TextIO) -> None:
        self.total, self.description, self.unit, self.done = total, description, unit, done
        self.note = ""
        self._first, self._start = done, time.monotonic()
        self._drawn = self._start
        self._told: tuple[int, str] | None = None
        self._stream = stream
        self._rich: RichProgress | None = _rich_bar(stream) if stream.isatty() else None
        if self._rich is not None:
            self._task = self._rich.add_task(description, total=total, completed=done, tail="")

    def advance(self, n: int = 1) -> None:
        """Count `n` more units as done."""
        self.update(done=self.done + n)

    def update(
        self, *, done: int | None = None, description: str | None = None, note: str | None = None
    ) -> None:
        """Set the count, the description, or a note shown at the end of the line (a loss)."""
        self.done = self.done if done is None else done
        self.description = description or self.description
        self.note = self.note if note is None else note
        now = time.monotonic()
        if now - self._drawn >= (PLAIN_SECONDS if self._rich is None else REDRAW_SECONDS):
            self._drawn = now
            self._draw()

    def tail(self) -> str:
        """Return the words after the count: rate, time left, note."""
        seconds = time.monotonic() - self._start
        rate = (self.done - self._first) / max(seconds, 1e-9)
        left = f"{duration((self.total - self.done) / rate)} left" if rate > 0 else ""
        if self.done >= self.total:
            left = duration(seconds)
        return ", ".join(part for part in (_rate(rate, self.unit), left, self.note) if part)

    def finish(self) -> None:
        """Draw the last state and let go of the terminal."""
        self._draw()
        if self._rich is not None:
            self._rich.stop()

    def _draw(self) -> None:
        if self._rich is None:
            if (self.done, self.note) != self._told:
                line = f"{self.description}: {self.done}/{self.total} {self.unit}, {self.tail()}"
                print(line.removesuffix(", "), file=self._stream, flush=True)
            self._told = self.done, self.note
            return
        self._rich.update(
            self._task, completed=self.done, description=self.description, tail=self.tail()
        )


@contextmanager
def progress(total: int, description: str, unit: str, *, done: int = 0) -> Iterator[Progress]:
    """Show how far a long task is, on stderr: a bar on a terminal, a line now and then elsewhere.

    `unit` is a plural ("images"); `done` units were finished by an earlier run and do not count
    for the rate.
    """
    bar = Progress(total, description, unit, done, sys.stderr)
    try:
        yield bar
    finally:
        bar.finish()


def duration(seconds: float) -> str:
    """Return seconds as people say them: 8.2 s, 45 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def print_json(value: object) -> None:
    """Print `value` as JSON on stdout, indented, keys in their order."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(
    header: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[int] = ()
) -> None:
    """Print aligned columns on stdout; the columns numbered in `right` are set flush right."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    numbers = set(right)
    for row in cells:
        line = "  ".join(
            cell.rjust(width) if i in numbers else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print(line.rstrip())


def print_fields(fields: Mapping[str, object]) -> None:
    """Print name and value pairs on stdout, the values aligned."""
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        print(f"{name.ljust(width)}  {value}")


def _rate(rate: float, unit: str) -> str:
    if rate <= 0:
        return ""
    return f"{rate:.1f} {unit}/s" if rate < 100 else f"{rate:.0f} {unit}/s"


def _rich_bar(stream: TextIO) -> "RichProgress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as RichProgress

    bar = RichProgress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[tail]}", markup=False),
        console=Console(file=stream),
    )
    bar.start()
    return bar


def command_line() -> str:
    """Return the command as typed, to be kept with its results."""
    return shlex.join(["dlm", *sys.argv[1:]])
