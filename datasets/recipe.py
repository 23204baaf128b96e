"""What a dataset was asked to be: the recipe, kept in DIR/dataset.json.

A sample is a pure function of recipe and index, so the recipe's hash names the dataset: shards of
another recipe are never mixed in. How many rows there are is not part of it: more may be added.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from dlm.datasets.schema import Column, row_columns, row_schema
from dlm.errors import DatasetError

FORMAT = 1  # of dataset.json and of the row; raise it when an older reader would misread
RECIPE_FILE = "dataset.json"
CONTOURS = ("fixed", "visible")  # where contour points lie: their vertex, or the outline as seen


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that rows depend on besides their index."""

    spec_name: str
    spec_hash: str
    spec_text: str = field(repr=False)  # the layout's YAML; spec_hash stands for its meaning
    points: int  # of the layout
    model: str
    topology: str  # hash of the model's topology
    vertices: int  # of the model
    identity: int  # coefficients of the model
    attributes: Mapping[str, str]  # filterable columns: name -> 'float32', 'int32', 'string'
    size: int  # pixels; images are square
    seed: int
    look: str = field(repr=False)  # the text of its probabilities
    versions: Mapping[str, str]  # of the code whose change would change a row
    shard_size: int = 256  # rows; shard k holds the ids [k * shard_size, (k + 1) * shard_size)
    contour: str = CONTOURS[0]  # where the points of the layout's contour groups lie
    backgrounds: str = ""  # hash over photos or panoramas behind the heads, if any
    layers: tuple[str, ...] = ()  # pictures kept beside the image, some of schema.LAYERS

    @cached_property
    def hash(self) -> str:
        """Twelve hex digits over all fields; comments in the layout's YAML do not count."""
        meaning = asdict(self)
        del meaning["spec_text"]
        if self.contour == CONTOURS[0]:
            del meaning["contour"]  # datasets older than the field keep their hash
        if not self.backgrounds:
            del meaning["backgrounds"]
        if not self.layers:
            del meaning["layers"]
        meaning["attributes"] = list(self.attributes.items())  # their order is the file's
        text = json.dumps({"format": FORMAT, **meaning}, sort_keys=True)
        return sha256(text.encode()).hexdigest()[:12]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a row."""
        return row_columns(self.points, self.identity, self.attributes, self.layers)

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema of every shard."""
        return row_schema(self.columns)

    def shard_ids(self, shard: int, n: int) -> range:
        """Return the ids that shard `shard` of a dataset of `n` rows holds."""
        return range(shard * self.shard_size, min((shard + 1) * self.shard_size, n))

    def shard_count(self, n: int) -> int:
        """Return how many shards `n` rows fill."""
        return -(-n // self.shard_size)

    def to_json(self) -> str:
        """Return the text of dataset.json."""
        content = {"format": FORMAT, "hash": self.hash, "recipe": asdict(self)}
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"

    def differences(self, other: "Recipe") -> list[str]:
        """Say in what `other` differs, a phrase a field: 'seed 1, not 2'."""
        phrases = []
        for name in (entry.name for entry in fields(self) if entry.name != "spec_text"):
            mine, its = (_spoken(getattr(recipe, name)) for recipe in (self, other))
            if mine == its and (name != "attributes" or list(mine) == list(its)):
                continue
            brief = isinstance(mine, str | int) and len(f"{mine}{its}") < 60
            phrases.append(f"{name} {mine}, not {its}" if brief else f"another {name}")
        return phrases


def _spoken(value: Any) -> Any:
    spoken = "+".join(value) if isinstance(value, tuple) else value
    return "none" if spoken == "" else spoken


def parse_recipe(text: str, where: str) -> Recipe:
    """Read what `Recipe.to_json` wrote; DatasetError where it is anything else."""
    way_out = "is this the file that dlm wrote? render the dataset again"
    try:
        content = json.loads(text)
        version, stored = content["format"], content["recipe"]
        if version != FORMAT:
            raise DatasetError(
                f"format {version}, this dlm reads {FORMAT}", where, "use the dlm that wrote it"
            )
        recipe = Recipe(**{**stored, "layers": tuple(stored.get("layers", ()))})
        intact = recipe.hash == content["hash"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"not a recipe: {error}", where, way_out) from error
    if not intact:
        raise DatasetError("the recipe was edited: its hash does not fit", where, way_out)
    return recipe


def read_recipe(folder: Path) -> Recipe:
    """Return the recipe of the dataset in `folder`; DatasetError where there is none."""
    path = folder / RECIPE_FILE
    try:
        return parse_recipe(path.read_text(encoding="utf-8"), str(path))
    except NotADirectoryError as error:
        raise DatasetError(
            "is a file, a dataset is a folder", str(folder), "give the folder with dataset.json"
        ) from error
    except FileNotFoundError as error:
        there = folder.is_dir()
        found = "is not a dataset: it holds no dataset.json" if there else "no such folder"
        raise DatasetError(found, str(folder), "make one with 'dlm render'") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise DatasetError(
            f"cannot be read: {reason}", str(path), "check its permissions, or render again"
        ) from error
