"""`dlm render --layers`: aligned with the picture and the labels, and nothing changes without."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from dlm import datasets
from dlm.datasets import Dataset
from dlm.datasets.layers import CLASSES
from dlm.datasets.schema import LAYERS
from dlm.generator import labels, models
from dlm.generator.pipeline import pose_heads
from dlm.generator.rows import SCENE_COLUMNS, scenes_of
from dlm.landmark_specs import load
from tests.cli.shell import dlm

N, SIZE = 16, 192
FACE = ("skin", "brows", "eyes", "nose", "lips", "inner_mouth", "ears", "beard")
Array = NDArray[Any]


def render(folder: Path, *more: str, n: int = N) -> Any:
    return dlm("render", "--spec", "243", "--n", str(n), "--size", str(SIZE), "--seed", "4",
               "--workers", "1", "-o", str(folder), *more)  # fmt: skip


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("layers") / "faces"
    done = render(folder, "--layers", ",".join(LAYERS))
    assert done.returncode == 0, done.stderr
    return datasets.open(folder)


def read(faces: Dataset, layer: str) -> Array:
    return faces.layer(layer, range(N))


def near(masks: Array, reach: int) -> Array:
    """Return (n, H, W) masks grown by `reach` pixels."""
    return np.asarray(maximum_filter(masks, size=(1, 2 * reach + 1, 2 * reach + 1)))


def at_points(masks: Array, points: Array) -> Array:
    """Return the masks' (n, H, W) values at pixels `points` (n, P, 2)."""
    x, y = np.clip(np.rint(points), 0, SIZE - 1).astype(int).transpose(2, 0, 1)
    return np.asarray(masks[np.arange(len(masks))[:, None], y, x])


def classes(*names: str) -> list[int]:
    return [CLASSES.index(name) for name in names]


def test_pictures_and_labels_are_those_without_layers(faces: Dataset, tmp_path: Path) -> None:
    assert render(tmp_path / "plain", n=4).returncode == 0
    plain = datasets.open(tmp_path / "plain")
    assert plain.recipe.layers == ()
    names = ["image", "points", "visibility", "visible_vertices"]
    for name, values in plain.columns(names).items():
        np.testing.assert_array_equal(values, faces.columns([name], range(4))[name])


def test_depth_is_that_of_the_vertices_seen(faces: Dataset) -> None:
    model = models.load("makehuman")
    depth = read(faces, "depth")
    stored = faces.columns([*SCENE_COLUMNS, "visible_vertices"])
    scenes = list(scenes_of(stored, SIZE))
    errors = []
    for k, head in enumerate(pose_heads(model, scenes)):
        world = labels.to_world(scenes[k], head)
        pixels, true = labels.project(scenes[k].camera, world)
        seen = np.unpackbits(stored["visible_vertices"][k], bitorder="little")[: len(head)]
        chosen = np.flatnonzero((seen == 1) & labels.inside(pixels, SIZE))
        x, y = np.rint(pixels[chosen]).astype(int).T
        errors.append(depth[k][y, x] - true[chosen])
    off = np.concatenate(errors)
    assert np.median(np.abs(off)) < 0.0006
    assert (np.abs(off) < 0.003).mean() > 0.88  # the others lie on an outline or a steep cheek


@pytest.mark.parametrize(
    ("group", "parts"),
    [
        ("lips_outer", ("lips", "inner_mouth", "beard")),
        ("lips_inner", ("lips", "inner_mouth")),
        ("eye_left", ("eyes",)),
        ("eye_right", ("eyes",)),
        ("brow_left", ("brows",)),
        ("nose", ("nose",)),
    ],
)
def test_parts_hold_the_points_of_their_group(
    faces: Dataset, group: str, parts: tuple[str, ...]
) -> None:
    columns = faces.columns(["points", "visibility"])
    chosen = load("243").groups[group]
    mask = near(np.isin(read(faces, "segmentation"), classes(*parts)), 3)
    held = at_points(mask, columns["points"][:, chosen])
    assert held[columns["visibility"][:, chosen] == 2].mean() > 0.85


def test_a_visible_point_lies_on_the_face_and_nothing_before_it(faces: Dataset) -> None:
    columns = faces.columns(["points", "visibility"])
    face = near(np.isin(read(faces, "segmentation"), classes(*FACE, "clothes")), 1)
    inner = np.setdiff1d(np.arange(243), load("243").groups["hairline"])
    seen = columns["visibility"][:, inner] == 2
    assert at_points(face, columns["points"][:, inner])[seen].mean() > 0.98


def test_the_background_is_what_has_no_depth(faces: Dataset) -> None:
    parts, depth = read(faces, "segmentation"), read(faces, "depth")
    np.testing.assert_array_equal(parts == CLASSES.index("background"), depth == 0)
    held = set(np.unique(parts))
    assert held >= set(classes("background", *FACE, "hair", "clothes"))


def test_normals_are_those_of_the_depth(faces: Dataset) -> None:
    depth, normals, parts = (read(faces, name) for name in ("depth", "normals", "segmentation"))
    intrinsics = faces.columns(["intrinsics"])["intrinsics"]
    y, x = np.mgrid[:SIZE, :SIZE]
    skin = parts == CLASSES.index("skin")
    inside = ~near(~skin, 2)
    cosines = []
    for k, (fx, fy, cx, cy) in enumerate(intrinsics):
        place = np.stack([(x - cx) / fx, (y - cy) / fy, np.ones_like(x, float)], -1)
        place *= depth[k][..., None]
        across = np.cross(np.gradient(place, axis=1), np.gradient(place, axis=0))
        across /= -np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-12)
        cosines.append((across * normals[k]).sum(-1)[inside[k]])
    assert np.median(np.concatenate(cosines)) > np.cos(np.radians(9))
    there = np.linalg.norm(normals, axis=-1) > 0
    assert there[skin].all()
    assert not there[parts == CLASSES.index("background")].any()


def test_texture_coordinates_are_those_of_the_vertices_seen(faces: Dataset) -> None:
    model = models.load("makehuman")
    uv = read(faces, "uv")
    stored = faces.columns([*SCENE_COLUMNS, "visible_vertices"])
    scenes = list(scenes_of(stored, SIZE))
    face = np.flatnonzero((model.template[:, 2] > 0.0) & (model.regions["inner_mouth"] < 0.1))
    skin = np.intersect1d(face, model.topology.part_vertices("skin"))
    errors = []
    for k, head in enumerate(pose_heads(model, scenes)):
        pixels, _ = labels.project(scenes[k].camera, labels.to_world(scenes[k], head[skin]))
        seen = np.unpackbits(stored["visible_vertices"][k], bitorder="little")[skin] == 1
        chosen = np.flatnonzero(seen & labels.inside(pixels, SIZE))
        x, y = np.rint(pixels[chosen]).astype(int).T
        errors.append(np.abs(uv[k][y, x] - model.topology.uv[skin[chosen]]).max(axis=1))
    off = np.concatenate(errors)
    assert np.nanmedian(off) < 0.006
    assert np.isfinite(off).mean() > 0.9  # the others are a pixel from hair or lashes


def test_an_unknown_layer_is_refused_in_one_line(tmp_path: Path) -> None:
    done = render(tmp_path / "refused", "--layers", "depth,albedo")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "error: --layers: unknown layer 'albedo'; choose of segmentation, depth, normals, uv"
    )
    assert not (tmp_path / "refused").exists()
