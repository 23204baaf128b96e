"""Of benchmarks/carry_over.py: rows turn switches that the look has, the table tells them apart."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import yaml

from dlm.errors import DlmError
from dlm.generator.look import probabilities

FOLDER = Path(__file__).parents[1] / "benchmarks"


def script(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows():
    return script("carry_over_rows")


def test_every_row_changes_what_it_names_and_nothing_else(rows):
    shipped = yaml.safe_load(probabilities.default_text())
    for row in rows.ROWS.values():
        changed = yaml.safe_load(rows.look_of(row))
        places = {f"{s}.{k}" for s in shipped if s != "version" for k in shipped[s]
                  if changed[s][k] != shipped[s][k]}  # fmt: skip
        assert places == set(row.look), row.title


def test_a_row_of_a_switch_that_is_gone_is_refused(rows):
    with pytest.raises(DlmError, match=r"wardrobe.toupee: is no switch"):
        rows.look_of(rows.Row(title="bald", look={"wardrobe.toupee": 0}))


def test_rows_are_labelled_on_the_visible_outline(rows):
    assert rows.recipe_of(rows.ROWS["all"], rows.SIZES["short"]).contour == "visible"


def figures(errors):
    adapter = {"nme": float(np.mean(errors)), "fr8": 25.0, "groups": {"jaw": 7.0},
               "slopes": {"eye": 0.5, "mouth": 0.75}, "errors": errors}  # fmt: skip
    photos = [f"photo {k // 2}" for k in range(len(errors))]
    return {"photos": photos, "nearest": {"nme": 9.0}, "adapter": adapter}


def test_a_row_is_set_beside_everything_on_by_the_seeds_that_both_have():
    errors = [4.0, 5.0, 6.0, 7.0]
    worse = [error + 0.5 for error in errors]
    found = {"all": {0: figures(errors), 1: figures([1.0] * 4)}, "bald": {0: figures(worse)},
             "left": {}}  # fmt: skip
    titles = {"all": "everything on", "bald": "without hair", "left": "not yet"}
    lines = script("carry_over_table").table(titles, found).splitlines()
    assert len(lines) == 4
    every, bald = (line.strip("| ").split(" | ") for line in lines[2:])
    assert every[:4] == ["everything on", "2", "9.00 +- 0.00", "3.25 +- 2.25"]
    assert bald[:4] == ["without hair", "1", "9.00", "6.00"]
    assert bald[5] == "+0.50 (+0.50 to +0.50)"  # a paired interval: all faces differ alike
