"""How fast datasets are written and read: `python benchmarks/datasets_io.py [ROWS] [SIZE]`.

Fabricates ROWS samples (default 20,000) of 68 points and SIZE pixels (default 256) with noise in
every label, so that nothing packs better than it would in earnest; prints rates as Markdown.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from dlm import datasets
from dlm.datasets.images import encode_jpeg
from dlm.datasets.manifest import write_manifest
from dlm.datasets.recipe import Recipe
from dlm.datasets.writer import create_or_check, missing_shards, write_shard

POINTS, COEFFICIENTS, VERTICES = 68, 60, 19_649


def recipe_of(size: int) -> Recipe:
    """A recipe as large as a real one."""
    names = [f"look_{i}" for i in range(20)]
    return Recipe(
        spec_name="68", spec_hash="0" * 12, spec_text="", points=POINTS, model="none",
        topology="none", vertices=VERTICES, identity=COEFFICIENTS, size=size, seed=0, look="",
        attributes=dict.fromkeys(names, "float32") | {"hair": "string"}, versions={},
    )  # fmt: skip


def rows_of(recipe: Recipe, ids: range, jpegs: list[bytes]) -> dict[str, Any]:
    """Noise in every column; pictures from a small stock."""
    rng = np.random.default_rng(ids.start)
    n = len(ids)
    columns: dict[str, Any] = {
        column.name: rng.normal(0, 100, (n, *column.shape)).astype(np.float32)
        for column in recipe.columns
        if column.kind == "float32"
    }
    seen = np.repeat(rng.random((n, 200)) < 0.5, VERTICES // 200 + 1, axis=1)[:, :VERTICES]
    return columns | {
        "id": np.arange(ids.start, ids.stop),
        "image": [jpegs[i % len(jpegs)] for i in ids],
        "visibility": rng.integers(0, 3, (n, POINTS)).astype(np.uint8),
        "scene": ['{"version": 1, ' + "0.123456789, " * 60 + "}"] * n,
        "visible_vertices": np.packbits(seen, axis=1, bitorder="little"),
        "hair": ["short"] * n,
    }


def stock(size: int) -> list[bytes]:
    """Sixteen JPEGs with about the detail of a face."""
    rng = np.random.default_rng(0)
    noise = [Image.fromarray(rng.integers(0, 256, (size, size, 3), np.uint8)) for _ in range(16)]
    smooth = [np.asarray(picture.filter(ImageFilter.GaussianBlur(2))) for picture in noise]
    return [encode_jpeg(picture, 90) for picture in smooth]


def timed(what: str, count: int, unit: str, work: Callable[[], object]) -> None:
    """Print one line of the table."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    print(f"| {what} | {count / seconds:,.0f} {unit}/s | {seconds:.3f} s |", flush=True)


def write(folder: Path, recipe: Recipe, n: int, jpegs: list[bytes]) -> None:
    """Write `n` rows, counting the writer's time alone."""
    create_or_check(folder, recipe)
    spent = 0.0
    for shard in missing_shards(folder, recipe, n):
        columns = rows_of(recipe, recipe.shard_ids(shard, n), jpegs)
        start = time.perf_counter()
        write_shard(folder, shard, columns, recipe)
        spent += time.perf_counter() - start
    print(f"| write shards, synced to disk | {n / spent:,.0f} rows/s | {spent:.3f} s |", flush=True)


def main(n: int, size: int) -> None:
    """Write, then read in every way."""
    jpegs, recipe = stock(size), recipe_of(size)
    rng = np.random.default_rng(0)
    print(f"{n:,} rows, {size} px, {np.mean([len(jpeg) for jpeg in jpegs]):,.0f} bytes a JPEG\n")
    print("| what | rate | time |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "ds"
        write(folder, recipe, n, jpegs)
        timed("open, unfinished", n, "rows", lambda: datasets.open(folder))
        timed("manifest (sha256 of all)", n, "rows", lambda: write_manifest(folder))
        timed("open, complete", n, "rows", lambda: datasets.open(folder))
        data = datasets.open(folder)
        timed("yaw of all rows", n, "rows", lambda: data.columns(["yaw"]))
        labels = ["points", "visibility", "yaw", "pitch", "roll", "hair"]
        timed("points, visibility, pose of all", n, "rows", lambda: data.columns(labels))
        timed("visible_vertices of all", n, "rows", lambda: data.columns(["visible_vertices"]))
        few = min(n, 2048)
        there = rng.choice(n, few, replace=False)
        timed(
            "one random image a call",
            256,
            "images",
            lambda: [data.images([r]) for r in there[:256]],
        )
        timed(
            "random batches of 64",
            few,
            "images",
            lambda: [data.images(b) for b in np.split(there, few // 64)],
        )
        places = np.arange(few)
        timed(
            "sequential batches of 256",
            few,
            "images",
            lambda: [data.images(b) for b in np.split(places, few // 256)],
        )
        timed("whole samples, ds[i]", 256, "rows", lambda: [data[int(r)] for r in there[:256]])


if __name__ == "__main__":
    arguments = [int(word) for word in sys.argv[1:]]
    main(*(arguments + [20_000, 256][len(arguments) :]))
