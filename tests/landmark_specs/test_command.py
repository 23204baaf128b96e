"""`dlm spec` as a user runs it."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tests.cli.shell import dlm
from tests.landmark_specs.builders import EYES, changed


def test_list_names_the_shipped_layouts() -> None:
    rows = json.loads(dlm("spec", "list", "--json").stdout)
    assert {"68", "243"} <= {row["name"] for row in rows}
    assert all(row["points"] == int(row["name"]) for row in rows)


def test_show_prints_a_row_for_each_point() -> None:
    lines = dlm("spec", "show", "68").stdout.splitlines()
    assert len(lines) == 1 + 68
    assert lines[1 + 30].split()[:3] == ["30", "nose_tip", "nose"]


@pytest.mark.parametrize("name", ["68"])
def test_show_draws_a_picture(name: str, tmp_path: Path) -> None:
    done = dlm("spec", "show", name, "-o", str(tmp_path / "sheet.png"))
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "sheet.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (2700, 2700, 3)
    coloured = np.ptp(pixels.astype(int), axis=2) > 60
    assert coloured.reshape(3, 900, 3, 900).any(axis=(1, 3)).all()  # points in every panel
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]


def test_check_passes_a_shipped_layout() -> None:
    done = dlm("spec", "check", "68", "--faces", "20", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["ok"] is True


def test_check_of_a_bad_file_is_one_line_and_exit_1(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(changed({"[3]": "[NaN]"}))
    done = dlm("spec", "check", str(path))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"error: {path}:5:20: found 'NaN' where a vertex index is due; write a whole number"
    ]


def test_check_of_another_topology_is_one_line_and_exit_1(tmp_path: Path) -> None:
    path = tmp_path / "eyes.yaml"
    path.write_text(EYES)
    done = dlm("spec", "check", str(path))
    assert done.returncode == 1
    assert done.stderr.startswith("error: spec 'eyes': was picked on topology 3f9c1a of makehuman")


@pytest.mark.parametrize(
    ("out", "told"), [("x.jpg", "ends in .png or .svg"), ("no/x.png", "no such folder")]
)
def test_a_picture_that_cannot_be_written_is_refused(tmp_path: Path, out: str, told: str) -> None:
    done = dlm("spec", "show", "68", "-o", str(tmp_path / out))
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_svg_shows_every_index_with_its_name(tmp_path: Path) -> None:
    done = dlm("spec", "show", "68", "-o", str(tmp_path / "sheet.svg"))
    assert done.returncode == 0, done.stderr
    root = ElementTree.parse(tmp_path / "sheet.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f".//{space}image")) == 9
    assert {int(text.text or -1) for text in root.findall(f".//{space}text[@class='n']")} == {
        *range(68)
    }
    told = {title.text for title in root.findall(f".//{space}circle/{space}title")}
    assert "30 nose_tip, nose" in told
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.svg"]
