"""Hugging Face `datasets` reads a shard as it is: pictures decoded, points as points."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from dlm import datasets
from tests.datasets.builders import dataset

# In a process of its own: the folder `datasets` of this repository must not be found in its place.
PROGRAM = """
import json, sys
import numpy as np
from datasets import load_dataset
faces = load_dataset("parquet", data_files=sys.argv[1] + "/data/*.parquet", split="train")
row = faces[120]
print(json.dumps({
    "rows": len(faces),
    "features": {name: repr(feature) for name, feature in faces.features.items()},
    "image": type(row["image"]).__name__,
    "pixels": np.asarray(row["image"]).tolist(),
    "row": {name: row[name] for name in ("id", "points", "visibility", "extrinsics", "age")},
    "hair_style": row["hair_style"],
    "bits": list(row["visible_vertices"]),
}))
"""


def load(folder: Path, cache: Path) -> dict[str, object]:
    offline = {"HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, str(folder)],
        env={**os.environ, **offline},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_load_dataset_decodes_pictures_and_points(tmp_path: Path) -> None:
    dataset(tmp_path / "ds", 150)
    ours = datasets.open(tmp_path / "ds")[120]
    theirs = load(tmp_path / "ds", tmp_path / "cache")
    assert (theirs["rows"], theirs["image"]) == (150, "JpegImageFile")
    features = theirs["features"]
    assert isinstance(features, dict)
    assert features["points"] == "List(List(Value('float32'), length=2), length=3)"
    assert features["image"].startswith("Image(")
    assert theirs["row"] == {
        "id": 120,
        "points": ours.points.tolist(),
        "visibility": ours.visibility.tolist(),
        "extrinsics": ours.extrinsics.tolist(),
        "age": ours.attributes["age"],
    }
    assert theirs["hair_style"] == ours.attributes["hair_style"]
    assert theirs["bits"] == ours.visible_vertices.tolist()
    difference = np.abs(np.array(theirs["pixels"]) - ours.image.astype(int))
    assert difference.max() <= 2  # two builds of the same decoder
