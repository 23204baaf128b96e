"""Whatever goes wrong, a user sees one line and a script sees the right exit status."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dlm.errors import DlmError, SpecError
from tests.cli.shell import DLM, dlm

PROGRAM = """
import sys, types, dlm.cli
module = types.ModuleType("dlm.cli.doctor")
def command() -> None:
{body}
module.command = command
sys.modules["dlm.cli.doctor"] = module
dlm.cli.main(["doctor"])
"""


def run(body: str) -> subprocess.CompletedProcess[str]:
    """Run `dlm doctor` with `body` in its place."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM.format(body=lines)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_mistake_is_one_line_and_exit_1() -> None:
    done = run("from dlm.errors import SpecError\nraise SpecError('no [eye_left]', 'a.yaml:3:1')")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: a.yaml:3:1: no [eye_left]\n"


def test_full_disk_is_one_line_and_exit_1() -> None:
    done = run(f"raise OSError({errno.ENOSPC}, 'No space left on device', '/data/x.parquet')")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: /data/x.parquet: No space left on device\n"


def test_bug_keeps_its_traceback() -> None:
    done = run("raise ZeroDivisionError('a bug')")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert done.stderr.endswith("ZeroDivisionError: a bug\n")


def test_missing_file_that_no_command_foresaw_is_a_bug() -> None:
    done = run("open('/nowhere/at/all')")
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    ("raised", "line"),
    [
        ("KeyboardInterrupt", "interrupted\n"),
        ("KeyboardInterrupt('3 shards kept')", "3 shards kept\n"),
    ],
)
def test_interrupt_is_one_line_and_exit_130(raised: str, line: str) -> None:
    done = run(f"raise {raised}")
    assert (done.returncode, done.stderr) == (130, line)


def test_real_interrupt_from_the_keyboard() -> None:
    done = run(f"import os, time\nos.kill(os.getpid(), {int(signal.SIGINT)})\ntime.sleep(30)")
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_closed_pipe_is_silent() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = subprocess.run(
            [*DLM, "--help"], stdout=closed, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.stderr == ""
    assert done.returncode != 0


@pytest.mark.parametrize("words", [["nonsense"], ["--nonsense"], ["doctor", "--nonsense"], []])
def test_wrong_usage_exits_2_without_a_traceback(words: list[str]) -> None:
    done = dlm(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_version() -> None:
    from dlm import __version__

    assert dlm("--version").stdout == f"dlm {__version__}\n"


def test_message_is_one_line_whatever_it_holds() -> None:
    assert str(DlmError("two\nlines", "here", "mend  it")) == "here: two lines; mend it"
    assert str(SpecError("wrong")) == "wrong"


def test_nothing_is_written_by_a_refused_command(tmp_path: Path) -> None:
    dlm("render", "--nonsense", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []
