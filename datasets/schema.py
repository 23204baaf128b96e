"""What a row of a dataset is: its columns, their shapes, and how Hugging Face is told of them.

Shapes  P points of the layout, I identity coefficients, V vertices of the head model; a column of
        shape (P, 2) is P lists of two numbers in the file and an (n, P, 2) array in memory.
Units   pixels with (0, 0) at the centre of the top-left pixel; angles in degrees; metres.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import pyarrow as pa

UNITS = 52  # ARKit expression units, on every head
LAYERS = ("segmentation", "depth", "normals", "uv")  # pictures beside the image: datasets.layers

KINDS: Mapping[str, pa.DataType] = {
    "float32": pa.float32(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "string": pa.string(),
    "binary": pa.binary(),
}


@dataclass(frozen=True)
class Column:
    """One column: `kind` is a key of KINDS or 'image', `shape` that of one row's value."""

    name: str
    kind: str
    shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """How many numbers one row holds."""
        return prod(self.shape)

    @property
    def leaf(self) -> str:
        """The path of its numbers in a Parquet file."""
        return self.name + ".list.element" * len(self.shape)

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type: fixed-size lists, one level an axis."""
        if self.kind == "image":
            return pa.struct({"bytes": pa.binary(), "path": pa.string()})
        nested = KINDS[self.kind]
        for length in reversed(self.shape):
            nested = pa.list_(nested, length)
        return nested

    @property
    def feature(self) -> dict[str, Any]:
        """The same, as Hugging Face `datasets` writes it."""
        if self.kind == "image":
            return {"_type": "Image"}
        nested: dict[str, Any] = {"dtype": self.kind, "_type": "Value"}
        for length in reversed(self.shape):
            nested = {"feature": nested, "length": length, "_type": "List"}
        return nested


def row_columns(
    points: int, identity: int, attributes: Mapping[str, str], layers: Sequence[str] = ()
) -> tuple[Column, ...]:
    """Return the columns of a row, in the order of the file.

    `attributes` are what rows can be filtered by (traits, look): name -> 'float32', 'int32' or
    'string'; `layers` some of LAYERS.
    """
    core = (
        Column("id", "int64"),
        Column("image", "image"),  # JPEG bytes, sRGB
        Column("points", "float32", (points, 2)),  # pixels
        Column("visibility", "uint8", (points,)),  # 0 outside the picture, 1 hidden, 2 visible
        Column("box", "float32", (4,)),  # x y w h, tight around the points
        Column("intrinsics", "float32", (4,)),  # fx fy cx cy, pixels
        Column("extrinsics", "float32", (3, 4)),  # world to camera, OpenCV axes, metres
        Column("yaw", "float32"),
        Column("pitch", "float32"),
        Column("roll", "float32"),
        Column("gaze", "float32", (2, 2)),  # [left eye, right eye][yaw, pitch], degrees
        Column("neck", "float32", (3,)),  # yaw pitch roll of the head on the torso, degrees
        Column("identity", "float32", (identity,)),
        Column("expression", "float32", (UNITS,)),
        Column("scene", "string"),  # JSON with a version: what else the Scene holds
        Column("visible_vertices", "binary"),  # numpy.packbits(..., bitorder="little") over V
    )
    taken = {column.name for column in core} | set(LAYERS)
    if clash := sorted(taken & set(attributes)):
        raise ValueError(f"attributes named like columns of every row: {', '.join(clash)}")
    named = tuple(Column(name, kind) for name, kind in attributes.items())
    return core + named + tuple(Column(name, "image") for name in layers)  # PNG bytes


def row_schema(columns: Sequence[Column]) -> pa.Schema:
    """Return the Arrow schema of a shard, Hugging Face features in its metadata."""
    features = {column.name: column.feature for column in columns}
    return pa.schema(
        [pa.field(column.name, column.arrow) for column in columns],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
