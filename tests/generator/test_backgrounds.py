"""A user's photos behind the heads: named by content, refused in one line, drawn as they are."""

import numpy as np
import pytest
from PIL import Image

from dlm import datasets
from dlm.errors import RenderError
from dlm.generator.backgrounds import MOST, Backgrounds
from dlm.generator.look.probabilities import default_text
from dlm.generator.render.background import SIDE
from tests.cli.shell import dlm


def photo(path, colour, size=(300, 200)):
    Image.new("RGB", size, colour).save(path)


def test_the_name_follows_the_content_and_not_the_place(tmp_path):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        photo(tmp_path / folder / "a.png", (200, 10, 10))
    here, there = (Backgrounds.open(tmp_path / folder) for folder in ("here", "there"))
    assert here.digest == there.digest
    photo(tmp_path / "there" / "a.png", (201, 10, 10))
    assert Backgrounds.open(tmp_path / "there").digest != here.digest


def test_of_too_many_photos_some_are_taken_from_first_to_last(tmp_path):
    for k in range(MOST + 44):
        photo(tmp_path / f"{k:04}.png", (0, 0, k % 256), (2, 2))
    taken = Backgrounds.open(tmp_path).paths
    assert len(set(taken)) == MOST
    assert (taken[0].name, taken[-1].name) == ("0000.png", f"{MOST + 43:04}.png")


def test_the_middle_square_is_kept_in_its_colour(tmp_path):
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 100:200] = (255, 0, 0)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    (layer,) = Backgrounds.open(tmp_path).bank()
    assert layer.shape == (SIDE, SIDE, 4)
    assert (layer[:, 5:-5, 0] > 240).all()
    assert (layer[..., 1:3] < 5).all()


def test_what_is_no_photo_is_refused_by_name(tmp_path):
    with pytest.raises(RenderError, match="no such folder"):
        Backgrounds.open(tmp_path / "nowhere")
    with pytest.raises(RenderError, match="holds no photos"):
        Backgrounds.open(tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(RenderError, match=r"broken.jpg: is no photo"):
        Backgrounds.open(tmp_path).bank()


def test_a_render_before_green_photos_is_green_behind_the_head(tmp_path):
    folder, look = tmp_path / "photos", tmp_path / "look.yaml"
    folder.mkdir()
    photo(folder / "green.png", (0, 255, 0))
    look.write_text(default_text().replace("  plain: 0.12", "  plain: 0.0"))
    words = ("render", "--spec", "68", "--n", "6", "--size", "64", "--workers", "1",
             "--look", str(look), "-o", str(tmp_path / "faces"))  # fmt: skip
    done = dlm(*words, "--backgrounds", str(folder))
    assert done.returncode == 0, done.stderr
    corners = datasets.open(tmp_path / "faces").images(np.arange(6))[:, :6, :6].astype(float)
    red, green, blue = np.median(corners.mean(axis=(1, 2)), axis=0)
    assert green > 1.3 * max(red, blue)
    again = dlm(*words)
    assert again.returncode == 1
    assert "backgrounds" in again.stderr
