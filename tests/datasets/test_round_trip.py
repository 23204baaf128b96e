"""What is written is what is read, in whatever way it is asked for."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlm import datasets
from dlm.datasets import reader
from dlm.datasets.images import decode_jpeg
from dlm.datasets.reader import Dataset
from dlm.datasets.writer import create_or_check, write_manifest, write_shard
from dlm.errors import DatasetError
from dlm.landmark_specs import parse
from tests.datasets.builders import SPEC, dataset, recipe, rows

N = 250  # two shards and a half, row groups of 64 and 36


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("round_trip") / "ds"
    dataset(folder, N)
    return datasets.open(folder)


def test_every_column_comes_back_as_it_was_written(data: Dataset) -> None:
    written = rows(data.recipe, range(N))
    read = data.columns(written)
    for name, values in written.items():
        np.testing.assert_array_equal(read[name], values, err_msg=name)
    kinds = {column.name: column.kind for column in data.recipe.columns}
    assert {n: str(v.dtype) for n, v in read.items() if v.dtype != object} == {
        name: "uint8" if kind == "binary" else kind
        for name, kind in kinds.items()
        if kind not in ("image", "string")
    }


def test_shapes_are_those_of_the_schema(data: Dataset) -> None:
    read = data.columns(["points", "extrinsics", "gaze", "expression", "visible_vertices"])
    shapes = {name: values.shape for name, values in read.items()}
    assert shapes == {
        "points": (N, 3, 2),
        "extrinsics": (N, 3, 4),
        "gaze": (N, 2, 2),
        "expression": (N, 52),
        "visible_vertices": (N, 3),
    }


@given(st.lists(st.integers(0, N - 1), max_size=40))
@settings(max_examples=40, deadline=None)
def test_any_rows_in_any_order_equal_those_of_the_whole(data: Dataset, places: list[int]) -> None:
    names = ["id", "points", "hair_style", "visible_vertices", "image"]
    whole, some = data.columns(names), data.columns(names, places)
    for name in names:
        np.testing.assert_array_equal(some[name], whole[name][places].reshape(some[name].shape))


def test_pictures_of_any_rows_equal_the_jpegs_decoded_one_by_one(data: Dataset) -> None:
    places = [249, 0, 64, 63, 0, 100]
    jpegs = data.columns(["image"])["image"]
    expected = np.stack([decode_jpeg(jpegs[place]) for place in places])
    np.testing.assert_array_equal(data.images(places), expected)
    assert data.images([]).shape == (0, 32, 32, 3)


def test_sample_is_the_row_with_its_picture_decoded_when_asked(data: Dataset) -> None:
    sample, columns = data[130], data.columns(["points", "age", "yaw"], [130])
    np.testing.assert_array_equal(sample.points, columns["points"][0])
    np.testing.assert_array_equal(sample.image, data.images([130])[0])
    assert (sample.id, sample.yaw) == (130, float(columns["yaw"][0]))
    assert sample.attributes == {
        "age": float(columns["age"][0]),
        "hair_style": "short",
        "glasses": 0,
    }
    assert [type(value) for value in sample.attributes.values()] == [float, str, int]


def test_iteration_and_negative_rows_follow_the_order_of_the_ids(data: Dataset) -> None:
    assert [sample.id for sample in data] == list(range(N)) == data.ids.tolist()
    assert data[-1].id == N - 1
    with pytest.raises(IndexError):
        data[N]
    with pytest.raises(IndexError):
        data.columns(["yaw"], [N])


def test_unfinished_dataset_with_a_gap_is_read_by_id(tmp_path: Path) -> None:
    dataset(tmp_path, N, complete=False)
    (tmp_path / "data" / "shard-000001.parquet").unlink()
    data = datasets.open(tmp_path)
    assert not data.complete
    assert "unfinished" in repr(data)
    assert data.rows_of([5, 200]).tolist() == [5, 100]
    assert data[100].id == 200
    with pytest.raises(DatasetError, match="no sample has the id 150"):
        data.rows_of([5, 150])


def test_dataset_without_a_shard_is_empty_not_broken(tmp_path: Path) -> None:
    dataset(tmp_path, 0, complete=False)
    data = datasets.open(tmp_path)
    assert len(data) == 0
    assert list(data) == []
    assert data.ids.tolist() == []
    assert data.columns(["points", "hair_style"])["points"].shape == (0, 3, 2)
    with pytest.raises(DatasetError, match="no sample has the id 0"):
        data.rows_of([0])


def test_labels_are_read_without_the_pictures(tmp_path: Path) -> None:
    dataset(tmp_path, 64, complete=False)
    path = tmp_path / "data" / "shard-000000.parquet"
    labels = datasets.open(tmp_path).columns(["points", "yaw"])
    group = pq.read_metadata(path).row_group(0)
    start = group.column(1).data_page_offset
    assert group.column(1).path_in_schema == "image.bytes"
    content = bytearray(path.read_bytes())
    content[start : start + group.column(1).total_compressed_size] = bytes(
        group.column(1).total_compressed_size
    )
    path.write_bytes(content)
    data = datasets.open(tmp_path)
    np.testing.assert_array_equal(data.columns(["points", "yaw"])["points"], labels["points"])
    with pytest.raises(DatasetError, match=r"shard-000000\.parquet: this shard is damaged"):
        data.images([0])


def test_file_is_laid_out_for_random_access(data: Dataset) -> None:
    footer = pq.read_metadata(data.shards[0].path)
    assert [footer.row_group(i).num_rows for i in range(2)] == [64, 36]
    codecs = {
        footer.row_group(0).column(i).path_in_schema: footer.row_group(0).column(i).compression
        for i in range(footer.num_columns)
    }
    packed = {name for name, codec in codecs.items() if codec == "ZSTD"}
    assert packed == set(codecs) - {"image.bytes", "image.path"}


def test_few_files_are_held_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Dataset
) -> None:
    monkeypatch.setattr(reader, "OPEN_FILES", 2)
    asked = recipe(shard_size=10)
    dataset(tmp_path, 80, of=asked)
    many = datasets.open(tmp_path)
    read = [many.columns(["id"], [row])["id"][0] for row in (5, 15, 25, 5, 75, 15)]
    assert read == [5, 15, 25, 5, 75, 15]
    assert len(many._files) == 2


def test_dataset_travels_to_another_process(data: Dataset) -> None:
    data.images([3])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(data)).images([3]), data.images([3]))


def test_spec_is_the_layout_as_it_was_then_and_another_is_refused(data: Dataset) -> None:
    assert data.spec.names == ("left", "right", "chin")
    other = parse(SPEC.replace("tri_3", "tri_4"), "test")
    with pytest.raises(DatasetError, match=r"layout tri_3 \(0123456789ab\), not tri_4 .* relabel"):
        data.require_spec(other)


def test_unknown_column_is_answered_with_those_there_are(data: Dataset) -> None:
    with pytest.raises(DatasetError, match="no column 'point'; there are: id, image, points"):
        data.columns(["point"])


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("points", np.zeros((10, 4, 2)), r"points is \(10, 4, 2\), not \(10, 3, 2\)"),
        ("points", np.full((10, 3, 2), np.nan), "points holds numbers that are not finite"),
        ("yaw", np.zeros(9), "yaw has 9 rows, id has 10"),
        ("visible_vertices", np.zeros((10, 20), np.uint8), "visible_vertices is uint8"),
        ("id", np.arange(1, 11), "shard 0 starts at id 0"),
        ("beard", np.zeros(10), "missing or not in the recipe: beard"),
    ],
)
def test_columns_that_are_not_the_recipes_are_a_bug_of_the_caller(
    tmp_path: Path, name: str, value: np.ndarray, complaint: str
) -> None:
    asked = dataset(tmp_path, 0, complete=False)
    with pytest.raises(ValueError, match=complaint):
        write_shard(tmp_path, 0, {**rows(asked, range(10)), name: value}, asked)
    assert list((tmp_path / "data").iterdir()) == []


def test_attribute_may_not_hide_a_column() -> None:
    with pytest.raises(ValueError, match="named like columns of every row: yaw"):
        _ = recipe(attributes={"yaw": "float32"}).columns


def test_writing_a_shard_loads_no_pandas(tmp_path: Path) -> None:
    write = (
        "import sys; from pathlib import Path; from tests.datasets.builders import dataset;"
        "dataset(Path(sys.argv[1]), 3); sys.exit('pandas' in sys.modules)"
    )
    words = [sys.executable, "-c", write, str(tmp_path / "ds")]
    root = Path(__file__).parents[2]
    assert subprocess.run(words, cwd=root, env={"PYTHONPATH": str(root)}).returncode == 0


def test_text_beyond_ascii_comes_back(tmp_path: Path) -> None:
    asked = recipe(shard_size=2)
    written = rows(asked, range(2)) | {"hair_style": ["Дред", ""]}
    folder = tmp_path / "ds"
    create_or_check(folder, asked)
    write_shard(folder, 0, written, asked)
    write_manifest(folder)
    read = datasets.open(folder).columns(["hair_style"])
    assert read["hair_style"].tolist() == ["Дред", ""]
