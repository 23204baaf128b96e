"""What a renderer promises: pixels where the camera says, metres in the depth, the same bytes."""

import resource
from dataclasses import replace

import numpy as np
import pytest

from dlm.errors import RenderError
from dlm.generator.look import probabilities
from dlm.generator.look.factors import Look
from dlm.generator.look.sample import sample_look
from dlm.generator.look.surroundings import nothing_worn
from dlm.generator.models.base import FaceModel
from dlm.generator.models.normals import vertex_normals
from dlm.generator.render import Frame, Renderer, open_renderer
from dlm.generator.scene import Camera, Scene, rotation

SIZE = 256


def bare_look() -> Look:
    """A look with nothing over the face and no faults of the sensor."""
    look = sample_look(1, 1, {"age": 30.0, "sex": 0.0}, probabilities.default())
    return replace(
        look,
        hair=replace(look.hair, style="bald"),
        wardrobe=nothing_worn(look.wardrobe),
        occluders=(),
        sensor=replace(look.sensor, blur=0.0, motion=(0.0, 0.0), low_side=1.0, noise=0.0),
    )


def camera(centre: tuple[float, float] = (127.5, 127.5), distance: float = 0.8) -> Camera:
    to_camera = np.diag([1.0, -1.0, -1.0, 1.0]).astype(np.float32)
    to_camera[:3, 3] = [0.0, -0.02, distance]
    return Camera(fx=640.0, fy=640.0, cx=centre[0], cy=centre[1], size=SIZE,
                  world_to_camera=to_camera)  # fmt: skip


def scene(head: FaceModel, look: Look, turn: tuple[float, float, float], view: Camera) -> Scene:
    return Scene(seed=1, index=1, identity=np.zeros(head.identity_size, np.float32), traits={},
                 expression=np.zeros(52, np.float32), gaze=np.zeros((2, 2), np.float32),
                 neck=np.zeros(3, np.float32), head=np.array(turn, np.float32), camera=view,
                 look=look)  # fmt: skip


def draw(
    renderer: Renderer, head: FaceModel, neutral: np.ndarray, turn=(0.0, 0.0, 0.0),
    look: Look | None = None, view: Camera | None = None,
) -> tuple[Frame, np.ndarray]:  # fmt: skip
    """Return the frame and the posed vertices (V, 3)."""
    posed = (neutral @ rotation(*turn).T).astype(np.float32)
    normals = vertex_normals(posed[None], head.topology)[0]
    asked = scene(head, look or bare_look(), turn, view or camera())
    return renderer.draw(asked, posed, normals), posed


def project(view: Camera, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    seen = points @ view.world_to_camera[:3, :3].T + view.world_to_camera[:3, 3]
    pixels = seen[:, :2] / seen[:, 2:] * [view.fx, view.fy] + [view.cx, view.cy]
    return pixels, seen[:, 2]


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (0.7, 0.2, -0.3), (-1.2, -0.3, 0.4)])
def test_depth_is_the_projected_depth_of_what_is_seen(renderer, head, neutral, turn):
    frame, posed = draw(renderer, head, neutral, turn)
    view = camera()
    pixels, depth = project(view, posed)
    column, row = np.rint(pixels).astype(int).T
    skin = head.topology.part_vertices("skin")
    skin = skin[(head.regions["inner_mouth"] < 0.05)[skin] & (head.regions["ear"] < 0.05)[skin]]
    inside = skin[((column > 0) & (column < SIZE - 1) & (row > 0) & (row < SIZE - 1))[skin]]
    normals = vertex_normals(posed[None], head.topology)[0]
    eye = -view.world_to_camera[:3, :3].T @ view.world_to_camera[:3, 3]
    rays = eye - posed
    facing = (normals * rays).sum(1) / np.linalg.norm(rays, axis=1)
    steep = inside[facing[inside] > 0.5]
    found = frame.depth[row[steep], column[steep]]
    error = found - depth[steep]
    assert len(steep) > 1000
    assert np.median(np.abs(error)) < 5e-4
    assert (error < 0.002).mean() > 0.99  # what is not seen is hidden, by something nearer
    assert (np.abs(error) < 0.002).mean() > 0.7  # brow and nose hide some


