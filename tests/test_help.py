"""`dlm --help` is complete and quick, and every command explains itself."""

import subprocess
import sys
import time

import pytest
import typer

from dlm.cli import COMMANDS, build_app
from tests.cli.shell import dlm

HEAVY = {"numpy", "torch", "pyarrow", "pandas", "matplotlib", "OpenGL", "PIL", "scipy", "yaml"}


def subcommands(name: str) -> list[str]:
    """Return the commands of a group, or nothing for a single command."""
    command = typer.main.get_command(build_app([name])).commands[name]  # type: ignore[attr-defined]
    return list(getattr(command, "commands", {}))


def test_root_help_lists_every_command_with_its_line() -> None:
    done = dlm("--help")
    assert done.returncode == 0
    for name, line in COMMANDS.items():
        assert f"{name} " in done.stdout
        assert line in done.stdout


def test_root_help_takes_less_than_half_a_second() -> None:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        dlm("--help")
        times.append(time.perf_counter() - start)
    assert sorted(times)[2] < 0.5


def test_root_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom dlm.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert HEAVY.isdisjoint(loaded)
    assert "dlm.cli" in loaded


@pytest.mark.parametrize("name", COMMANDS)
def test_command_explains_itself(name: str) -> None:
    done = dlm(name, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Usage: dlm {name} ")
    for inner in subcommands(name):
        page = dlm(name, inner, "--help")
        assert page.returncode == 0, page.stderr
        assert page.stdout.startswith(f"Usage: dlm {name} {inner} ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_argument_has_help(name: str) -> None:
    command = typer.main.get_command(build_app([name])).commands[name]  # type: ignore[attr-defined]
    leaves = getattr(command, "commands", None) or {name: command}
    for leaf, found in leaves.items():
        assert found.help, f"{name} {leaf} has no docstring"
        for parameter in found.params:
            assert getattr(parameter, "help", None), f"{name} {leaf}: {parameter.name} has no help"


@pytest.mark.parametrize(
    "shell",
    [
        {"_DLM_COMPLETE": "complete_bash", "COMP_WORDS": "dlm doctor --j", "COMP_CWORD": "2"},
        {"_DLM_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "dlm doctor --j"},
    ],
)
def test_shell_completes_the_options_of_a_command(shell: dict[str, str]) -> None:
    assert "--json" in dlm(env=shell).stdout
