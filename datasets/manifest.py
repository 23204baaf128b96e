"""manifest.json: the run is complete, and this is what it left.

Absent while a run goes on: then the folder's listing is the truth. So there is never a manifest
that tells of other shards than those present.
"""

import json
import platform
from pathlib import Path

import numpy as np
import pyarrow as pa

from dlm.datasets.files import replacing
from dlm.datasets.recipe import Recipe, read_recipe
from dlm.datasets.shards import Shard, damaged, read_shard, sha256_of, shard_files
from dlm.errors import DatasetError

MANIFEST_FILE = "manifest.json"


def write_manifest(folder: Path) -> None:
    """Say that the run that fills `folder` is complete.

    Raises DatasetError where a shard is damaged.
    """
    recipe = read_recipe(folder)
    shards = [read_shard(path, recipe) for path in shard_files(folder)]
    content = {
        "recipe": recipe.hash,
        "rows": sum(len(shard.ids) for shard in shards),
        "libraries": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "pyarrow": pa.__version__,
        },
        "shards": [
            {
                "file": shard.path.relative_to(folder).as_posix(),
                "first": shard.ids.start,
                "rows": len(shard.ids),
                "size": shard.size,
                "sha256": sha256_of(shard.path),
            }
            for shard in shards
        ],
    }
    with replacing(folder / MANIFEST_FILE) as file:
        file.write((json.dumps(content, indent=1) + "\n").encode())


def read_manifest(folder: Path, recipe: Recipe) -> list[Shard] | None:
    """Return the shards of a complete dataset without opening one, None for an unfinished one.

    Raises DatasetError where a shard is gone or of another size than when it was written.
    """
    path = folder / MANIFEST_FILE
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["recipe"] != recipe.hash:
            raise ValueError("it belongs to another recipe")
        return [_listed(folder, entry) for entry in content["shards"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"cannot be used: {error}", str(path), "delete it and run the same 'dlm render' again"
        ) from error


def _listed(folder: Path, entry: dict[str, int | str]) -> Shard:
    path, first, rows = folder / str(entry["file"]), int(entry["first"]), int(entry["rows"])
    size = path.stat().st_size if path.exists() else None
    if size is None:
        raise damaged(path, "it is gone")
    if size != entry["size"]:
        raise damaged(path, f"it has {size} bytes, {entry['size']} were written")
    return Shard(path, range(first, first + rows), size, str(entry["sha256"]))
