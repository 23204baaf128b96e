"""Where points of a contour go when the head turns."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import binary_erosion, distance_transform_edt

from dlm.errors import SpecError
from dlm.generator import labels, models
from dlm.generator.contour import Slider
from dlm.generator.contour_paths import OUTER, STAY, STEP, trace
from dlm.generator.look import probabilities
from dlm.generator.models.base import FaceModel, Float32
from dlm.generator.pipeline import pose_heads, sample_scene
from dlm.generator.placing import Placer
from dlm.generator.scene import Camera, Scene
from dlm.landmark_specs import load, parse

SIZE = 256
HEADS = ["makehuman", "ict"]
CHIN = 8


@cache
def head(name: str) -> FaceModel:
    if name not in models.names():
        pytest.skip(f"the head {name} was not added here")
    return models.load(name)


@cache
def slider(name: str, layout: str = "68") -> Slider:
    return Slider(head(name), load(layout), load(layout).vertices[name])


def camera(distance: float = 2.0) -> Camera:
    pose = np.diag([1.0, -1.0, -1.0, 1.0]).astype(np.float32)
    pose[1:3, 3] = -0.04, distance
    focal, middle = SIZE * distance / 0.26, (SIZE - 1) / 2
    return Camera(fx=focal, fy=focal, cx=middle, cy=middle, size=SIZE, world_to_camera=pose)


@cache
def people(name: str, count: int = 2) -> tuple[Scene, ...]:
    return tuple(
        sample_scene(head(name), probabilities.default(), 16, k, SIZE) for k in range(count)
    )


def turned(scene: Scene, yaw: float, pitch: float = 0, distance: float = 2.0) -> Scene:
    turn = np.radians([yaw, pitch, 0]).astype(np.float32)
    return replace(scene, head=turn, camera=camera(distance))


def fixed(name: str, scene: Scene, vertices: Float32, layout: str = "68") -> Float32:
    at = load(layout).vertices[name][slider(name, layout).points]
    return labels.project(scene.camera, labels.to_world(scene, vertices[at]))[0]


def face_mask(name: str, scene: Scene, vertices: Float32) -> NDArray[np.bool_]:
    """Return the (SIZE, SIZE) picture of the skin without ears, neck and body."""
    model = head(name)
    start, stop = model.topology.parts["skin"]
    triangles = model.topology.triangles[start:stop]
    other = np.zeros(len(vertices), bool)
    for region in ("ear", "neck", "shirt"):
        other |= model.regions[region] > 0.3
    other |= model.template[:, 2] < -0.1
    pixels, _ = labels.project(scene.camera, labels.to_world(scene, vertices))
    picture = Image.new("1", (SIZE, SIZE))
    pen = ImageDraw.Draw(picture)
    for corners in pixels[triangles[~other[triangles].any(axis=1)]].reshape(-1, 6).tolist():
        pen.polygon(corners, fill=1)
    return np.asarray(picture)


def posed(name: str) -> list[tuple[Scene, Float32]]:
    return list(zip(people(name), pose_heads(head(name), people(name)), strict=True))


@pytest.mark.parametrize("name", HEADS)
def test_a_frontal_head_keeps_its_points_up_to_the_true_outline(name: str) -> None:
    for scene, vertices in posed(name):
        asked = turned(scene, 0)
        before, (after, _) = fixed(name, asked, vertices), slider(name).place(asked, vertices)
        moved = np.linalg.norm(after - before, axis=1)
        assert moved.max() < 6  # pixels of a face 130 wide
        assert moved.mean() < 2.5
        assert moved[CHIN] < 0.5


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize(("yaw", "pitch"), [(30, 0), (-45, 0), (25, -20), (-30, 15)])
def test_far_points_lie_on_the_outline_of_the_face_without_ears(
    name: str, yaw: float, pitch: float
) -> None:
    for scene, vertices in posed(name):
        asked = turned(scene, yaw, pitch)
        mask = face_mask(name, asked, vertices)
        to_edge = distance_transform_edt(~(mask & ~binary_erosion(mask)))
        after, _ = slider(name).place(asked, vertices)
        x, y = np.rint(after[CHIN + 2 :] if yaw > 0 else after[: CHIN - 1]).astype(int).T
        assert to_edge[y, x].max() <= 2.3
        assert to_edge[y, x].mean() < 1.4


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("yaw", [30, -60, 85])
def test_the_near_side_goes_back_to_the_jawbone_and_no_further(name: str, yaw: float) -> None:
    for scene, vertices in posed(name):
        asked = turned(scene, yaw)
        before, (after, _) = fixed(name, asked, vertices), slider(name).place(asked, vertices)
        near = slice(0, 6) if yaw > 0 else slice(11, 17)
        back = (before - after)[near, 0] * np.sign(yaw)
        assert back.min() > -1.5  # pixels; never forward onto the cheek
        assert back.max() < 1000 * OUTER * STEP * SIZE / 260 * 1.2


@pytest.mark.parametrize("yaw", [0, 20, 45, 80])
def test_a_mirrored_head_has_mirrored_points(yaw: float) -> None:
    template, spec, places = head("makehuman").template, load("68"), slider("makehuman")
    here, there = turned(people("makehuman")[0], yaw, 10), turned(people("makehuman")[0], -yaw, 10)
    one, _ = places.place(here, template)
    other, _ = places.place(there, template)
    twin = np.searchsorted(places.points, spec.mirror[places.points])
    flipped = np.stack([SIZE - 1 - other[twin, 0], other[twin, 1]], axis=1)
    np.testing.assert_allclose(one, flipped, atol=0.05)


@pytest.mark.parametrize("name", HEADS)
def test_points_move_smoothly_with_the_pose(name: str) -> None:
    scene, vertices = posed(name)[0]
    track = np.array([
        slider(name).place(turned(scene, yaw, pitch=5), vertices)[0]
        for yaw in np.arange(-90, 90.1, 1.5)
    ])  # fmt: skip
    jump = np.linalg.norm(np.diff(track, axis=0), axis=2)
    assert jump.max() < 9  # a fixed vertex of a cheek moves by 3 in such a step
    assert np.quantile(jump, 0.99) < 6


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("yaw", [0, 30, -50])
def test_points_keep_their_order_along_the_jaw(name: str, yaw: float) -> None:
    places, spec = slider(name, "243"), load("243")
    line = np.searchsorted(places.points, spec.lines["jaw"].points)
    side = len(line) // 2
    for scene, vertices in posed(name):
        down = np.diff(places.place(turned(scene, yaw), vertices)[0][line, 1])
        assert down[: side - 3].min() > -0.5
        assert down[side + 3 :].max() < 0.5


@pytest.mark.parametrize("name", HEADS)
def test_no_point_ever_lies_on_an_ear_or_the_lips(name: str) -> None:
    paths, model = (
        trace(head(name), load("1001").vertices[name][slider(name, "1001").points]),
        head(name),
    )
    nodes = paths.corners[paths.weight > 0]
    at_home = np.isin(nodes, paths.corners[:, STAY]).any(axis=1)
    for region in ("ear", "lips", "nostril"):
        assert model.regions[region][nodes[~at_home]].max() < 0.5


def test_a_head_without_masks_has_an_outline_too() -> None:
    model = head("makehuman")
    bare = SimpleNamespace(topology=model.topology, template=model.template, regions={})
    plain = Slider(cast(FaceModel, bare), load("68"), load("68").vertices["makehuman"])
    for scene, vertices in posed("makehuman"):
        asked = turned(scene, 35)
        far = slice(CHIN + 2, 17)
        one, other = (s.place(asked, vertices)[0][far] for s in (plain, slider("makehuman")))
        np.testing.assert_allclose(one, other, atol=2.5)


def test_layouts_that_share_a_point_place_it_alike() -> None:
    (scene, vertices), few, many = posed("makehuman")[0], load("68"), load("1001")
    asked = turned(scene, 40)
    one, _ = slider("makehuman").place(asked, vertices)
    other, _ = slider("makehuman", "1001").place(asked, vertices)
    shared = np.searchsorted(slider("makehuman", "1001").points, many.ibug68[:17])
    np.testing.assert_array_equal(one, other[shared])
    assert few.contour == many.contour


def test_a_slid_point_is_seen_where_the_skin_near_it_is() -> None:
    scene, vertices = posed("makehuman")[0]
    model, asked = head("makehuman"), turned(scene, 45)
    far = slice(CHIN + 2, 16)
    nothing = np.zeros((1, -(-len(vertices) // 8)), np.uint8)
    shown = np.ones(len(vertices), bool)
    shown[load("68").vertices["makehuman"][far]] = False  # behind the cheek
    front = labels.pack_bits(shown)[None]
    seen = {
        contour: Placer(model, load("68"), contour).columns([asked], vertices[None], front)
        for contour in ("fixed", "visible")
    }
    assert (seen["visible"]["visibility"][0, far] == labels.VISIBLE).all()
    assert (seen["fixed"]["visibility"][0, far] == labels.HIDDEN).all()
    hidden = Placer(model, load("68"), "visible").columns([asked], vertices[None], nothing)
    assert (hidden["visibility"] == labels.HIDDEN).all()
    np.testing.assert_array_equal(
        seen["visible"]["points"][0, 17:], seen["fixed"]["points"][0, 17:]
    )


def test_a_layout_without_a_contour_cannot_slide_and_says_so() -> None:
    text = load("68").text.replace("contour: [jaw]", "contour: []")
    with pytest.raises(SpecError, match="no groups that may slide") as told:
        Placer(head("makehuman"), parse(text, "mine.yaml"), "visible")
    assert str(told.value).count("\n") == 0


def test_what_lies_amid_the_face_cannot_slide_and_is_named() -> None:
    text = load("68").text.replace("contour: [jaw]", "contour: [jaw, nose]")
    with pytest.raises(SpecError, match="point 'nose_bridge_01' cannot slide"):
        Placer(head("makehuman"), parse(text, "mine.yaml"), "visible")
