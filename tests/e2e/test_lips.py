"""docs/design-your-layout.md as a new user follows it: its five commands, in an empty folder."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dlm import datasets
from dlm.generator import models
from dlm.landmark_specs import load
from tests.cli.shell import dlm

PAGE = (Path(__file__).parents[2] / "docs/design-your-layout.md").read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    """Return the words of the page's first console block, small."""
    block = re.findall(r"^```console\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)[0]
    lines = block.replace("\\\n", " ").splitlines()
    return [shlex.split(line.removeprefix("$ dlm "))
            for line in lines if line.startswith("$ dlm ")]  # fmt: skip


def test_it_takes_five_commands() -> None:
    assert len(commands()) == 5


@pytest.mark.skipif("ict" not in models.names(), reason="the page's text is of both heads")
def test_the_layout_is_sound_on_both_heads_as_the_page_prints_it(tmp_path: Path) -> None:
    made = next(words for words in commands() if words[:2] == ["spec", "new"])
    done = dlm(*made, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    shown = re.findall(r"^   ```text\n(.*?)^   ```", PAGE, flags=re.DOTALL | re.MULTILINE)[0]
    printed = [line for line in done.stdout.splitlines() if not line.startswith("lips120.")]
    assert printed == [line.strip() for line in shown.splitlines()]


@pytest.mark.slow
def test_the_five_commands_end_in_a_dataset_with_the_lips_labelled(tmp_path: Path) -> None:
    for words in commands():
        if "--n" in words:
            words[words.index("--n") + 1] = "6"
        done = dlm(*words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    spec = load(tmp_path / "lips120.yaml")
    assert spec.size == 120
    assert {"lips_outer": 40, "jaw": 13}.items() <= {
        group: len(points) for group, points in spec.groups.items()
    }.items()
    assert "chin" in spec.names
    data = datasets.open(tmp_path / "faces_lips")
    points = data.columns(["points"])["points"]
    assert points.shape == (6, 120, 2)
    assert np.isfinite(points).all()
    with Image.open(tmp_path / "faces_lips.png") as picture:
        assert picture.width > 100
    assert (tmp_path / "lips120.svg").read_text().startswith("<svg")
