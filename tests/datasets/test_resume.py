"""A run that stopped anywhere goes on; nothing is ever half there; recipes are never mixed."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlm import datasets
from dlm.datasets.files import remove_leftovers, replacing
from dlm.datasets.recipe import parse_recipe
from dlm.datasets.shards import survey, verify
from dlm.datasets.writer import create_or_check, missing_shards, write_manifest, write_shard
from dlm.errors import DatasetError
from tests.datasets.builders import dataset, recipe, rows

ROOT = Path(__file__).parents[2]


def visible(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def start(program: str, *words: object) -> subprocess.Popen[str]:
    """Run `program` beside us, with the tests importable and Hugging Face not shadowed."""
    setup = f"import sys; sys.path.append({str(ROOT)!r})\n"
    return subprocess.Popen(
        [sys.executable, "-P", "-c", setup + program, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@given(st.integers(0, 450), st.integers(0, 450))
@settings(max_examples=12, deadline=None)
def test_asking_for_more_adds_what_is_missing_and_redoes_the_last_part(
    tmp_path_factory: pytest.TempPathFactory, first: int, then: int
) -> None:
    folder = tmp_path_factory.mktemp("more")
    asked = dataset(folder, first)
    assert missing_shards(folder, asked, first) == []
    missing = missing_shards(folder, asked, then)
    held = range(first // 100 if first % 100 else asked.shard_count(first))  # shards that are full
    whole = held if then > first else range(asked.shard_count(first))
    assert missing == [k for k in range(asked.shard_count(then)) if k not in whole]
    dataset(folder, then)
    assert len(datasets.open(folder)) == max(first, then)


def test_growing_gives_the_same_rows_as_asking_for_all_at_once(tmp_path: Path) -> None:
    dataset(tmp_path / "grown", 130)
    dataset(tmp_path / "grown", 320)
    dataset(tmp_path / "once", 320)
    grown, once = datasets.open(tmp_path / "grown"), datasets.open(tmp_path / "once")
    for name in grown.recipe.schema.names:
        np.testing.assert_array_equal(grown.columns([name])[name], once.columns([name])[name])
    assert [shard.sha256 for shard in grown.shards] == [shard.sha256 for shard in once.shards]


def test_growing_takes_the_manifest_away_until_the_run_is_complete(tmp_path: Path) -> None:
    asked = dataset(tmp_path, 100)
    assert datasets.open(tmp_path).complete
    write_shard(tmp_path, 1, rows(asked, range(100, 150)), asked)
    data = datasets.open(tmp_path)
    assert (data.complete, len(data)) == (False, 150)
    write_manifest(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert (manifest["rows"], [shard["rows"] for shard in manifest["shards"]]) == (150, [100, 50])


def test_recipe_survives_its_file_and_names_its_meaning() -> None:
    asked = recipe()
    assert parse_recipe(asked.to_json(), "x") == asked
    assert recipe(spec_text=asked.spec_text + "# a comment\n").hash == asked.hash
    changes = {"seed": 8, "size": 64, "spec_hash": "f" * 12, "look": "", "shard_size": 50}
    hashes = {recipe(**{name: value}).hash for name, value in changes.items()}
    assert len(hashes | {asked.hash}) == len(changes) + 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seed": 8}, "another recipe: seed 7, not 8;"),
        ({"size": 64}, "another recipe: size 32, not 64;"),
        (
            {"spec_name": "68", "spec_hash": "f" * 12},
            "spec_name tri_3, not 68; spec_hash 0123456789ab, not ffffffffffff;",
        ),
        ({"versions": {"dlm": "9"}}, "another versions;"),
        ({"look": "hair: {}"}, "look hair: {short: 1.0}, not hair: {};"),
    ],
)
def test_folder_of_another_recipe_is_refused_naming_what_differs(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    dataset(tmp_path, 10)
    before = {path: (tmp_path / path).read_bytes() for path in visible(tmp_path)}
    with pytest.raises(DatasetError) as refused:
        create_or_check(tmp_path, recipe(**changes))
    assert told in str(refused.value)
    assert str(refused.value).endswith("choose another folder, or ask for what this one holds")
    assert {path: (tmp_path / path).read_bytes() for path in visible(tmp_path)} == before


def test_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(DatasetError, match=r"holds files but no dataset\.json"):
        create_or_check(tmp_path, recipe())
    assert visible(tmp_path) == ["thesis.tex"]


KILLED = """
from pathlib import Path
from dlm.datasets.files import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"PAR1 half a shard")
    file.flush()
    print("writing", flush=True)
    sys.stdin.read()
