"""`dlm model`: what it prints, draws and refuses."""

import json

import pytest
from PIL import Image

from dlm.cli import main
from tests.cli.shell import dlm


def run(capsys, *words):
    with pytest.raises(SystemExit) as left:
        main(["model", *words])
    shown = capsys.readouterr()
    return left.value.code, shown.out, shown.err


def test_list_names_the_head_its_licence_and_topology(capsys):
    code, out, _ = run(capsys, "list", "--json")
    (head,) = [each for each in json.loads(out) if each["model"] == "makehuman"]
    assert code == 0
    assert head["licence"] == "CC0-1.0"
    assert len(head["topology"]) == 12


def test_show_prints_the_parts_and_draws_a_sheet(tmp_path):
    # In a process of its own: one process draws at one size, for life.
    done = dlm("model", "show", "makehuman", "-o", str(tmp_path / "head.png"))
    assert done.returncode == 0, done.stderr
    assert "teeth_upper" in done.stdout
    with Image.open(tmp_path / "head.png") as picture:
        assert picture.size == (6 * 320, 5 * 320)
        assert picture.convert("L").getextrema()[0] < 100


@pytest.mark.parametrize(("words", "message"), [
    (("show", "venus"), "unknown head model 'venus'"),
    (("show", "makehuman", "-o", "head.gif"), "a name that ends in .png"),
    (("show", "makehuman", "-o", "nowhere/head.png"), "no such folder"),
])  # fmt: skip
def test_a_mistake_is_one_line_and_exit_1(capsys, words, message):
    code, _, err = run(capsys, *words)
    assert code == 1
    assert message in err
    assert err.count("\n") == 1
