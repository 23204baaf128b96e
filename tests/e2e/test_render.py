"""`dlm render` and `dlm relabel` as a user runs them: same faces, whoever draws them."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlm import datasets
from tests.cli.shell import DLM, dlm

N = 20
LABELS = ["id", "points", "visibility", "box", "identity", "expression", "scene", "yaw", "gaze",
          "neck", "intrinsics", "extrinsics", "visible_vertices", "age", "hair_style"]  # fmt: skip


def render(folder: Path, *more: str, n: int = N, spec: str = "68") -> Any:
    return dlm("render", "--spec", spec, "--n", str(n), "--size", "64", "--seed", "3",
               "-o", str(folder), *more)  # fmt: skip


def labels(folder: Path) -> dict[str, Any]:
    return datasets.open(folder).columns(LABELS)


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faces") / "faces"
    done = render(folder, "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder)
    return folder


def test_a_dataset_is_complete_and_its_points_lie_in_the_pictures(faces: Path) -> None:
    dataset = datasets.open(faces)
    assert dataset.complete
    assert dataset.ids.tolist() == list(range(N))
    points = dataset.columns(["points"])["points"]
    assert points.shape == (N, 68, 2)
    assert ((points > 0) & (points < 63)).mean() > 0.9
    images = dataset.images(range(N))
    assert images.shape == (N, 64, 64, 3)
    assert images.std(axis=(1, 2, 3)).min() > 5  # no blank picture


def test_two_workers_draw_the_same_faces(faces: Path, tmp_path: Path) -> None:
    recipe = datasets.open(faces).recipe
    small = tmp_path / "two"
    done = render(small, "--workers", "2", n=recipe.shard_size + 8)
    assert done.returncode == 0, done.stderr
    both = labels(small)
    assert_same(labels(faces), {name: values[:N] for name, values in both.items()})


def test_more_faces_leave_the_first_as_they_were(faces: Path, tmp_path: Path) -> None:
    folder = tmp_path / "grown"
    assert render(folder, "--workers", "1", n=8).returncode == 0
    assert render(folder, "--workers", "1", n=N).returncode == 0
    assert_same(labels(faces), labels(folder))


def test_killed_half_way_and_run_again_gives_the_same_set(tmp_path: Path) -> None:
    n, folder, clean = 520, tmp_path / "killed", tmp_path / "clean"
    command = [*DLM, "render", "--spec", "68", "--n", str(n), "--size", "64", "--seed", "3",
               "--workers", "2", "-o", str(folder)]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as run:
        deadline = time.monotonic() + 120
        while not list(folder.glob("data/*.parquet")) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(run.pid, signal.SIGKILL)
    left = list(folder.glob("data/shard-*.parquet"))
    assert 0 < len(left) < 3
    assert not (folder / "manifest.json").exists()
    assert render(folder, "--workers", "2", n=n).returncode == 0
    assert render(clean, "--workers", "2", n=n).returncode == 0
    assert_same(labels(clean), labels(folder))
    assert json.loads((folder / "manifest.json").read_text())["rows"] == n
    assert not list(folder.rglob("*.tmp"))


def test_killed_before_the_manifest_and_run_again_is_complete(tmp_path: Path) -> None:
    folder = tmp_path / "almost"
    assert render(folder, "--workers", "1", n=8).returncode == 0
    (folder / "manifest.json").unlink()
    assert render(folder, "--workers", "1", n=8).returncode == 0
    assert datasets.open(folder).complete


def test_ctrl_c_keeps_whole_shards_and_says_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "stopped"
    command = [*DLM, "render", "--spec", "68", "--n", "2000", "--size", "64", "-o", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        while not (folder / "dataset.json").exists():
            time.sleep(0.05)
        time.sleep(1)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "run the same command again to go on" in said
    assert "Traceback" not in said
    datasets.open(folder)


def test_relabelled_faces_have_the_labels_of_a_render_bit_for_bit(
    faces: Path, tmp_path: Path
) -> None:
    drawn, relabelled = tmp_path / "drawn", tmp_path / "relabelled"
    assert render(drawn, "--workers", "1", "--contour", "visible", spec="243").returncode == 0
    done = dlm("relabel", str(faces), "--spec", "243", "--contour", "visible",
               "-o", str(relabelled))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert_same(labels(drawn), labels(relabelled))
    one, other = datasets.open(drawn), datasets.open(relabelled)
    assert one.recipe.hash == other.recipe.hash
    np.testing.assert_array_equal(one.images(range(N)), other.images(range(N)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--spec", "67"], "no layout '67'"),
        (["--model", "flame"], "unknown head model 'flame'"),
        (["--look", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
    ],
)
def test_what_is_unknown_is_refused_in_one_line(
    tmp_path: Path, words: list[str], said: str
) -> None:
    out = tmp_path / "refused"
    done = dlm("render", "--spec", "68", "--n", "4", "-o", str(out), *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not out.exists()


def test_another_recipe_in_the_folder_is_refused_naming_the_difference(faces: Path) -> None:
    done = dlm("render", "--spec", "68", "--n", "4", "--size", "96", "--seed", "3",
               "-o", str(faces))  # fmt: skip
    assert done.returncode == 1
    assert "size 64, not 96" in done.stderr