def test_nothing_there_has_no_depth(renderer, head, neutral):
    frame, _ = draw(renderer, head, neutral)
    assert frame.depth.dtype == np.float32
    assert frame.depth[0, 0] == 0.0
    assert frame.depth[128, 128] == pytest.approx(0.78, abs=0.05)


def test_the_silhouette_lies_where_vertices_project_to_a_fraction_of_a_pixel(
    renderer, head, neutral
):
    """A picture shifted by whole pixels is the same picture; by half a pixel it is not."""
    frame, posed = draw(renderer, head, neutral)
    pixels, _ = project(camera(), posed)
    above = head.template[:, 1] > -0.05
    rows, columns = np.nonzero(frame.depth)
    edges = (columns[rows < 160].min(), columns[rows < 160].max(), rows.min())
    skin = np.zeros(len(posed), bool)
    skin[head.topology.part_vertices("skin")] = True
    near = pixels[skin & above & (pixels[:, 1] < 160)]
    # A pixel is covered where its centre is: the outermost centre lies within a pixel inside.
    assert near[:, 0].min() <= edges[0] < near[:, 0].min() + 1.5
    assert near[:, 0].max() - 1.5 < edges[1] <= near[:, 0].max()
    assert near[:, 1].min() <= edges[2] < near[:, 1].min() + 1.5


def test_moving_the_principal_point_by_whole_pixels_moves_the_picture(renderer, head, neutral):
    first, _ = draw(renderer, head, neutral)
    second, _ = draw(renderer, head, neutral, view=camera((132.5, 120.5)))
    moved = second.depth[: SIZE - 7, 5:]
    there = first.depth[7:, : SIZE - 5]
    both = (moved > 0) & (there > 0)
    assert ((moved > 0) != (there > 0)).mean() < 0.001
    assert np.percentile(np.abs(moved - there)[both], 99.5) < 1e-4


def test_a_mirrored_scene_gives_the_mirrored_depth(renderer, head, neutral):
    left, _ = draw(renderer, head, neutral, (0.5, 0.2, -0.3))
    right, _ = draw(renderer, head, neutral, (-0.5, 0.2, 0.3))
    mirrored = right.depth[:, ::-1]
    both = (left.depth > 0) & (mirrored > 0)
    assert ((left.depth > 0) != (mirrored > 0)).mean() < 0.003
    assert np.median(np.abs(left.depth - mirrored)[both]) < 2e-4
    assert (np.abs(left.depth - mirrored)[both] < 0.004).mean() > 0.99


def test_the_subject_s_left_is_on_the_picture_s_right_and_up_is_up(renderer, head, neutral):
    frame, _ = draw(renderer, head, neutral, (0.6, 0.0, 0.0))
    nose = head.template[np.argmax(head.template[:, 2])]
    turned, depth = project(camera(), (rotation(0.6, 0.0, 0.0) @ nose)[None])
    column, row = np.rint(turned[0]).astype(int)
    assert column > 140
    assert frame.depth[row, column] == pytest.approx(depth[0], abs=0.001)
    assert frame.depth[20:60].any()  # the crown is in the upper half
    assert not frame.depth[:20].any()


def test_the_same_scene_twice_gives_the_same_bytes(renderer, head, neutral):
    look = sample_look(4, 9, {"age": 40.0, "sex": 1.0}, probabilities.default())
    first, _ = draw(renderer, head, neutral, (0.3, 0.1, 0.0), look)
    image, depth = first.image.copy(), first.depth.copy()
    other = sample_look(4, 10, {"age": 70.0, "sex": 0.0}, probabilities.default())
    draw(renderer, head, neutral, (-0.8, 0.0, 0.2), other)
    again, _ = draw(renderer, head, neutral, (0.3, 0.1, 0.0), look)
    np.testing.assert_array_equal(again.image, image)
    np.testing.assert_array_equal(again.depth, depth)
    np.testing.assert_array_equal(first.image, image)  # a Frame is the caller's to keep


