"""docs/dataset.md names every column of a row, and no other."""

import re
from pathlib import Path

from dlm import landmark_specs
from dlm.datasets.schema import LAYERS
from dlm.generator.pipeline import plan

PAGE = Path(__file__).parents[2] / "docs" / "dataset.md"


def test_every_column_is_documented_with_its_type() -> None:
    recipe = plan(landmark_specs.load("68"), layers=LAYERS)
    rows = re.findall(r"^\| ([a-z_, ]+) \| (\w+) \|", PAGE.read_text(), re.MULTILINE)
    documented = {name: kind for names, kind in rows[1:] for name in names.split(", ")}
    assert documented == {column.name: column.kind for column in recipe.columns}
