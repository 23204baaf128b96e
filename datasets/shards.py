"""Shards on disk: their names, what their footers say, and whether they are whole.

The footer of a shard carries its recipe's hash and its range of ids, and every page a checksum.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dlm.datasets.recipe import Recipe
from dlm.errors import DatasetError

DATA_FOLDER = "data"
GROUP_ROWS = 64  # rows read together: one picture costs the reading of 64
RECIPE_KEY, IDS_KEY = b"dlm.recipe", b"dlm.ids"


@dataclass(frozen=True)
class Shard:
    """One whole file of consecutive rows."""

    path: Path
    ids: range
    size: int  # bytes
    sha256: str | None = None  # as the manifest has it


def shard_path(folder: Path, shard: int) -> Path:
    """Return where shard number `shard` of the dataset in `folder` stands."""
    return folder / DATA_FOLDER / f"shard-{shard:06d}.parquet"


def shard_files(folder: Path) -> list[Path]:
    """List the shard files in `folder`, in the order of their ids."""
    files = (folder / DATA_FOLDER).glob("shard-??????*.parquet")
    return sorted(files, key=lambda path: (len(path.name), path.name))


def damaged(path: Path, reason: object) -> DatasetError:
    """Return the error for a shard that is not what a writer left."""
    short = str(reason).splitlines()[0].removesuffix(".")
    return DatasetError(
        f"this shard is damaged: {short}",
        str(path),
        "delete it and run the command that made the dataset again: it makes only what is missing",
    )


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Turn what Arrow says of a damaged file into a DatasetError."""
    try:
        yield
    except (OSError, pa.ArrowException, ValueError) as error:  # ValueError: names not in UTF-8
        raise damaged(path, error) from error


def open_shard(path: Path, recipe: Recipe) -> pq.ParquetFile:
    """Open a shard to read pages against their checksums; DatasetError unless it is `recipe`'s."""
    with damage_told(path):
        file = pq.ParquetFile(path, page_checksum_verification=True)
        notes, schema = file.metadata.metadata or {}, file.schema_arrow
    if notes.get(RECIPE_KEY) != recipe.hash.encode():
        raise damaged(path, "it belongs to another recipe")
    rows, groups = file.metadata.num_rows, file.metadata.num_row_groups
    if not schema.equals(recipe.schema) or rows == 0 or groups != -(-rows // GROUP_ROWS):
        raise damaged(path, "its columns or row groups are not the recipe's")
    return file


def read_shard(path: Path, recipe: Recipe) -> Shard:
    """Return the shard at `path` after a cheap check: end of file, footer, recipe, columns, ids.

    Raises DatasetError. A flipped bit within the data is found on reading or by `verify`.
    """
    with open_shard(path, recipe) as file:
        footer = file.metadata
    size = path.stat().st_size
    try:
        start, stop = map(int, footer.metadata[IDS_KEY].split(b"-"))
    except (KeyError, ValueError) as error:
        raise damaged(path, "its footer names no ids") from error
    if stop - start != footer.num_rows:
        raise damaged(path, "its rows and ids differ in number")
    if _end_of_data(footer) + footer.serialized_size + 8 != size:
        raise damaged(path, "bytes are missing or too many")
    if path != shard_path(path.parents[1], start // recipe.shard_size):
        raise damaged(path, f"its name does not fit its ids {start} to {stop - 1}")
    return Shard(path, range(start, stop), size)


def _end_of_data(footer: pq.FileMetaData) -> int:
    """Return the byte after the last page; the footer, its length and a mark of 4 follow."""
    last = footer.row_group(footer.num_row_groups - 1).column(footer.num_columns - 1)
    start = last.dictionary_page_offset or last.data_page_offset
    return int(start + last.total_compressed_size)


def survey(folder: Path, recipe: Recipe) -> tuple[list[Shard], list[DatasetError]]:
    """Return the whole shards in `folder`, and what is wrong with each of the others."""
    whole, faults = [], []
    for path in shard_files(folder):
        try:
            whole.append(read_shard(path, recipe))
        except DatasetError as fault:
            faults.append(fault)
    return whole, faults


def verify(shards: Sequence[Shard], recipe: Recipe) -> list[DatasetError]:
    """Read shards to the last byte; return what is wrong with those that are damaged.

    Against the manifest's sha256 where there is one, else against the checksum of every page.
    """
    faults = []
    for shard in shards:
        try:
            if shard.sha256 is None:
                _read_all_pages(shard, recipe)
            elif sha256_of(shard.path) != shard.sha256:
                raise damaged(shard.path, "its sha256 is not the one in the manifest")
        except DatasetError as fault:
            faults.append(fault)
    return faults


def _read_all_pages(shard: Shard, recipe: Recipe) -> None:
    with open_shard(shard.path, recipe) as file, damage_told(shard.path):
        for group in range(file.num_row_groups):
            file.read_row_group(group, use_threads=False)


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hex digits."""
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()
