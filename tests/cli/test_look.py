"""`dlm look`: what it prints, draws, writes and refuses."""

import re

import numpy as np
import pytest
from PIL import Image

from dlm.cli import main
from dlm.generator.look.probabilities import default_text
from tests.cli.shell import dlm


def run(capsys, *words):
    with pytest.raises(SystemExit) as left:
        main(["look", *words])
    shown = capsys.readouterr()
    return left.value.code, shown.out, shown.err


def test_what_is_printed_follows_the_file(capsys, tmp_path):
    mine = tmp_path / "mine.yaml"
    assert run(capsys, "new", str(mine))[0] == 0
    assert mine.read_text() == default_text()
    mine.write_text(re.sub(r"\bgrey: .*", "grey: 1.0", default_text()))
    code, out, _ = run(capsys, "show", "--look", str(mine), "--factor", "sensor")
    assert code == 0
    assert "grey 100%" in out


def test_a_sheet_varies_its_own_factor_alone(tmp_path):
    # In a process of its own: one process draws at one size, for life.
    done = dlm("look", "show", "--factor", "light", "-o", str(tmp_path / "light.png"))
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "light.png") as picture:
        faces = np.asarray(picture.convert("RGB"), float)[-192:]
    panels = faces.reshape(192, 8, 192, 3).swapaxes(0, 1)
    assert (np.ptp(panels[:, 60:140, 60:140].mean(axis=(1, 2)), axis=0) > 8).any()  # lit otherwise
    dark = (panels.mean(axis=3) < 60).mean(axis=0)  # the same hair and pupils are dark in all
    assert (dark == 1).sum() > 50


def test_a_file_that_is_there_is_kept(capsys, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("precious")
    code, _, err = run(capsys, "new", str(mine))
    assert code == 1
    assert "is there already" in err
    assert mine.read_text() == "precious"


@pytest.mark.parametrize(("words", "message"), [
    (("show", "--factor", "hat"), "no factor 'hat'"),
    (("show", "-o", "look.gif"), "a name that ends in .png or .jpg"),
    (("show", "-o", "nowhere/look.png"), "no such folder"),
    (("show", "--look", "nowhere.yaml"), "cannot be read"),
    (("new", "nowhere/look.yaml"), "no such folder"),
])  # fmt: skip
def test_a_mistake_is_one_line_and_exit_1(capsys, words, message):
    code, _, err = run(capsys, *words)
    assert code == 1
    assert message in err
    assert err.count("\n") == 1
