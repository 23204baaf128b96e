"""A drawn picture of the face on the page, with the points where labels would put them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlm.cli.design.faces import SEED, Face, coefficients
from dlm.generator import labels
from dlm.generator.look import probabilities
from dlm.generator.look.factors import Look
from dlm.generator.look.sample import sample_look
from dlm.generator.models.base import FaceModel, Float32
from dlm.generator.models.normals import vertex_normals
from dlm.generator.sampling.pose import FACE_CENTRE, FACE_SIDE
from dlm.generator.sampling.streams import Factor, stream
from dlm.generator.scene import Camera, Scene, rotation
from dlm.landmark_specs.pictures import draw_points

if TYPE_CHECKING:
    from dlm.landmark_specs import LandmarkSpec

SIZE = 384  # pixels
_DISTANCE = 0.9  # metres from the camera to the face
_SHARE = 0.6  # of the picture's side that the face takes
_LIGHT = 3  # the index of the draw whose light and background are shown
_WIDEST = np.radians([80.0, 40.0])  # yaw and pitch that are drawn; no camera sees faces beyond


class Preview:
    """Draws faces of one model. Holds a GL context: used by one thread alone."""

    def __init__(self, model: FaceModel) -> None:
        """Raise RenderError where there is no GL."""
        from dlm.generator.render import open_renderer

        self._model = model
        self._renderer = open_renderer(model, SIZE)
        self._probabilities = probabilities.parse(probabilities.default_text(), "look.yaml")

    def draw(
        self, face: Face, vertices: Float32, view: tuple[float, float], spec: "LandmarkSpec | None"
    ) -> NDArray[np.uint8]:
        """Return (SIZE, SIZE, 3): `vertices` (V, 3) of `face`, turned by yaw and pitch, and points.

        Points that the head hides are hollow, as in every picture of dlm.
        """
        scene = self._scene(face, view)
        normals = vertex_normals(vertices[None], self._model.topology)[0]
        world, outward = labels.to_world(scene, vertices), labels.to_world(scene, normals)
        frame = self._renderer.draw(scene, world, outward)
        if spec is None:
            return frame.image
        pixels, depth = labels.project(scene.camera, world)
        facing = labels.facing_camera(scene.camera, world, outward)
        packed = labels.pack_bits(labels.vertex_visibility(frame, pixels, depth, facing))
        at = spec.vertices[self._model.name]
        visibility = labels.point_visibility(packed, at, pixels[at], SIZE)
        return draw_points(frame.image, pixels[at], spec, visibility)

    def _scene(self, face: Face, view: tuple[float, float]) -> Scene:
        identity, expression, gaze = coefficients(self._model, face)
        index = face.person
        person = self._model.sample_identity(stream(SEED, index, Factor.IDENTITY))
        head = np.array([*np.clip(view, -_WIDEST, _WIDEST), 0.0], dtype=np.float32)
        return Scene(
            seed=SEED,
            index=index,
            identity=identity,
            traits=person.traits,
            expression=expression,
            gaze=gaze,
            neck=np.zeros(3, dtype=np.float32),
            head=head,
            camera=_camera(head),
            look=self._look(index, person.traits),
        )

    def _look(self, index: int, traits: Mapping[str, float]) -> Look:
        """Return the person's own skin and eyes, in one light that shows them well."""
        if index == 0:  # the mean face is nobody's: it takes a young adult's skin
            traits = {**traits, "age": 28.0}
        own = sample_look(SEED, index, traits, self._probabilities)
        light = sample_look(SEED, _LIGHT, traits, self._probabilities)
        return _bare(replace(own, light=light.light, background=light.background,
                             sensor=light.sensor))  # fmt: skip


def view_of(camera: NDArray[np.float64]) -> tuple[float, float]:
    """Return yaw and pitch (radians) of a head that is seen as from the place `camera` (3,)."""
    x, y, z = camera - FACE_CENTRE
    return float(-np.arctan2(x, z)), float(-np.arctan2(y, np.hypot(x, z)))


def _bare(look: Look) -> Look:
    """Return the look without what covers the face or its outline, or blurs the picture."""
    sensor = replace(look.sensor, blur=0.0, motion=(0.0, 0.0), low_side=1.0, noise=0.0, grey=False)
    wardrobe = replace(look.wardrobe, glasses="none", hat="none")
    hair = replace(look.hair, style="bald", beard="none")
    background = replace(look.background, blur=5.0, contrast=0.3)
    return replace(look, occluders=(), wardrobe=wardrobe, hair=hair, background=background,
                   sensor=sensor)  # fmt: skip


def _camera(head: Float32) -> Camera:
    """Return a camera that holds the face in the middle."""
    focal = _SHARE * SIZE * _DISTANCE / FACE_SIDE
    world_to_camera = np.diag([1.0, -1.0, -1.0, 1.0])
    looked_at = world_to_camera[:3, :3] @ (rotation(*head) @ FACE_CENTRE)
    world_to_camera[:3, 3] = np.array([0.0, 0.0, _DISTANCE]) - looked_at
    centre = (SIZE - 1) / 2
    return Camera(fx=focal, fy=focal, cx=centre, cy=centre, size=SIZE,
                  world_to_camera=world_to_camera.astype(np.float32))  # fmt: skip
