"""Write a dataset shard by shard: each is whole or absent, and a run goes on where it stopped.

create_or_check(folder, recipe)
for k in missing_shards(folder, recipe, n):       # in any order, in any process
    write_shard(folder, k, columns_of(recipe.shard_ids(k, n)), recipe)
write_manifest(folder)
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dlm.datasets.files import remove_leftovers, replacing, write_errors
from dlm.datasets.manifest import MANIFEST_FILE, write_manifest
from dlm.datasets.recipe import RECIPE_FILE, Recipe, read_recipe
from dlm.datasets.schema import KINDS, Column
from dlm.datasets.shards import (
    DATA_FOLDER,
    GROUP_ROWS,
    IDS_KEY,
    RECIPE_KEY,
    read_shard,
    shard_path,
)
from dlm.errors import DatasetError

__all__ = ["create_or_check", "missing_shards", "write_manifest", "write_shard"]

BULKY = ("scene", "visible_vertices")  # as pictures: no statistics: nobody filters by them

Values = NDArray[Any] | Sequence[Any]


def create_or_check(folder: Path, recipe: Recipe) -> None:
    """Make `folder` ready for shards of `recipe`: new, or a dataset of the same recipe.

    Raises DatasetError for a folder of another recipe, naming what differs, or of other files.
    """
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
        holds_files = any(folder.iterdir())
    if (folder / RECIPE_FILE).exists():
        _refuse_another(folder, read_recipe(folder), recipe)
    elif holds_files:
        raise DatasetError(
            "holds files but no dataset.json", str(folder), "choose a new or empty folder"
        )
    else:
        with replacing(folder / RECIPE_FILE) as file:
            file.write(recipe.to_json().encode())
    data = folder / DATA_FOLDER
    with write_errors(data):
        data.mkdir(exist_ok=True)
        remove_leftovers(data)


def _refuse_another(folder: Path, there: Recipe, asked: Recipe) -> None:
    if there.hash != asked.hash:
        differing = "; ".join(there.differences(asked))
        raise DatasetError(
            f"holds a dataset of another recipe: {differing}",
            str(folder),
            "choose another folder, or ask for what this one holds",
        )


def missing_shards(folder: Path, recipe: Recipe, n: int) -> list[int]:
    """Return the numbers of the shards still to write for `n` rows, in order.

    Missing are those that are absent, damaged, of another recipe, or end too early because a
    smaller `n` was asked for before. Rows beyond `n` stay.
    """
    return [k for k in range(recipe.shard_count(n)) if not _holds(folder, recipe, k, n)]


def _holds(folder: Path, recipe: Recipe, shard: int, n: int) -> bool:
    path = shard_path(folder, shard)
    if not path.exists():
        return False
    try:
        held, asked = read_shard(path, recipe).ids, recipe.shard_ids(shard, n)
    except DatasetError:
        return False
    return held.start == asked.start and held.stop >= asked.stop


def write_shard(folder: Path, shard: int, columns: Mapping[str, Values], recipe: Recipe) -> Path:
    """Write one shard, whole or not at all, and return its path.

    `columns` holds (n, *shape) arrays for every column of `recipe.columns`; `image` is n JPEG
    byte strings, a layer n PNG ones, `scene` n strings, `visible_vertices` (n, ceil(V / 8)) uint8.
    DatasetError where the disk refuses, ValueError where the columns are not those of the recipe.
    """
    table, ids = _table(columns, recipe), np.asarray(columns["id"])
    first = shard * recipe.shard_size
    if not 0 < len(ids) <= recipe.shard_size or (ids != np.arange(first, first + len(ids))).any():
        raise ValueError(f"shard {shard} starts at id {first}; got {len(ids)} ids: {ids[:3]}...")
    path = shard_path(folder, shard)
    encoded = _encode(table, range(first, first + len(ids)), recipe)
    with replacing(path, outdating=folder / MANIFEST_FILE) as file:
        file.write(encoded)
    return path


def _table(columns: Mapping[str, Values], recipe: Recipe) -> pa.Table:
    names = [column.name for column in recipe.columns]
    if set(columns) != set(names):
        odd = sorted(set(columns) ^ set(names))
        raise ValueError(f"columns missing or not in the recipe: {', '.join(odd)}")
    rows = len(columns["id"])
    arrays = [_arrow(column, columns[column.name], rows, recipe) for column in recipe.columns]
    return pa.Table.from_arrays(arrays, schema=recipe.schema)


def _arrow(column: Column, values: Values, rows: int, recipe: Recipe) -> pa.Array:
    """Return `values` (rows, *shape) as an Arrow array without going through Python objects."""
    if len(values) != rows:
        raise ValueError(f"column {column.name} has {len(values)} rows, id has {rows}")
    if column.kind == "image":
        return _image_array(values, rows)
    if column.kind == "binary":
        return _bits_array(column, values, recipe)
    if column.kind == "string":
        return _bytes_array([text.encode() for text in values], pa.string())
    array = np.asarray(values)
    if array.shape != (rows, *column.shape):
        raise ValueError(f"column {column.name} is {array.shape}, not {(rows, *column.shape)}")
    flat = np.ascontiguousarray(array.reshape(-1), dtype=column.kind)
    if flat.dtype.kind == "f" and not np.isfinite(flat).all():
        raise ValueError(f"column {column.name} holds numbers that are not finite")
    nested = pa.Array.from_buffers(KINDS[column.kind], len(flat), [None, pa.py_buffer(flat)])
    for length in reversed(column.shape):
        nested = pa.FixedSizeListArray.from_arrays(nested, length)
    return nested


def _image_array(values: Values, rows: int) -> pa.Array:
    nameless = pa.nulls(rows, pa.string())
    return pa.StructArray.from_arrays(
        [_bytes_array(values, pa.binary()), nameless], names=["bytes", "path"]
    )


def _bits_array(column: Column, values: Values, recipe: Recipe) -> pa.Array:
    bits = np.asarray(values)
    width = -(-recipe.vertices // 8)
    if bits.dtype != np.uint8 or bits.shape != (len(bits), width):
        raise ValueError(
            f"column {column.name} is {bits.dtype} {bits.shape}, not uint8 (n, {width})"
        )
    return _bytes_array([row.tobytes() for row in bits], pa.binary())


def _bytes_array(values: Values, kind: pa.DataType) -> pa.Array:
    """Return bytes, or UTF-8 text, as an Arrow array.

    Of buffers, as the numbers are: `pa.array` and `to_numpy` import pandas, 0.2 s of each worker.
    """
    ends = np.cumsum([0, *map(len, values)])
    if ends[-1] > np.iinfo(np.int32).max:
        raise ValueError(f"{ends[-1]} bytes in one column of a shard, Arrow counts to 2^31 - 1")
    offsets = pa.py_buffer(ends.astype(np.int32))
    return pa.Array.from_buffers(kind, len(values), [None, offsets, pa.py_buffer(b"".join(values))])


def _encode(table: pa.Table, ids: range, recipe: Recipe) -> pa.Buffer:
    """Return the bytes of a shard: labels packed with zstd, JPEGs as they are."""
    scalars = [
        c for c in recipe.columns if not c.shape and c.kind != "image" and c.name not in BULKY
    ]
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        table.schema,
        compression={column.leaf: "ZSTD" for column in recipe.columns if column.kind != "image"},
        use_dictionary=[column.name for column in scalars if column.kind == "string"],
        write_statistics=[column.name for column in scalars],
        write_page_checksum=True,
    ) as writer:
        writer.write_table(table, row_group_size=GROUP_ROWS)
        writer.add_key_value_metadata({RECIPE_KEY: recipe.hash, IDS_KEY: f"{ids.start}-{ids.stop}"})
    return sink.getvalue()
