"""The ablations of benchmarks/carry_over.py turn switches that the look has."""

import importlib.util
from pathlib import Path

import pytest
import yaml

from dlm.errors import DlmError
from dlm.generator.look import probabilities

PATH = Path(__file__).parents[1] / "benchmarks" / "carry_over.py"


@pytest.fixture(scope="module")
def carry_over():
    spec = importlib.util.spec_from_file_location("carry_over", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_row_changes_what_it_names_and_nothing_else(carry_over):
    shipped = yaml.safe_load(probabilities.default_text())
    for row in carry_over.ROWS.values():
        changed = yaml.safe_load(carry_over.look_of(row))
        places = {f"{s}.{k}" for s in shipped if s != "version" for k in shipped[s]
                  if changed[s][k] != shipped[s][k]}  # fmt: skip
        assert places == set(row.look), row.title


def test_a_row_of_a_switch_that_is_gone_is_refused(carry_over):
    with pytest.raises(DlmError, match=r"wardrobe.toupee: is no switch"):
        carry_over.look_of(carry_over.Row(title="bald", look={"wardrobe.toupee": 0}))
