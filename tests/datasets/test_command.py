"""`dlm data` as a user runs it: one PNG, one account, one line for a mistake."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from dlm import datasets
from dlm.datasets.info import describe
from dlm.datasets.pictures import contact_sheet
from dlm.landmark_specs.pictures import draw_points
from tests.cli.shell import dlm
from tests.datasets.builders import dataset


def test_info_counts_what_is_there(tmp_path: Path) -> None:
    asked = dataset(tmp_path, 250)
    told, columns = describe(tmp_path), datasets.open(tmp_path).columns(["visibility", "yaw"])
    assert (told["samples"], told["complete"], told["health"]["shards"]) == (250, True, 3)
    assert told["recipe"]["hash"] == asked.hash
    assert told["visibility"]["visible"] == round((columns["visibility"] == 2).mean(), 4)
    assert told["numbers"]["yaw"]["median"] == round(float(np.median(columns["yaw"])), 3)
    assert told["numbers"].keys() == {"yaw", "pitch", "roll", "age", "glasses"}
    assert told["words"]["hair_style"] == {"bald": 0.336, "short": 0.332, "long": 0.332}
    assert told["bytes"] == sum(path.stat().st_size for path in (tmp_path / "data").iterdir())
    assert "numpy" in told["libraries"]


def test_info_of_an_empty_dataset_is_an_answer(tmp_path: Path) -> None:
    dataset(tmp_path, 0, complete=False)
    done = dlm("data", "info", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "samples     0, unfinished" in done.stdout


def test_info_names_what_is_damaged_and_missing_and_counts_the_rest(tmp_path: Path) -> None:
    dataset(tmp_path, 350, complete=False)
    (tmp_path / "data" / "shard-000000.parquet").unlink()
    (tmp_path / "data" / "shard-000001.parquet").write_bytes(b"PAR1")
    done = dlm("data", "info", str(tmp_path), "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["samples"]) == (1, 150)
    assert told["health"]["missing"] == ["shard-000000.parquet"]
    assert len(told["health"]["damaged"]) == 1
    assert "shard-000001.parquet: this shard is damaged" in told["health"]["damaged"][0]


def test_flipped_bit_is_told_only_by_a_deep_look(tmp_path: Path) -> None:
    dataset(tmp_path, 250)
    path = tmp_path / "data" / "shard-000001.parquet"
    content = bytearray(path.read_bytes())
    content[20_000] ^= 1
    path.write_bytes(content)
    assert describe(tmp_path)["health"]["damaged"] == []
    deep = describe(tmp_path, deep=True)
    assert deep["samples"] == 150
    assert [path.name in fault for fault in deep["health"]["damaged"]] == [True]


def test_view_draws_each_sample_in_its_cell(tmp_path: Path) -> None:
    dataset(tmp_path / "ds", 100)
    data = datasets.open(tmp_path / "ds")
    sheet = contact_sheet(data, np.array([4, 70, 9]))
    assert sheet.shape == (2 * (256 + 14 + 4) + 4, 2 * (256 + 4) + 4, 3)
    for row, (left, top) in zip((4, 70, 9), [(4, 4), (264, 4), (4, 278)], strict=True):
        drawn = draw_points(data[row].image, data[row].points, data.spec, data[row].visibility, 8)
        np.testing.assert_array_equal(sheet[top : top + 256, left : left + 256], drawn)


def test_view_writes_one_png_and_says_where(tmp_path: Path) -> None:
    dataset(tmp_path / "ds", 100)
    done = dlm("data", "view", "ds", "--ids", "3,10-12", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path / 'ds.png'}\n"
    with Image.open(tmp_path / "ds.png") as sheet:
        assert sheet.size == (2 * 260 + 4, 2 * 274 + 4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ds", "ds.png"]


def test_view_of_the_same_seed_is_the_same_picture(tmp_path: Path) -> None:
    dataset(tmp_path / "ds", 100)
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        dlm("data", "view", "ds", "--n", "4", "--seed", seed, "-o", f"{name}.png", cwd=tmp_path)
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    dataset(tmp_path / "ds", 10)
    for words, status, told in [
        (("info", "nowhere"), 1, "error: nowhere: no such folder; make one with 'dlm render'"),
        (("view", "ds", "--ids", "99"), 1, "error: ds: no sample has the id 99; it holds 10"),
        (("view", "ds", "--ids", "3,x"), 2, "'x' is no id"),
        (("view", "ds", "-o", "no/where.png"), 1, "error: no: no such folder; make it first"),
        (("view", "ds", "-o", "faces.jpg"), 1, "error: faces.jpg: cannot write a .jpg picture"),
    ]:
        done = dlm("data", *words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (status, ""), words
        assert told in done.stderr
