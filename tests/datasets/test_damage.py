"""Damage is found before it is learned from, and told in one line with a way out."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlm import datasets
from dlm.datasets.reader import Dataset
from dlm.datasets.shards import survey, verify
from dlm.datasets.writer import missing_shards
from dlm.errors import DatasetError
from tests.datasets.builders import dataset, recipe

Damage = Callable[[bytes], bytes]
SEEN_BY_SIZE: dict[str, Damage] = {
    "empty": lambda content: b"",
    "only_its_start": lambda content: content[:4],
    "half": lambda content: content[: len(content) // 2],
    "last_byte_gone": lambda content: content[:-1],
    "a_page_gone": lambda content: content[:1000] + content[3000:],
    "more_bytes_at_the_end": lambda content: content + b"\0" * 512,
    "other_file": lambda content: b"<html>quota exceeded</html>" * 20,
}


def damage(folder: Path, how: Damage) -> Path:
    path = folder / "data" / "shard-000001.parquet"
    path.write_bytes(how(path.read_bytes()))
    return path


@pytest.mark.parametrize("how", SEEN_BY_SIZE.values(), ids=SEEN_BY_SIZE.keys())
@pytest.mark.parametrize("complete", [True, False], ids=["complete", "unfinished"])
def test_cut_shard_is_refused_on_opening_and_drawn_again(
    tmp_path: Path, how: Damage, complete: bool
) -> None:
    asked = dataset(tmp_path, 250, complete=complete)
    path = damage(tmp_path, how)
    with pytest.raises(DatasetError) as refused:
        datasets.open(tmp_path)
    told = str(refused.value)
    assert told.startswith(f"{path}: this shard is damaged: ")
    assert "\n" not in told
    assert told.endswith(
        "run the command that made the dataset again: it makes only what is missing"
    )
    assert missing_shards(tmp_path, asked, 250) == [1]
    dataset(tmp_path, 250)
    assert len(datasets.open(tmp_path)) == 250


def test_shard_that_is_gone_is_named(tmp_path: Path) -> None:
    asked = dataset(tmp_path, 250)
    (tmp_path / "data" / "shard-000001.parquet").unlink()
    with pytest.raises(DatasetError, match=r"shard-000001\.parquet: this shard is damaged: it is"):
        datasets.open(tmp_path)
    assert missing_shards(tmp_path, asked, 250) == [1]


@pytest.mark.parametrize("complete", [True, False], ids=["by_sha256", "by_page_checksum"])
def test_flipped_bit_is_found_by_a_deep_look_and_on_reading(tmp_path: Path, complete: bool) -> None:
    asked = dataset(tmp_path, 250, complete=complete)

    def flip(content: bytes) -> bytes:
        at = len(content) // 3
        return content[:at] + bytes([content[at] ^ 16]) + content[at + 1 :]

    path = damage(tmp_path, flip)
    data = datasets.open(tmp_path)
    assert [fault.where for fault in verify(data.shards, asked)] == [str(path)]
    with pytest.raises(DatasetError, match=r"shard-000001\.parquet: this shard is damaged"):
        data.columns(asked.schema.names)


@pytest.fixture(scope="module", params=[True, False], ids=["complete", "unfinished"])
def small(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Dataset, bytes]:
    folder = tmp_path_factory.mktemp("flip")
    dataset(folder, 70, complete=request.param)
    data = datasets.open(folder)
    return data, data.shards[0].path.read_bytes()


@given(from_end=st.booleans(), at=st.integers(0, 2**17), bit=st.integers(0, 7))
@settings(max_examples=120, deadline=None)
def test_flipped_bit_anywhere_is_found_or_harmless(
    small: tuple[Dataset, bytes], from_end: bool, at: int, bit: int
) -> None:
    data, content = small
    place = at % 20_000 if from_end else at  # every fifth byte is the footer's: look there too
    place = (len(content) - 1 - place if from_end else place) % len(content)
    path, names = data.shards[0].path, data.recipe.schema.names
    path.write_bytes(content)
    expected = data.columns(names)
    changed = bytearray(content)
    changed[place] ^= 1 << bit
    path.write_bytes(changed)
    try:
        found = datasets.open(data.path).columns(names)
    except DatasetError:
        return
    finally:
        path.write_bytes(content)
    for name in names:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


@pytest.mark.parametrize("name", [b"yav", b"\xffaw"], ids=["other_name", "no_utf8"])
@pytest.mark.parametrize("complete", [True, False], ids=["complete", "unfinished"])
def test_column_renamed_by_a_flipped_bit_is_found(
    tmp_path: Path, name: bytes, complete: bool
) -> None:
    dataset(tmp_path, 250, complete=complete)

    def rename(content: bytes) -> bytes:
        footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
        return content[:footer] + content[footer:].replace(b"yaw", name, 1)

    path = damage(tmp_path, rename)
    with pytest.raises(DatasetError, match=rf"^{path}: this shard is damaged: ") as refused:
        datasets.open(tmp_path).columns(["yaw"])
    assert "\n" not in str(refused.value)


def test_shard_of_another_recipe_or_under_another_name_is_not_taken(tmp_path: Path) -> None:
    asked = dataset(tmp_path / "ours", 250, complete=False)
    dataset(tmp_path / "theirs", 250, complete=False, of=recipe(seed=8))
    ours, theirs = (tmp_path / name / "data" for name in ("ours", "theirs"))
    (ours / "shard-000000.parquet").write_bytes((theirs / "shard-000000.parquet").read_bytes())
    (ours / "shard-000001.parquet").rename(ours / "shard-000007.parquet")
    _, faults = survey(tmp_path / "ours", asked)
    reasons = [fault.what.removeprefix("this shard is damaged: ") for fault in faults]
    assert reasons == ["it belongs to another recipe", "its name does not fit its ids 100 to 199"]
    assert missing_shards(tmp_path / "ours", asked, 250) == [0, 1]


def test_folders_that_are_no_dataset_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"/nowhere: no such folder; make one with 'dlm render'"):
        datasets.open(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"is not a dataset: it holds no dataset\.json"):
        datasets.open(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatasetError, match="is a file, a dataset is a folder"):
        datasets.open(tmp_path / "file")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text[:-30], "not a recipe: "),
        (lambda text: "[]", "not a recipe: "),
        (lambda text: "", "not a recipe: "),
        (lambda text: text.replace('"seed": 7', '"seed": 8'), "the recipe was edited"),
        (lambda text: text.replace('"seed": 7', '"sede": 7'), "not a recipe: .*sede"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "format 2, this dlm reads 1"),
    ],
    ids=["cut", "list", "empty", "edited", "unknown_field", "newer"],
)
def test_recipe_that_is_not_what_was_written_is_refused(
    tmp_path: Path, change: Callable[[str], str], told: str
) -> None:
    dataset(tmp_path, 10)
    path = tmp_path / "dataset.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(DatasetError, match=rf"^{path}: {told}") as refused:
        datasets.open(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"recipe": "other", "shards": []}'])
def test_manifest_that_is_not_what_was_written_is_refused(tmp_path: Path, content: str) -> None:
    dataset(tmp_path, 10)
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(DatasetError, match=r"manifest\.json: cannot be used: .*; delete it and"):
        datasets.open(tmp_path)


def test_picture_of_another_size_or_none_is_refused(tmp_path: Path) -> None:
    dataset(tmp_path / "a", 10)
    text = (tmp_path / "a" / "dataset.json").read_text()
    data = datasets.open(tmp_path / "a")
    object.__setattr__(data.recipe, "size", 64)
    with pytest.raises(DatasetError, match="a picture is 32 x 32 pixels, not 64 x 64"):
        data.images([0])
    assert json.loads(text)["recipe"]["size"] == 32
