"""What labels promise, stated as facts a camera must obey."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dlm.generator import labels
from dlm.generator.render.base import Frame
from dlm.generator.sampling.pose import FACE_CENTRE, sample_camera
from dlm.generator.scene import Camera, rotation

angles = st.tuples(st.floats(-1.5, 1.5), st.floats(-0.7, 0.7), st.floats(-0.7, 0.7))
points = st.tuples(*[st.floats(-0.2, 0.2)] * 3).map(np.array)


def frontal_camera(focal: float = 800, size: int = 384, distance: float = 0.5) -> Camera:
    pose = np.diag([1.0, -1.0, -1.0, 1.0]).astype(np.float32)
    pose[2, 3] = distance
    centre = (size - 1) / 2
    return Camera(fx=focal, fy=focal, cx=centre, cy=centre, size=size, world_to_camera=pose)


def test_ten_centimetres_up_is_focal_times_a_tenth_over_depth_pixels_up() -> None:
    pixels, depth = labels.project(frontal_camera(), np.array([[0.0, 0.1, 0.0]]))
    np.testing.assert_allclose(pixels, [[383 / 2, 383 / 2 - 800 * 0.1 / 0.5]], rtol=1e-6)
    np.testing.assert_allclose(depth, [0.5])


def test_the_subjects_left_is_on_the_right_of_the_picture() -> None:
    pixels, _ = labels.project(frontal_camera(), np.array([[0.05, 0.0, 0.0]]))
    assert pixels[0, 0] > 383 / 2


def test_a_point_behind_the_camera_has_no_pixel() -> None:
    pixels, depth = labels.project(frontal_camera(), np.array([[0.0, 0.0, 0.7]]))
    assert np.isnan(pixels).all()
    assert depth[0] < 0


@pytest.mark.parametrize(
    ("turn", "moves", "to"),
    [
        ((0.3, 0, 0), [0, 0, 1], [1, 0, 0]),  # yaw: the nose goes to the subject's left
        ((0, 0.3, 0), [0, 0, 1], [0, 1, 0]),  # pitch: the nose goes up
        ((0, 0, 0.3), [0, 1, 0], [1, 0, 0]),  # roll: the crown goes to the left shoulder
    ],
)
def test_signs_of_angles(turn: tuple[float, float, float], moves: list[int], to: list[int]) -> None:
    moved = rotation(*turn) @ np.array(moves, np.float32)
    np.testing.assert_allclose(moved, np.cos(0.3) * np.array(moves) + np.sin(0.3) * np.array(to),
                               atol=1e-6)  # fmt: skip


@given(turn=angles)
def test_a_rotation_keeps_lengths_and_handedness(turn: tuple[float, float, float]) -> None:
    matrix = rotation(*turn)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(matrix) > 0.99


@given(turn=angles, point=points)
def test_a_mirrored_head_has_mirrored_pixels(
    turn: tuple[float, float, float], point: NDArray[np.float64]
) -> None:
    yaw, pitch, roll = turn
    camera = frontal_camera(distance=1.0)
    here = labels.transform(rotation(yaw, pitch, roll), point[None])
    there = labels.transform(rotation(-yaw, pitch, -roll), point[None] * [-1, 1, 1])
    (x, y), (mirrored_x, mirrored_y) = (labels.project(camera, p)[0][0] for p in (here, there))
    np.testing.assert_allclose([mirrored_x, mirrored_y], [383 - x, y], atol=1e-3)


@given(seed=st.integers(0, 2**31), turn=angles)
def test_the_camera_looks_at_the_face(seed: int, turn: tuple[float, float, float]) -> None:
    head = np.array(turn, np.float32)
    camera = sample_camera(np.random.default_rng(seed), head, 256)
    centre = labels.transform(rotation(*turn), FACE_CENTRE[None])
    pixels, _ = labels.project(camera, centre)
    np.testing.assert_allclose(pixels[0], [camera.cx, camera.cy], atol=0.05)
    assert np.abs(pixels[0] - 127.5).max() < 0.08 * 256


@given(count=st.integers(1, 40), seed=st.integers(0, 99))
def test_a_selection_has_the_bits_of_the_whole(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cloud = rng.normal(scale=0.1, size=(200, 3)).astype(np.float32)
    chosen = rng.integers(0, 200, count)
    matrix = rotation(0.3, -0.2, 0.1)
    whole = labels.project(frontal_camera(), labels.transform(matrix, cloud))[0][chosen]
    alone = labels.project(frontal_camera(), labels.transform(matrix, cloud[chosen]))[0]
    np.testing.assert_array_equal(whole, alone)


def test_visibility_is_a_depth_test_with_outline_and_facing() -> None:
    depth = np.zeros((8, 8), np.float32)
    depth[:, 2:6] = 1.0
    frame = Frame(np.zeros((8, 8, 3), np.uint8), depth)
    pixels = np.array([[3, 3], [3, 3], [3, 3], [9, 3], [0, 3], [0, 3]], np.float32)
    distance = np.array([1.0, 1.01, 0.99, 1, 1, 1], np.float32)
    facing = np.array([1, 1, 1, 1, 0.1, -0.5], np.float32)
    shown = labels.vertex_visibility(frame, pixels, distance, facing)
    assert shown.tolist() == [True, False, True, False, True, False]


@given(shown=st.lists(st.booleans(), min_size=1, max_size=70))
def test_packed_bits_give_each_vertex_its_visibility_back(shown: list[bool]) -> None:
    bits = labels.pack_bits(np.array(shown))
    vertices = np.arange(len(shown), dtype=np.int32)
    pixels = np.ones((len(shown), 2), np.float32)
    assert (labels.point_visibility(bits, vertices, pixels, 8) - 1).tolist() == shown
    outside = labels.point_visibility(bits, vertices, pixels - 2, 8)
    assert not outside.any()


def test_tight_box_is_corner_and_extent() -> None:
    box = labels.tight_box(np.array([[3, 9], [5, 4]], np.float32))
    assert box.tolist() == [3, 4, 2, 5]


def test_focal_length_scales_the_picture_about_its_principal_point() -> None:
    camera = frontal_camera()
    near, _ = labels.project(camera, np.array([[0.02, 0.03, 0.01]]))
    far, _ = labels.project(replace(camera, fx=1600.0, fy=1600.0), np.array([[0.02, 0.03, 0.01]]))
    np.testing.assert_allclose(far - 191.5, 2 * (near - 191.5), rtol=1e-5)
