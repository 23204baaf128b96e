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
