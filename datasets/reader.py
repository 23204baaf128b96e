"""Read a dataset: labels without touching a picture, any row by number, pictures in batches.

A Dataset is a list of rows in the order of their ids. `rows` below are places in that list, 0 to
len - 1: in an unfinished dataset they are not the ids.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from dlm.datasets.images import UInt8, decode_batch, decode_jpeg
from dlm.datasets.layers import decode_layers
from dlm.datasets.manifest import read_manifest
from dlm.datasets.recipe import Recipe, read_recipe
from dlm.datasets.schema import Column
from dlm.datasets.shards import GROUP_ROWS, Shard, damage_told, open_shard, read_shard, shard_files
from dlm.errors import DatasetError

if TYPE_CHECKING:
    from dlm.landmark_specs import LandmarkSpec

OPEN_FILES = 128  # handles kept; a process may often hold 1,024 in all

Array = NDArray[Any]
Float32 = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """One row. Angles in degrees, pixels with (0, 0) at the centre of the top-left one."""

    id: int
    jpeg: bytes = field(repr=False)
    points: Float32 = field(repr=False)  # (P, 2)
    visibility: UInt8 = field(repr=False)  # (P,) 0 outside the picture, 1 hidden, 2 visible
    box: Float32  # x y w h
    intrinsics: Float32  # fx fy cx cy
    extrinsics: Float32 = field(repr=False)  # (3, 4) world to camera
    yaw: float
    pitch: float
    roll: float
    gaze: Float32  # (2, 2) [left, right][yaw, pitch]
    neck: Float32  # (3,) yaw pitch roll
    identity: Float32 = field(repr=False)  # (I,)
    expression: Float32 = field(repr=False)  # (52,)
    scene: str = field(repr=False)  # JSON
    visible_vertices: UInt8 = field(repr=False)  # (ceil(V / 8),) packed, little
    attributes: Mapping[str, float | int | str]
    layers: Mapping[str, bytes] = field(repr=False)  # PNG bytes; `dlm.datasets.layers` reads them

    @cached_property
    def image(self) -> UInt8:
        """The picture, (H, W, 3) sRGB, decoded when first asked for."""
        return decode_jpeg(self.jpeg)


def open(path: str | Path) -> "Dataset":
    """Open the dataset in folder `path`, finished or not; DatasetError where it is none."""
    folder = Path(path)
    recipe = read_recipe(folder)
    shards = read_manifest(folder, recipe)
    complete = shards is not None
    if shards is None:
        shards = [read_shard(file, recipe) for file in shard_files(folder)]
    return Dataset(folder, recipe, shards, complete=complete)


class Dataset:
    """The rows of a folder; nothing is read before it is asked for.

    It may be pickled and forked, so worker processes can share one; not used by two threads.
    """

    def __init__(
        self, path: Path, recipe: Recipe, shards: Sequence[Shard], *, complete: bool
    ) -> None:
        self.path = path
        self.recipe = recipe
        self.shards = tuple(shards)
        self.complete = complete  # the run that makes it has ended
        self._starts = np.cumsum([0, *(len(shard.ids) for shard in shards)])
        self._columns = {column.name: column for column in recipe.columns}
        self._files: dict[int, pq.ParquetFile] = {}

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __repr__(self) -> str:
        state = "" if self.complete else ", unfinished"
        return f"<Dataset {self.path}: {len(self)} samples, layout {self.recipe.spec_name}{state}>"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_files": {}}  # open files stay in their process

    @cached_property
    def ids(self) -> NDArray[np.int64]:
        """The (n,) ids of the rows, ascending."""
        ranges = [np.arange(shard.ids.start, shard.ids.stop) for shard in self.shards]
        return np.concatenate([np.empty(0, np.int64), *ranges])

    @cached_property
    def spec(self) -> "LandmarkSpec":
        """The layout that the points are of, as it was when they were labelled."""
        from dlm.landmark_specs import parse

        return parse(self.recipe.spec_text, str(self.path / "dataset.json"))

    def require_spec(self, spec: "LandmarkSpec") -> None:
        """Raise DatasetError unless the points are those of `spec`."""
        if self.recipe.spec_hash != spec.hash:
            raise DatasetError(
                f"labelled with layout {self.recipe.spec_name} ({self.recipe.spec_hash}), "
                f"not {spec.name} ({spec.hash})",
                str(self.path),
                "label it anew without rendering: "
                f"dlm relabel {self.path} --spec {spec.name} -o DIR",
            )

    def columns(self, names: Iterable[str], rows: ArrayLike | None = None) -> dict[str, Array]:
        """Return label columns as (n, *shape) arrays: all rows, or `rows` in the order given.

        'image' and layers give the bytes of their files, as strings give str, in an (n,) array of
        objects. Pictures are not touched unless asked for. DatasetError for an unknown name or a
        damaged shard.
        """
        wanted = list(names)
        if unknown := [name for name in wanted if name not in self._columns]:
            raise DatasetError(
                f"no column {unknown[0]!r}",
                str(self.path),
                f"there are: {', '.join(self._columns)}",
            )
        if rows is None:
            table = pa.concat_tables(self._tables(wanted))
        else:
            table = self._take(wanted, self._checked(rows))
        return {name: _to_numpy(table[name], self._columns[name]) for name in wanted}

    def images(self, rows: ArrayLike) -> UInt8:
        """Return the pictures of `rows` as (n, size, size, 3) uint8 sRGB."""
        jpegs = self.columns(["image"], rows)["image"]
        return self._decoded(lambda: decode_batch(jpegs.tolist(), self.recipe.size))

    def layer(self, name: str, rows: ArrayLike) -> Array:
        """Return a layer of `rows` as (n, size, size, ...): see `dlm.datasets.layers`.

        DatasetError where the dataset was made without it.
        """
        if name not in self.recipe.layers:
            held = ", ".join(self.recipe.layers) or "none"
            raise DatasetError(f"has no layer {name!r}, only {held}", str(self.path),
                               f"render it with --layers {name}")  # fmt: skip
        pngs = self.columns([name], rows)[name]
        return self._decoded(lambda: decode_layers(name, pngs.tolist(), self.recipe.size))

    def _decoded(self, decode: Callable[[], Array]) -> Array:
        try:
            return decode()
        except ValueError as error:
            raise DatasetError(
                f"a picture cannot be decoded: {error}",
                str(self.path),
                "render the dataset again in another folder",
            ) from error

    def samples(self, rows: ArrayLike) -> list[Sample]:
        """Return whole rows, pictures still encoded."""
        columns = self.columns(self._columns, rows)
        return [
            _sample(self.recipe, dict(zip(columns, values, strict=True)))
            for values in zip(*columns.values(), strict=True)
        ]

    def __getitem__(self, row: int) -> Sample:
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        return self.samples([row % len(self)])[0]

    def __iter__(self) -> Iterator[Sample]:
        for start in range(0, len(self), GROUP_ROWS):
            yield from self.samples(range(start, min(start + GROUP_ROWS, len(self))))

    def rows_of(self, ids: ArrayLike) -> NDArray[np.int64]:
        """Return the rows that hold `ids`; DatasetError for an id that is not there."""
        asked = np.asarray(ids, np.int64).reshape(-1)
        rows = np.minimum(np.searchsorted(self.ids, asked), max(len(self) - 1, 0))
        absent = asked[self.ids[rows] != asked] if len(self) else asked
        if absent.size:
            held = f"it holds {len(self)} from {self.ids[0]} to {self.ids[-1]}" if len(self) else ""
            raise DatasetError(f"no sample has the id {absent[0]}", str(self.path), held)
        return rows

    def _checked(self, rows: ArrayLike) -> NDArray[np.int64]:
        places = np.asarray(rows, np.int64).reshape(-1)
        if places.size and not (places.min() >= 0 and places.max() < len(self)):
            raise IndexError(f"rows {places.min()} to {places.max()} of {len(self)}")
        return places

    def _tables(self, names: list[str]) -> list[pa.Table]:
        empty = pa.schema([self.recipe.schema.field(name) for name in names]).empty_table()
        shards = range(len(self.shards))
        return [empty, *(self._read(number, lambda file: file.read(names)) for number in shards)]

    def _take(self, names: list[str], rows: NDArray[np.int64]) -> pa.Table:
        """Read each row group that holds some of `rows` once, then put the rows in order."""
        shard_of = np.searchsorted(self._starts, rows, side="right") - 1
        group_of = (rows - self._starts[shard_of]) // GROUP_ROWS
        place_in = (rows - self._starts[shard_of]) % GROUP_ROWS
        parts = [pa.schema([self.recipe.schema.field(name) for name in names]).empty_table()]
        order = np.lexsort((group_of, shard_of))
        keys = np.stack([shard_of, group_of])[:, order]
        breaks = np.flatnonzero((np.diff(keys) != 0).any(0)) + 1
        for chosen in np.split(order, breaks) if len(order) else []:
            number, group = int(shard_of[chosen[0]]), int(group_of[chosen[0]])
            parts.append(self._read_group(number, group, names).take(place_in[chosen]))
        inverse = np.empty_like(order)
        inverse[order] = np.arange(len(order))
        return pa.concat_tables(parts).take(inverse)

    def _read_group(self, number: int, group: int, names: list[str]) -> pa.Table:
        # Threads cost more than they gain on so little.
        return self._read(number, lambda file: file.read_row_group(group, names, use_threads=False))

    def _read(self, number: int, read: Callable[[pq.ParquetFile], pa.Table]) -> pa.Table:
        path = self.shards[number].path
        file = self._files.pop(number, None) or open_shard(path, self.recipe)
        self._files[number] = file  # the most recently used is the last
        if len(self._files) > OPEN_FILES:
            self._files.pop(next(iter(self._files))).close()
        with damage_told(path):
            return read(file)


def _sample(recipe: Recipe, values: dict[str, Any]) -> Sample:
    attributes = {name: _plain(values.pop(name)) for name in recipe.attributes}
    scalars = {name: _plain(values.pop(name)) for name in ("id", "yaw", "pitch", "roll")}
    layers = {name: values.pop(name) for name in recipe.layers}
    jpeg = values.pop("image")
    return Sample(jpeg=jpeg, attributes=attributes, layers=layers, **scalars, **values)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _to_numpy(values: pa.ChunkedArray, column: Column) -> Array:
    """Return an Arrow column as (n, *shape), without Python objects where it holds numbers."""
    rows = len(values)
    if column.kind == "image":
        import pyarrow.compute as pc  # slow to load, and writers do without

        values = pc.struct_field(values, "bytes")
    if column.kind in ("image", "string"):
        return _objects(values.to_pylist())
    flat = values.combine_chunks()
    if column.kind == "binary":
        return _packed(flat)
    for _ in column.shape:
        flat = flat.flatten()
    return np.asarray(flat.to_numpy(zero_copy_only=False)).reshape(rows, *column.shape)


def _packed(values: pa.BinaryArray) -> UInt8:
    """Return equally long byte strings as (n, length)."""
    _, offsets, data = values.buffers()
    bounds = np.frombuffer(offsets, np.int32)[values.offset : values.offset + len(values) + 1]
    if not len(values):
        return np.empty((0, 0), np.uint8)
    return np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]].reshape(len(values), -1)


def _objects(values: list[Any]) -> Array:
    array = np.empty(len(values), object)
    array[:] = values
    return array
