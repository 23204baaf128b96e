"""`dlm predict NAME`: the network that comes with dlm finds faces and points on pictures."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from dlm import datasets
from dlm.train.metrics import nme, normaliser_68
from tests.cli.shell import dlm

N, SIZE = 4, 256


def test_the_shipped_network_and_detector_find_the_points_of_faces_never_learned(
    tmp_path: Path,
) -> None:
    faces = tmp_path / "faces"
    done = dlm("render", "--spec", "68", "--n", str(N), "--size", str(SIZE), "--seed", "77",
               "--contour", "visible", "--workers", "1", "-o", str(faces))  # fmt: skip
    assert done.returncode == 0, done.stderr
    drawn = datasets.open(faces)
    points = drawn.columns(["points"])["points"]
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for k, image in enumerate(drawn.images(range(N))):
        Image.fromarray(image).save(pictures / f"{k}.png")
    done = dlm("predict", "68", str(pictures), "-o", str(tmp_path / "out"), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["licence"].startswith("trained on renders alone")
    answers = [photo["faces"][0]["points"] for photo in found["photos"] if photo["faces"]]
    assert len(answers) == N
    errors = nme(np.array(answers), points, normaliser_68(points, "box"))
    assert errors.max() < 0.03, errors


def test_a_photo_that_cannot_be_read_costs_nothing_but_itself(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.new("RGB", (160, 120), "grey").save(pictures / "wall.png")
    (pictures / "a.jpg").write_text("no picture")
    done = dlm("predict", "68", str(pictures), "-o", str(tmp_path / "out"), "--json")
    assert done.returncode == 1
    assert "a.jpg: cannot be decoded" in done.stderr
    assert [Path(photo["path"]).name for photo in json.loads(done.stdout)["photos"]] == ["wall.png"]
    assert (tmp_path / "out/points.json").exists()


def test_what_cannot_end_well_is_refused_before_any_photo_is_read(tmp_path: Path) -> None:
    photo, file = tmp_path / "wall.png", tmp_path / "file"
    Image.new("RGB", (160, 120), "grey").save(photo)
    file.touch()
    for words, told in (
        ((str(photo), "none.jpg", "-o", str(tmp_path / "out")), "none.jpg: no such file"),
        ((str(photo), "-o", str(file / "out")), f"{file}: is a file, not a folder"),
    ):
        done = dlm("predict", "68", *words)
        assert done.returncode == 1
        assert told in done.stderr
        assert "predicting" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "wall.png"]
