"""Progress tells the truth about rate and time, on a terminal and off it."""

import io
import re

import pytest

from dlm.cli import console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the one number that the progress's clock shows."""
    now = [100.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    return now


def plain(total: int, done: int = 0) -> tuple[console.Progress, io.StringIO]:
    stream = io.StringIO()
    return console.Progress(total, "drawing", "images", done, stream), stream


def test_plain_lines_come_now_and_then_and_at_the_end(clock: list[float]) -> None:
    bar, stream = plain(1000)
    for _ in range(300):
        clock[0] += 0.1
        bar.advance()
    bar.finish()
    lines = stream.getvalue().splitlines()
    assert len(lines) in {3, 4}  # one each ten seconds, and the last
    assert lines[-1] == "drawing: 300/1000 images, 10.0 images/s, 1 min 10 s left"


def test_plain_line_is_not_told_twice(clock: list[float]) -> None:
    bar, stream = plain(8)
    clock[0] += 12
    bar.advance(8)
    bar.finish()
    assert stream.getvalue() == "drawing: 8/8 images, 0.7 images/s, 12 s\n"


def test_work_of_an_earlier_run_does_not_count_for_the_rate(clock: list[float]) -> None:
    bar, _ = plain(1000, done=900)
    clock[0] += 10
    bar.advance(50)
    assert bar.tail() == "5.0 images/s, 10 s left"


def test_finished_task_tells_how_long_it_took(clock: list[float]) -> None:
    bar, _ = plain(20)
    clock[0] += 4
    bar.advance(20)
    bar.update(note="loss 0.31")
    assert bar.tail() == "5.0 images/s, 4.0 s, loss 0.31"


def test_nothing_done_claims_no_rate(clock: list[float]) -> None:
    bar, _ = plain(20)
    clock[0] += 4
    assert bar.tail() == ""


def test_terminal_gets_a_bar_and_keeps_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    stream = Terminal()
    bar = console.Progress(10, "drawing [eye_left]", "images", 0, stream)
    bar.advance(10)
    bar.finish()
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert "drawing [eye_left]" in shown
    assert "10/10" in shown
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min 0 s"), (7500, "2 h 5 min")],
)
def test_duration(seconds: float, words: str) -> None:
    assert console.duration(seconds) == words


def test_table_is_aligned_and_keeps_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table(["name", "points"], [["eyes[6]", 6], ["all", 1001]], right=[1])
    assert capsys.readouterr().out.splitlines() == [
        "name     points",
        "eyes[6]       6",
        "all        1001",
    ]


def test_json_keeps_order_and_letters(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"b": "é", "a": 1})
    assert capsys.readouterr().out == '{\n  "b": "é",\n  "a": 1\n}\n'
