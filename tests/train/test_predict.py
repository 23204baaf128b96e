"""Whole photos: which pictures, which boxes, where points land, what is written and read again."""

import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from dlm.errors import PhotoError, TrainError
from dlm.train import predict, predict_files
from dlm.train.predictor import Predicted
from tests.train.builders import SPEC
from tests.train.builders import spec as dots

SIZE = 64
PLACES = np.array([[10, 10], [50, 12], [30, 30], [20, 45], [44, 46], [31, 55]], np.float32)


class Colours:
    """Stands for a network: always the same places, and it keeps the colours it saw there."""

    size, spec = SIZE, dots()
    run = SimpleNamespace(
        spec_name="dots_6",
        spec_hash=dots().hash,
        spec_text=SPEC,
        licence="free",
        versions={},
        dataset={"contour": "visible"},
    )

    def __init__(self):
        self.seen = []

    def predict(self, crops, *, flip=False):
        x, y = PLACES.astype(int).T
        self.seen.append(crops[:, y, x].astype(float))
        return Predicted(np.tile(PLACES, (len(crops), 1, 1)), np.ones((len(crops), 6)), None)


def coded(width=300, height=200):
    """Return a picture whose red is x / 2 and green y / 2."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x // 2, y // 2, x * 0], axis=-1).astype(np.uint8)


def test_points_lie_on_the_photo_where_the_network_saw_them_in_its_crop():
    network, boxes = Colours(), np.array([[100.0, 60, 60, 50], [30, 80, 90, 60]])
    points, sigma = predict.predict_faces(network, coded(), boxes, flip=False)
    np.testing.assert_allclose(points / 2, network.seen[-1][..., :2], atol=1.2)
    assert len(network.seen) == 2  # a second crop, about the points of the first
    scale = (points[:, 1, 0] - points[:, 0, 0]) / 40
    np.testing.assert_allclose(sigma, np.tile(scale[:, None], (1, 6)))


def test_a_folder_gives_its_pictures_by_name_and_an_empty_one_is_refused(tmp_path):
    for name in ("b.jpg", "a.PNG", "notes.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in predict.expand([tmp_path])] == ["a.PNG", "b.jpg"]
    (tmp_path / "none").mkdir()
    with pytest.raises(PhotoError, match="holds no picture"):
        predict.expand([tmp_path / "none"])


def test_a_picture_taken_sideways_is_read_upright(tmp_path):
    picture = Image.fromarray(coded(30, 20))
    exif = picture.getexif()
    exif[0x0112] = 6  # turn a quarter clockwise to see it upright
    picture.save(tmp_path / "side.png", exif=exif)
    assert predict.read_upright(tmp_path / "side.png").shape == (30, 20, 3)


@pytest.mark.parametrize(
    ("text", "found"),
    [("a.jpg,1,2,3,4\n", "no line"), ("image,x,y,width,height\na.jpg,1,2,x,4\n", "no boxes"),
     ("image,x,y,width,height\na.jpg,1,2,0,4\n", "no area")],
)  # fmt: skip
def test_a_file_without_boxes_is_refused_in_one_line(tmp_path, text, found):
    file = tmp_path / "boxes.csv"
    file.write_text(text)
    with pytest.raises(PhotoError, match=found):
        predict.read_boxes(file)


def test_boxes_that_leave_out_a_photo_are_refused(tmp_path):
    file = tmp_path / "boxes.csv"
    file.write_text("image,x,y,width,height\nhere/a.jpg,1,2,3,4\na.jpg,5,6,7,8\n")
    boxes = predict.read_boxes(file)
    np.testing.assert_array_equal(boxes["a.jpg"], [[1, 2, 3, 4], [5, 6, 7, 8]])
    with pytest.raises(PhotoError, match=r"names no box for 1 of 2 pictures, b\.jpg"):
        predict.check_named(boxes, [tmp_path / "a.jpg", tmp_path / "b.jpg"], file)


def test_what_is_written_is_what_is_read(tmp_path):
    import pyarrow.parquet as pq

    network, path = Colours(), tmp_path / "a.png"
    Image.fromarray(coded()).save(path)
    photo, image = predict.predict_photo(
        network, path, {"a.png": np.array([[100.0, 60, 60, 50]])}, flip=False
    )
    content = predict_files.content_of(network, [photo], boxes="given", flip=False, command="dlm")
    predict_files.write_predicted(tmp_path / "out", content, [photo])
    held = predict_files.read_predicted(tmp_path / "out" / predict_files.JSON_FILE)
    assert held.spec.hash == dots().hash
    assert held.photos[0].size == (300, 200)
    assert held.contour == "visible"
    np.testing.assert_allclose(held.photos[0].faces[0].points, photo.faces[0].points, atol=1e-3)
    table = pq.read_table(tmp_path / "out" / predict_files.TABLE_FILE)
    np.testing.assert_allclose(table["points"][0].as_py(), photo.faces[0].points, atol=1e-3)
    drawn = predict_files.draw_photo(image, photo, network.spec)
    assert drawn.shape == image.shape
    assert (drawn != image).any()


def test_another_file_is_no_points(tmp_path):
    file = tmp_path / "points.json"
    file.write_text(json.dumps({"format": 1}))
    with pytest.raises(TrainError, match=r"give a points\.json"):
        predict_files.read_predicted(file)


def test_pictures_of_photos_with_one_name_do_not_overwrite_each_other(tmp_path):
    names = predict_files.picture_names([tmp_path / "x/a.jpg", tmp_path / "y/a.jpg"])
    assert names == ["a-1.png", "a-2.png"]


def test_the_command_writes_points_of_given_boxes_and_a_picture(tmp_path, monkeypatch, capsys):
    from dlm.cli.predict import command
    from dlm.train.predictor import Predictor

    monkeypatch.setattr(Predictor, "load", lambda path, device: Colours())
    Image.fromarray(coded()).save(tmp_path / "a.png")
    (tmp_path / "boxes.csv").write_text("image,x,y,width,height\na.png,100,60,60,50\n")
    out = tmp_path / "out"
    command(
        tmp_path / "run", [tmp_path / "a.png"], out, tmp_path / "boxes.csv", draw=True, pts=True
    )
    assert "faces           1" in capsys.readouterr().out
    assert sorted(p.name for p in out.iterdir()) == [
        "pictures",
        "points.json",
        "points.parquet",
        "pts",
    ]
    assert (out / "pictures" / "a.png").exists()
    assert "n_points: 6" in (out / "pts" / "a-0.pts").read_text()


def test_where_all_that_was_found_is_doubted_it_says_so(tmp_path, monkeypatch, capsys):
    from dlm.cli.predict import command
    from dlm.train import detector
    from dlm.train.predictor import Predictor

    monkeypatch.setattr(Predictor, "load", lambda path, device: Colours())
    boxes = detector.Detections(np.array([[100.0, 60, 60, 50]]), np.array([0.9]))
    monkeypatch.setattr(detector, "shipped", lambda: lambda image, threshold: boxes)
    Image.fromarray(coded()).save(tmp_path / "a.png")
    command(tmp_path / "run", [tmp_path / "a.png"], tmp_path / "out", doubt=0.0)
    told = capsys.readouterr()
    assert "without a face  1" in told.out
    assert "1 box found and dropped" in told.err
    assert "raise --doubt" in told.err
    command(tmp_path / "run", [tmp_path / "a.png"], tmp_path / "out", doubt=9.0)
    assert "dropped" not in capsys.readouterr().err


def test_what_the_network_doubts_is_no_face_and_two_boxes_of_one_face_are_one():
    points = np.stack([PLACES, PLACES + 200, PLACES + 1.0])
    sigma = np.full((3, 6), 1.0)
    sigma[1] = 4.0  # of a face 42 wide: a tenth
    assert predict.trusted(points, sigma, np.array([0.6, 0.9, 0.8]), 0.055).tolist() == [2]
    assert predict.trusted(points, sigma, np.array([0.6, 0.9, 0.8]), 1.0).tolist() == [1, 2]


def test_the_shipped_detector_finds_the_rendered_faces_of_the_docs():
    from pathlib import Path

    from dlm.train.detector import shipped

    image = predict.read_upright(Path(__file__).parents[2] / "docs" / "faces.jpg")
    found = shipped()(image)
    middles = found.boxes[:, :2] + found.boxes[:, 2:] / 2
    assert {tuple(cell) for cell in (middles // [360, 374]).astype(int).tolist()} == {
        (column, row) for column in range(3) for row in range(3)
    }


@pytest.mark.parametrize("done", [0, 1])
def test_ctrl_c_keeps_what_was_predicted_and_writes_nothing_of_nothing(tmp_path, monkeypatch, done):
    from dlm.cli.predict import command
    from dlm.train import detector, interrupt
    from dlm.train.predictor import Predictor

    asked = iter([False] * done + [True])
    monkeypatch.setattr(interrupt, "stop_on_interrupt", lambda: nullcontext(lambda: next(asked)))
    monkeypatch.setattr(Predictor, "load", lambda path, device: Colours())
    boxes = detector.Detections(np.array([[100.0, 60, 60, 50]]), np.array([0.9]))
    monkeypatch.setattr(detector, "shipped", lambda: lambda image, threshold: boxes)
    for name in "ab":
        Image.fromarray(coded()).save(tmp_path / f"{name}.png")
    with pytest.raises(KeyboardInterrupt, match=f"stopped {'after 1 of 2' if done else 'before'}"):
        command(tmp_path / "run", [tmp_path], tmp_path / "out", doubt=9.0)
    if done:
        told = json.loads((tmp_path / "out/points.json").read_text())
        assert [Path(photo["path"]).name for photo in told["photos"]] == ["a.png"]
    else:
        assert not (tmp_path / "out").exists()
