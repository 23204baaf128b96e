"""A toy layout of coloured dots, datasets of it, and the settings of runs that take seconds."""

import colorsys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dlm import datasets
from dlm.datasets.images import encode_jpeg
from dlm.datasets.manifest import write_manifest
from dlm.datasets.recipe import Recipe
from dlm.datasets.writer import create_or_check, missing_shards, write_shard
from dlm.landmark_specs import LandmarkSpec, parse
from dlm.train.data import TrainingData, load
from dlm.train.precision import by_name
from dlm.train.settings import Settings
from dlm.train.trainer import Trainer

SPEC = """\
name: dots_6
version: 1
topology: {makehuman: 3f9c1a}
points:
  #            makehuman
  eye_right:   [0]
  eye_left:    [1]
  nose:        [2]
  mouth_right: [3]
  mouth_left:  [4]
  chin:        [5]
mirror:
  pairs: [[eye_right, eye_left], [mouth_right, mouth_left]]
  midline: [nose, chin]
groups: {eyes: [eye_right, eye_left], rest: [nose, mouth_right, mouth_left, chin]}
lines: {mouth: {points: [mouth_right, mouth_left], closed: false}}
ibug68: {8: chin, 30: nose, 36: eye_right, 45: eye_left, 48: mouth_right, 54: mouth_left}
normaliser: {inter_ocular: [eye_right, eye_left]}
contour: []
"""
TEMPLATE = np.array([[-1, -1], [1, -1], [0, 0], [-0.7, 0.9], [0.7, 0.9], [0, 1.6]])
SIZE = 96
IDENTITY = 4
FLOAT32 = by_name("float32 channels_last")


def spec() -> LandmarkSpec:
    return parse(SPEC, "dots_6.yaml")


def palette() -> np.ndarray:
    """Six colours far apart; those of mirrored points agree, as on a face."""
    hues = [0.0, 0.0, 0.2, 0.4, 0.4, 0.65]
    return np.array([colorsys.hsv_to_rgb(hue, 1, 1) for hue in hues])


def draw(
    points: np.ndarray, size: int, radius: float = 2.5, colours: np.ndarray | None = None
) -> np.ndarray:
    """Return a (size, size, 3) uint8 picture of soft dots at (6, 2) pixels."""
    y, x = np.mgrid[:size, :size].astype(float)
    image = np.full((size, size, 3), 0.25)
    for (px, py), colour in zip(points, palette() if colours is None else colours, strict=True):
        mass = np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * radius**2))[..., None]
        image = image * (1 - mass) + colour * mass
    return (image * 255).round().astype(np.uint8)


def face(index: int, size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """Return one picture and its (6, 2) points, somewhere in it."""
    rng = np.random.default_rng((9, index))
    angle, scale = rng.normal(0, 0.2), size * rng.uniform(0.13, 0.2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shape = TEMPLATE + rng.normal(0, 0.08, TEMPLATE.shape)
    points = shape @ turn.T * scale + size * rng.uniform(0.42, 0.52, 2)
    return draw(points, size), points.astype(np.float32)


def write_dataset(folder: Path, n: int, *, spec_text: str = SPEC) -> datasets.Dataset:
    """Write `n` faces; two in a row are of one identity."""
    layout = parse(spec_text, "builders")
    recipe = Recipe(
        spec_name=layout.name, spec_hash=layout.hash, spec_text=spec_text, points=layout.size,
        model="makehuman", topology="3f9c1a", vertices=8, identity=IDENTITY, attributes={},
        size=SIZE, seed=0, look="", versions={"dlm": "0"}, shard_size=64,
    )  # fmt: skip
    create_or_check(folder, recipe)
    for shard in missing_shards(folder, recipe, n):
        write_shard(folder, shard, _columns(recipe, recipe.shard_ids(shard, n)), recipe)
    write_manifest(folder)
    return datasets.open(folder)


def _columns(recipe: Recipe, ids: range) -> dict[str, Any]:
    faces = [face(index) for index in ids]
    columns: dict[str, Any] = {
        c.name: np.zeros((len(ids), *c.shape), c.kind)
        for c in recipe.columns
        if c.kind in ("float32", "uint8")
    }
    columns["id"] = np.array(ids)
    columns["image"] = [encode_jpeg(image, 95) for image, _ in faces]
    columns["points"] = np.stack([points for _, points in faces])
    columns["scene"] = ["{}"] * len(ids)
    columns["visible_vertices"] = np.zeros((len(ids), 1), np.uint8)
    columns["identity"] = np.stack(
        [np.random.default_rng(index // 2).normal(size=IDENTITY) for index in ids]
    ).astype(np.float32)
    return columns


def settings(**changes: Any) -> Settings:
    """Settings of a run of a few steps at 32 pixels."""
    fields: dict[str, Any] = {
        "samples": 240, "size": 32, "width": 16, "batch": 8, "validations": 3,
        "learning_rate": 3e-3,
    }  # fmt: skip
    return Settings(**{**fields, **changes})


def training_data(folder: Path, n: int = 40, size: int = 32) -> TrainingData:
    return load(write_dataset(folder, n), spec(), size, lambda count: None)


def trainer(data: TrainingData, **changes: Any) -> Trainer:
    return Trainer(settings(**changes), data, FLOAT32, torch.device("cpu"))