@pytest.mark.parametrize("what", ["hair", "sunglasses", "cap", "hand"])
def test_what_is_in_front_writes_depth_before_the_skin(renderer, head, neutral, what):
    bare, plain = bare_look(), draw(renderer, head, neutral)[0]
    worn = {
        "hair": replace(bare, hair=replace(bare.hair, style="long", front=0.03, side=0.2, back=0.2,
                                           volume=0.02, density=1.0)),
        "sunglasses": replace(bare, wardrobe=replace(bare.wardrobe, glasses="sun", lens_tint=0.9)),
        "cap": replace(bare, wardrobe=replace(bare.wardrobe, hat="cap")),
        "hand": replace(bare, occluders=(_hand(),)),
    }[what]  # fmt: skip
    frame, _ = draw(renderer, head, neutral, look=worn)
    both = (frame.depth > 0) & (plain.depth > 0)
    nearer = both & (frame.depth < plain.depth - 0.002)
    assert nearer.sum() > 150
    assert (frame.depth[both] <= plain.depth[both] + 1e-4).all()


def _hand():
    settings = probabilities.default()
    for index in range(500):
        for thing in sample_look(0, index, {}, settings).occluders:
            if thing.kind == "hand":
                return replace(thing, centre=(0.2, 0.2))
    raise AssertionError("no hand in 500 looks")


def test_clear_glasses_hide_nothing_behind_the_lens(renderer, head, neutral):
    bare = bare_look()
    worn = replace(bare, wardrobe=replace(bare.wardrobe, glasses="clear", lens_tint=0.05))
    plain, _ = draw(renderer, head, neutral)
    frame, posed = draw(renderer, head, neutral, look=worn)
    pupil = posed[head.topology.part_vertices("eye_left")]
    pixels, _ = project(camera(), pupil[pupil[:, 2].argmax()][None])
    column, row = np.rint(pixels[0]).astype(int)
    assert frame.depth[row, column] == pytest.approx(plain.depth[row, column], abs=1e-5)
    assert (frame.depth < plain.depth - 0.002).sum() > 60  # the frame does


def test_faces_are_neither_black_nor_blown(renderer, head, neutral):
    settings = probabilities.default()
    levels = []
    for index in range(40):
        traits = {"age": 35.0, "sex": index % 2, "african": float(index % 3 == 0), "caucasian": 1.0}
        look = sample_look(8, index, traits, settings)
        frame, _ = draw(renderer, head, neutral, look=replace(look, occluders=()))
        levels.append(float(frame.image[110:160, 100:156].mean()))
    assert 70 < np.median(levels) < 170
    assert np.mean([level < 20 or level > 240 for level in levels]) < 0.05


def test_the_head_shades_its_own_neck(renderer, head, neutral):
    look = bare_look()
    even = replace(look.light, lamps=(), sky=(0.5, 0.5, 0.5), ground=(0.5, 0.5, 0.5),
                   side=(0.0, 0.0, 0.0), shadow=1.0)  # fmt: skip
    frame, posed = draw(renderer, head, neutral, look=replace(look, light=even))
    x, y, z = head.template.T
    under_chin = (np.abs(x) < 0.01) & (head.regions["neck"] > 0.5) & (z > -0.06)
    forehead = (np.abs(x) < 0.02) & (y > 0.04) & (y < 0.06) & (z > 0)
    neck, brow = (level_at(frame, project(camera(), posed[of])[0]) for of in (under_chin, forehead))
    assert neck < 0.85 * brow


def level_at(frame: Frame, pixels: np.ndarray) -> float:
    column, row = np.rint(pixels).astype(int).T
    return float(frame.image[row, column].mean())


def test_another_size_in_the_same_process_is_refused(renderer, head):
    assert open_renderer(head, SIZE) is renderer
    with pytest.raises(RenderError, match="one process for each"):
        open_renderer(head, SIZE // 2)


def test_the_driver_is_named(renderer):
    assert len(renderer.driver) > 3


@pytest.mark.slow
def test_memory_stays_flat_over_many_frames(renderer, head, neutral):
    settings = probabilities.default()

    def batch(start: int, stop: int) -> int:
        for index in range(start, stop):
            draw(renderer, head, neutral, look=sample_look(2, index, {}, settings))
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    warm = batch(0, 400)
    assert batch(400, 2400) - warm < 20_000  # KiB
