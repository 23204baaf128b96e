"""Folders of photos: read as they are, refused by name."""

import numpy as np
import pytest
from PIL import Image

from dlm.errors import PhotoError
from dlm.train import crops
from dlm.train.photos import open_photos, read_pts, write_pts

FACE = np.random.default_rng(0).uniform(5, 90, (68, 2)).round(2)


def folder_of(path, names):
    path.mkdir()
    for name in names:
        Image.fromarray(np.full((100, 100, 3), 90, np.uint8)).save(path / f"{name}.jpg")
        write_pts(path / f"{name}.pts", FACE)
    return path


def test_points_count_from_one_in_the_file_and_from_zero_in_memory(tmp_path):
    file = tmp_path / "a.pts"
    lines = "\n".join(f"{i + 1}.0 {2 * i + 1}.5" for i in range(68))
    file.write_text(f"version: 1\r\nn_points:  68\r\n{{\r\n{lines}\r\n}}\r\n")
    expected = np.stack([np.arange(68), 2 * np.arange(68) + 0.5], axis=1)
    np.testing.assert_allclose(read_pts(file), expected)


def test_what_was_written_is_read(tmp_path):
    write_pts(tmp_path / "a.pts", FACE)
    np.testing.assert_allclose(read_pts(tmp_path / "a.pts"), FACE, atol=1e-3)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_dot_of_a_photo_comes_back_from_its_crop_to_where_its_label_is(tmp_path, mirrored):
    rng = np.random.default_rng(2)
    off = []
    for k in range(8):
        width, height = rng.integers(150, 400, 2)
        points = rng.uniform(0.2, 0.8, (68, 2)) * [width, height]
        down, across = np.mgrid[:height, :width]
        spread = np.ptp(points) / 25
        gap = (across - points[7, 0]) ** 2 + (down - points[7, 1]) ** 2
        picture = (255 * np.exp(-gap / (2 * spread**2))).astype(np.uint8)
        if mirrored:
            picture, points = picture[:, ::-1], points * [-1, 1] + [width - 1, 0]
        folder = tmp_path / str(k)
        folder.mkdir()
        Image.fromarray(np.repeat(picture[..., None], 3, axis=2)).save(folder / "a.png")
        write_pts(folder / "a.pts", points)
        photos = open_photos(f"300w:{folder}")
        boxes = crops.square_box(photos.points)
        crop = photos.crops(boxes, 128, lambda _: None)[0, ..., 0].astype(float).clip(20) - 20
        seen = [(crop * axis).sum() / crop.sum() for axis in np.mgrid[:128, :128][::-1]]
        back = crops.apply(crops.invert(crops.crop_matrix(boxes, 128)), np.array([[seen]]))
        off.append(back[0, 0] - photos.points[0, 7])
    np.testing.assert_allclose(np.mean(off, axis=0), 0, atol=0.02)
    np.testing.assert_allclose(off, 0, atol=0.1)


def test_faces_of_one_photograph_are_known_as_such(tmp_path):
    folder = folder_of(tmp_path / "afw", ["134212_1", "134212_2", "2353849_1", "image_0001"])
    photos = open_photos(f"300w:{folder}")
    assert photos.photos == ("afw/134212", "afw/134212", "afw/2353849", "afw/image_0001")
    assert photos.points.shape == (4, 68, 2)
    assert photos.crops(np.full((4, 3), 50.0), 32, lambda n: None).shape == (4, 32, 32, 3)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: [p.unlink() for p in f.glob("*.pts")], "holds 2 pictures and no .pts file"),
        (lambda f: (f / "b.jpg").unlink(), "b.pts: has no picture beside it"),
        (lambda f: (f / "b.pts").write_text("n_points: 68"), "b.pts: no points can be read"),
        (lambda f: (f / "b.pts").write_text("{\n1 2\n3 4\n}"), "b.pts: holds 2x2 numbers"),
        (lambda f: (f / "b.pts").write_text("{\n1 2\n3\n}"), "b.pts: no points can be read"),
    ],
)
def test_spoiled_folders_are_refused_in_one_line(tmp_path, spoil, message):
    folder = folder_of(tmp_path / "p", ["a", "b"])
    spoil(folder)
    with pytest.raises(PhotoError, match=message) as caught:
        open_photos(f"300w:{folder}")
    assert "\n" not in str(caught.value)


def test_a_picture_that_is_none_is_named(tmp_path):
    folder = folder_of(tmp_path / "p", ["a"])
    (folder / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(PhotoError, match=r"a.jpg: cannot be decoded"):
        open_photos(f"300w:{folder}").crops(np.full((1, 3), 50.0), 32, lambda n: None)


@pytest.mark.parametrize("source", ["/data/afw", "wflw:/data", "300w"])
def test_a_source_without_its_kind_is_refused(source):
    with pytest.raises(PhotoError, match="write 300w:PATH"):
        open_photos(source)


def test_a_missing_folder_is_named():
    with pytest.raises(PhotoError, match="/no/such: no such folder"):
        open_photos("300w:/no/such")
