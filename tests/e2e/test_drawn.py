"""Faces that are drawn beside a run are those that a dataset of the recipe would hold."""

import json
from pathlib import Path

import numpy as np
import pytest

from dlm import datasets, landmark_specs
from dlm.generator.pipeline import plan
from dlm.generator.relabel import relabel
from dlm.generator.run import prepare, render
from dlm.train.data import load
from dlm.train.drawn import Drawing, draw, open_recipe
from dlm.train.faces import split_by_identity
from dlm.train.schedule import PIECE
from dlm.train.settings import Settings
from tests.cli.shell import dlm

N = 2 * PIECE
SETTINGS = Settings(size=64, samples=16 * 40, batch=16)


@pytest.mark.slow
def test_they_equal_a_relabelled_dataset_bit_for_bit(tmp_path: Path) -> None:
    recipe = plan(landmark_specs.load("68"), size=96, seed=3, contour="visible")
    prepare(recipe, tmp_path / "68", N)
    render(recipe, tmp_path / "68", N, 2, lambda count: None)
    dense, folder = landmark_specs.load("243"), tmp_path / "243"
    relabel(datasets.open(tmp_path / "68"), dense, folder, lambda count: None, contour="visible")
    stored = load(datasets.open(folder), dense, 64, lambda count: None)
    learned, _ = split_by_identity(datasets.open(folder))

    asked = open_recipe(tmp_path / "68" / "dataset.json", dense, None)
    wish = Drawing(path="", workers=2, buffer=N, reuse=1, held_out=PIECE)
    with draw(asked, SETTINGS, wish) as data:
        rolling, compared = data.training, 0
        assert rolling.begin(0) == 0
        for start in range(0, N, PIECE):
            while (piece := rolling.next(1.0)) is None:
                pass
            for k, row in enumerate(learned):
                if start <= row < start + PIECE:
                    np.testing.assert_array_equal(
                        piece.images[row - start], stored.training.images[k]
                    )
                    np.testing.assert_array_equal(
                        piece.points[row - start], stored.training.points[k]
                    )
                    np.testing.assert_array_equal(
                        piece.visibility[row - start], stored.training.visibility[k]
                    )
                    compared += 1
            rolling.release()
    assert compared > 0.8 * N
    assert data.validation.images.shape == (PIECE, 64, 64, 3)
    inside = (data.validation.points > 0).all(axis=-1) & (data.validation.points < 63).all(axis=-1)
    assert inside.mean() > 0.95


@pytest.mark.slow
def test_a_run_is_trained_from_a_recipe_alone(tmp_path: Path) -> None:
    recipe = dlm("render", "--spec", "68", "--size", "96", "--n", "0", "-o", "recipe", cwd=tmp_path)
    assert recipe.returncode == 0, recipe.stderr
    words = ["train", "--spec", "68", "--render", "recipe", "-o", "run", "--samples", "256",
             "--size", "32", "--width", "16", "--batch", "16", "--buffer", "64",
             "--render-workers", "2"]  # fmt: skip
    done = dlm(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "NME" in done.stdout
    assert "drawn, waiting" in done.stderr
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["finished"]
    assert record["dataset"]["workers"] == 2
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert log[-1]["drawn"] == record["dataset"]["faces"] <= 256 / 4 + 64
    again = dlm(*words, "--reuse", "2", cwd=tmp_path)
    assert again.returncode == 1
    assert "another recipe, --buffer or --reuse" in again.stderr.splitlines()[-1]
