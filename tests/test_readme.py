"""What the README says is so: its commands run, its tree and its figures of speech are current."""

import importlib.util
import re
import shlex
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from dlm.cli import COMMANDS
from tests.cli.shell import dlm

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SMALL = {"--n": "24", "--size": "64", "--samples": "64", "--batch": "8"}


def console_commands() -> list[str]:
    """Return the `$ dlm ...` lines of the README's console blocks, in order."""
    blocks = re.findall(r"^```console\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def made_small(words: list[str]) -> list[str]:
    """Return a command with every amount that costs time replaced, and budgets added."""
    for option, value in SMALL.items():
        if option in words:
            words[words.index(option) + 1] = value
    if words[0] in {"train", "compare"} and "--samples" not in words:
        words += ["--samples", SMALL["--samples"]]
    return words


def write_photos(dataset: Path, folder: Path, parity: int) -> None:
    """Write every other face as a photo with 68-point labels, as 300-W has them."""
    from dlm import datasets

    faces = datasets.open(dataset)
    points = faces.columns(["points"])["points"]
    folder.mkdir(parents=True)
    for row in range(parity, len(faces), 2):
        Image.fromarray(faces.images([row])[0]).save(folder / f"face{row}.png")
        lines = "\n".join(f"{x + 1:.3f} {y + 1:.3f}" for x, y in points[row])
        text = f"version: 1\nn_points: 68\n{{\n{lines}\n}}\n"
        (folder / f"face{row}.pts").write_text(text)


@pytest.fixture(scope="module")
def transcript(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """Run the README's commands, small, in one folder; return status and stderr of each."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "photos").mkdir()
    Image.new("RGB", (160, 120), "grey").save(folder / "photos/wall.jpg")
    told = {}
    for command in console_commands():
        program, *words = shlex.split(command)
        assert program == "dlm", command
        if "photos/" in command and not (folder / "photos/test").exists():
            write_photos(folder / "faces_68", folder / "photos/test", 0)
            write_photos(folder / "faces_68", folder / "photos/adapt", 1)
        done = dlm(*made_small(words), cwd=folder)
        told[command] = (done.returncode, done.stderr)
    return told


@pytest.mark.parametrize("command", console_commands())
def test_command_of_the_readme_works(command: str, transcript: dict[str, tuple[int, str]]) -> None:
    status, stderr = transcript[command]
    assert status == 0, stderr


def test_tour_shows_the_main_commands() -> None:
    shown = {shlex.split(command)[1] for command in console_commands()}
    assert shown >= {"spec", "render", "relabel", "data", "train", "eval", "compare"}
    assert shown <= set(COMMANDS)


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_make_targets_exist() -> None:
    for target in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        command = ["make", "--dry-run", target]
        assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def tree_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme_tree", ROOT / "tools/readme_tree.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tree_is_current(tree_tool: ModuleType) -> None:
    assert tree_tool.with_tree(README) == README, "run python -P tools/readme_tree.py"


def test_every_module_says_what_it_is(tree_tool: ModuleType) -> None:
    for top in tree_tool.FOLDERS:
        for path in (ROOT / top).rglob("*.py"):
            assert tree_tool.phrase(path), path
