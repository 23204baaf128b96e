"""Shards on disk: their names, what their footers say, and whether they are whole.

The footer of a shard carries its recipe's hash and its range of ids, and every page a checksum.
"""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dlm.datasets.recipe import Recipe
from dlm.errors import DatasetError

DATA_FOLDER = "data"
RECIPE_KEY, IDS_KEY = b"dlm.recipe", b"dlm.ids"


@dataclass(frozen=True)
class Shard:
    """One whole file of consecutive rows."""

    path: Path
    ids: range
    size: int  # bytes


def shard_path(folder: Path, shard: int) -> Path:
    """Return where shard number `shard` of the dataset in `folder` stands."""
    return folder / DATA_FOLDER / f"shard-{shard:06d}.parquet"


def shard_files(folder: Path) -> list[Path]:
    """List the shard files in `folder`, in the order of their ids."""
    return sorted((folder / DATA_FOLDER).glob("shard-??????*.parquet"))


def damaged(path: Path, reason: object) -> DatasetError:
    """Return the error for a shard that is not what a writer left."""
    short = str(reason).splitlines()[0].removesuffix(".")
    return DatasetError(
        f"this shard is damaged: {short}",
        str(path),
        "run the 'dlm render' that made it again: it draws only what is missing or damaged",
    )


def read_shard(path: Path, recipe: Recipe) -> Shard:
    """Return the shard at `path` after a cheap check: end of file, footer, recipe, ids, schema.

    Raises DatasetError. A flipped bit within the data is found on reading or by `verify`.
    """
    try:
        size = path.stat().st_size
        with pq.ParquetFile(path) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
            notes = file.metadata.metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, error) from error
    if notes.get(RECIPE_KEY) != recipe.hash.encode():
        raise damaged(path, "it belongs to another recipe")
    try:
        start, stop = map(int, notes[IDS_KEY].split(b"-"))
    except (KeyError, ValueError) as error:
        raise damaged(path, "its footer names no ids") from error
    if stop - start != rows or rows == 0 or not schema.equals(recipe.schema):
        raise damaged(path, "its footer contradicts itself")
    if path != shard_path(path.parents[1], start // recipe.shard_size):
        raise damaged(path, f"its name does not fit its ids {start} to {stop - 1}")
    return Shard(path, range(start, stop), size)


def verify(shard: Shard) -> None:
    """Read every page of a shard against its checksum; DatasetError where one is damaged."""
    try:
        with pq.ParquetFile(shard.path, page_checksum_verification=True) as file:
            for group in range(file.num_row_groups):
                file.read_row_group(group, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise damaged(shard.path, error) from error
