"""The command line: `dlm COMMAND ...`, each command loaded only when it is asked for.

How a command joins: add its name and one line of help to COMMANDS and write `dlm/cli/NAME.py`
with either

    def command(...) -> None     a single command; its docstring is the page of `--help`
    app: typer.Typer             a group of commands (`dlm spec list`, `dlm spec show`, ...)

The root's `--help` shows the lines below and imports none of these modules; what a module imports
at its top is paid for by its own `--help`, so numpy, torch, pyarrow and GL belong inside functions.

How a command fails: it raises. A DlmError, and what the operating system refuses (a full disk, no
permission), is one line on stderr and exit 1; a wrong option is exit 2; Ctrl-C is one line and
exit 130 (`KeyboardInterrupt("what is kept and how to go on")` sets that line); a closed pipe is
silent. Anything else is a bug and keeps its traceback.
"""

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import typer

from dlm.errors import DlmError

COMMANDS = {
    "doctor": "Tell what this machine has, what is missing, and how to mend it.",
    "spec": "Layouts: list, show, check, new, diff, transfer, convert, design.",
    "model": "Head models: list, show, add.",
    "look": "What renders vary by and how often: show, new.",
    "render": "Draw labelled faces into a dataset.",
    "relabel": "Label a dataset with another layout, without drawing it again.",
    "data": "Datasets: view, info.",
    "train": "Train a landmark network on a dataset.",
    "eval": "Score a trained network on photos or on a dataset.",
    "table": "Score runs of several modes beside the case study's figures.",
    "export": "Write a trained network as ONNX.",
    "compare": "Train and score several layouts under the same conditions.",
    "predict": "Find faces on photos and predict their points.",
    "fit": "Lay a head model on points: mesh, expression, pose, camera.",
}

REFUSED_BY_THE_SYSTEM = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.EIO,
}  # fmt: skip


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit status."""
    words = list(sys.argv[1:] if args is None else args)
    try:
        root = typer.main.get_command(build_app(words))
        root.main(args=words, prog_name="dlm")
    except DlmError as error:
        _leave(f"error: {error}", 1)
    except OSError as error:
        if error.errno not in REFUSED_BY_THE_SYSTEM:
            raise
        place = f"{error.filename}: " if error.filename else ""
        _leave(f"error: {place}{error.strerror}", 1)
    except KeyboardInterrupt as error:
        _leave(str(error) or "interrupted", 130)
    except SystemExit as leaving:  # typer turns Ctrl-C inside a command into a silent exit
        if leaving.code == 130:
            _leave(_interrupt_message(leaving) or "interrupted", 130)
        raise
    raise SystemExit(0)


def build_app(words: Sequence[str] = ()) -> typer.Typer:
    """Return the root command, with the command that `words` call loaded and the rest named."""
    app = typer.Typer(
        name="dlm",
        help="Dense facial landmarks: define a layout, render labelled faces, train, compare.",
        no_args_is_help=True,
        rich_markup_mode=None,  # messages hold [left_eye] and the like, which markup would eat
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    called = _called(words)
    for name, line in COMMANDS.items():
        if name not in called:
            app.command(name, help=line)(_named_only)
            continue
        module = import_module(f"dlm.cli.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name, short_help=line, no_args_is_help=True)
        else:
            app.command(name, short_help=line)(module.command)
    return app


def _called(words: Sequence[str]) -> set[str]:
    """Return the command named first in `words`, or in the line a shell asks to complete."""
    line = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS")
    if line is not None and "_DLM_COMPLETE" in os.environ:
        words = line.split()[1:]
    return set([word for word in words if not word.startswith("-")][:1])


def _named_only() -> None:
    """Stand for a command that was not called."""
    raise AssertionError("a command was run without being loaded")


def _print_version(wanted: bool) -> None:
    if wanted:
        from dlm import __version__

        typer.echo(f"dlm {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False,
        "--version",
        help="Print the version and leave.",
        callback=_print_version,
        is_eager=True,
    ),
) -> None:
    pass


def _interrupt_message(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        cause = cause.__cause__ or cause.__context__
    return str(cause) if cause is not None else ""


def _leave(line: str, status: int) -> NoReturn:
    print(line, file=sys.stderr, flush=True)
    raise SystemExit(status)