"""


def test_killed_writer_leaves_nothing_visible_and_its_leftover_is_taken_away(
    tmp_path: Path,
) -> None:
    asked = dataset(tmp_path, 100, complete=False)
    program = f"import sys\nsys.path.append({str(ROOT)!r})\n{KILLED}"
    target = tmp_path / "data" / "shard-000001.parquet"
    with subprocess.Popen(
        [sys.executable, "-P", "-c", program, str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        assert remove_leftovers(tmp_path / "data") == 0  # its writer lives
        writer.send_signal(signal.SIGKILL)
    leftovers = list((tmp_path / "data").glob(".*.tmp"))
    assert len(leftovers) == 1
    assert not target.exists()
    assert len(datasets.open(tmp_path)) == 100
    assert missing_shards(tmp_path, asked, 200) == [1]
    create_or_check(tmp_path, asked)
    assert visible(tmp_path) == ["data/shard-000000.parquet", "dataset.json"]


BUSY = """
from pathlib import Path
from dlm.datasets.writer import create_or_check, write_shard
from tests.datasets.builders import recipe, rows
folder, asked = Path(sys.argv[1]), recipe(points=2000)
create_or_check(folder, asked)
shards = {k: rows(asked, asked.shard_ids(k, 400)) for k in range(4)}
print("writing", flush=True)
while True:
    for k, columns in shards.items():
        write_shard(folder, k, columns, asked)
"""


@pytest.mark.parametrize("seconds", [0.01, 0.06, 0.11])
def test_whatever_is_visible_after_a_kill_is_whole(tmp_path: Path, seconds: float) -> None:
    asked = recipe(points=2000)
    with start(BUSY, tmp_path) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        time.sleep(seconds)
        writer.kill()
    whole, faults = survey(tmp_path, asked)
    assert faults == []
    assert verify(whole, asked) == []


LIMITED = """
import resource
from pathlib import Path
from dlm.datasets.writer import write_shard
from dlm.errors import DatasetError
from tests.datasets.builders import recipe, rows
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_shard(Path(sys.argv[1]), 1, rows(recipe(), range(100, 200)), recipe())
except DatasetError as error:
    print(error)
"""


def test_write_that_the_kernel_refuses_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    dataset(tmp_path, 100)
    before = visible(tmp_path)
    with start(LIMITED, tmp_path) as writer:
        told, failure = writer.communicate(timeout=60)
    assert (failure, told.count("\n")) == ("", 1)
    assert "shard-000001.parquet: cannot write: the file is larger than this system" in told
    assert sorted(os.listdir(tmp_path / "data")) == ["shard-000000.parquet"]
    assert visible(tmp_path) == before


def test_full_disk_is_one_line_with_a_way_out_and_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = dataset(tmp_path, 50)
    before = {path: (tmp_path / path).read_bytes() for path in visible(tmp_path)}

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetError, match="cannot write: the disk is full; free some space"):
        write_shard(tmp_path, 0, rows(asked, range(100)), asked)
    assert {path: (tmp_path / path).read_bytes() for path in visible(tmp_path)} == before


def test_interrupt_within_a_write_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_text("old")

    def interrupted() -> None:
        with replacing(target) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (os.listdir(tmp_path), target.read_text()) == (["a.json"], "old")


def forbidden(tmp_path: Path) -> Path:
    """A folder in which this user, even root, may make nothing."""
    if os.geteuid() == 0:
        return Path("/sys/dlm")
    tmp_path.chmod(0o500)
    return tmp_path / "ds"


def test_folder_that_may_not_be_written_is_one_line(tmp_path: Path) -> None:
    folder = forbidden(tmp_path)
    with pytest.raises(DatasetError, match=rf"{folder}: cannot write: .*; choose a folder"):
        create_or_check(folder, recipe())
    tmp_path.chmod(0o700)


def test_file_in_the_place_of_the_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "ds").write_text("x")
    with pytest.raises(DatasetError, match="a file stands where a folder is needed"):
        create_or_check(tmp_path / "ds", recipe())
    with pytest.raises(DatasetError, match="a file stands where a folder is needed"):
        create_or_check(tmp_path / "ds" / "deeper", recipe())
