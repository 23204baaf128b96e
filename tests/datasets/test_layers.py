"""Layers: pictures of numbers that come back as they were, beside the image in every row."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlm import datasets
from dlm.datasets.layers import CLASSES, decode_layer, decode_layers, encode_layer
from dlm.datasets.manifest import write_manifest
from dlm.datasets.pictures import PALETTE, coloured, layer_sheet
from dlm.datasets.recipe import parse_recipe
from dlm.datasets.writer import create_or_check, write_shard
from dlm.errors import DatasetError
from tests.datasets import builders

SIDE = 16
seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds)
def test_parts_come_back_as_they_were(seed: int) -> None:
    parts = np.random.default_rng(seed).integers(0, len(CLASSES), (SIDE, SIDE)).astype(np.uint8)
    np.testing.assert_array_equal(
        decode_layer("segmentation", encode_layer("segmentation", parts)), parts
    )


@given(seed=seeds)
def test_depth_comes_back_to_a_tenth_of_a_millimetre(seed: int) -> None:
    metres = np.random.default_rng(seed).uniform(0.2, 6.5, (SIDE, SIDE)).astype(np.float32)
    metres[0] = 0
    read = decode_layer("depth", encode_layer("depth", metres))
    np.testing.assert_allclose(read, metres, atol=0.51e-4)
    assert not read[0].any()


@given(seed=seeds)
def test_normals_come_back_to_half_a_degree(seed: int) -> None:
    normals = np.random.default_rng(seed).normal(size=(SIDE, SIDE, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    normals[0] = 0
    read = decode_layer("normals", encode_layer("normals", normals))
    assert not read[0].any()
    cosine = (read[1:] * normals[1:]).sum(axis=-1)
    assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < 0.6


@given(seed=seeds)
def test_texture_coordinates_come_back_finer_than_any_texture(seed: int) -> None:
    uv = np.random.default_rng(seed).uniform(0, 1, (SIDE, SIDE, 2)).astype(np.float32)
    uv[0] = np.nan
    uv[1, :2] = [[0, 0], [1, 1]]
    read = decode_layer("uv", encode_layer("uv", uv))
    np.testing.assert_allclose(read, uv, atol=1e-5, equal_nan=True)


def with_layers(folder: Path) -> dict[str, np.ndarray]:
    """Write 12 rows with parts and depth and return what the layers hold."""
    rng = np.random.default_rng(0)
    recipe = builders.recipe(layers=("segmentation", "depth"))
    plain = builders.rows(builders.recipe(), range(12))
    parts = rng.integers(0, len(CLASSES), (12, 32, 32)).astype(np.uint8)
    depth = (rng.integers(0, 30_000, (12, 32, 32)) * 1e-4).astype(np.float32)
    layers = {"segmentation": parts, "depth": depth}
    pngs = {name: [encode_layer(name, one) for one in held] for name, held in layers.items()}
    create_or_check(folder, recipe)
    write_shard(folder, 0, plain | pngs, recipe)
    write_manifest(folder)
    return layers


def test_a_dataset_keeps_layers_beside_its_images(tmp_path: Path) -> None:
    wrote = with_layers(tmp_path)
    data = datasets.open(tmp_path)
    for name, values in wrote.items():
        np.testing.assert_allclose(data.layer(name, [7, 2]), values[[7, 2]], atol=1e-6)
        one = decode_layers(name, [data[5].layers[name]], 32)[0]
        np.testing.assert_allclose(one, values[5], atol=1e-6)
    assert data.layer("depth", []).shape == (0, 32, 32)
    with pytest.raises(DatasetError, match="no layer 'uv', only segmentation, depth"):
        data.layer("uv", [0])


def test_hugging_face_reads_layers_as_images(tmp_path: Path) -> None:
    from datasets import load_dataset

    wrote = with_layers(tmp_path / "ds")
    rows = load_dataset("parquet", data_files=str(tmp_path / "ds/data/*.parquet"),
                        split="train", cache_dir=str(tmp_path / "cache"))  # fmt: skip
    np.testing.assert_array_equal(np.asarray(rows[3]["segmentation"]), wrote["segmentation"][3])
    tenths = np.asarray(rows[3]["depth"]).astype(np.int64)
    np.testing.assert_array_equal(tenths, np.rint(wrote["depth"][3] / 1e-4))


def test_layers_are_part_of_the_recipe_and_older_ones_have_none() -> None:
    plain, layered = builders.recipe(), builders.recipe(layers=("depth",))
    assert plain.differences(layered) == ["layers none, not depth"]
    behind = builders.recipe(backgrounds="0123abcd")
    assert behind.differences(plain) == ["backgrounds 0123abcd, not none"]
    assert parse_recipe(layered.to_json(), "").hash == layered.hash != plain.hash
    assert parse_recipe(layered.to_json(), "").layers == ("depth",)
    older = plain.to_json().replace(',\n    "layers": []', "")
    assert '"layers"' not in older
    assert parse_recipe(older, "").hash == plain.hash


def test_the_sheet_shows_each_image_and_its_layers_in_colours(tmp_path: Path) -> None:
    wrote = with_layers(tmp_path)
    sheet = layer_sheet(datasets.open(tmp_path), np.array([4, 9]))
    assert sheet.shape == (2 * 32, 3 * 32, 3)
    np.testing.assert_array_equal(sheet[32:, 32:64], PALETTE[wrote["segmentation"][9]])
    np.testing.assert_array_equal(sheet[:32, 64:], coloured("depth", wrote["depth"][4]))
    assert len(PALETTE) == len(CLASSES)


def test_no_layers_no_sheet_of_them(tmp_path: Path) -> None:
    builders.dataset(tmp_path, 100)
    with pytest.raises(DatasetError, match="has no layers"):
        layer_sheet(datasets.open(tmp_path), np.array([1]))
