"""From (recipe, seed, index) to rows: draw the numbers, pose the head, draw the picture, label it.

A sample is a pure function of recipe and index: whoever draws it, in whatever order, on however
many workers, gets the same Scene and the same labels.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dlm import __version__
from dlm.datasets import Recipe
from dlm.datasets.schema import LAYERS
from dlm.errors import DlmError
from dlm.generator import labels, models
from dlm.generator.look import probabilities as look_probabilities
from dlm.generator.look.environment import in_environment
from dlm.generator.look.factors import Light
from dlm.generator.look.sample import sample_look
from dlm.generator.models.base import FaceModel, Float32
from dlm.generator.models.normals import vertex_normals
from dlm.generator.placing import FIXED, Placer
from dlm.generator.rows import Drawn, attribute_kinds, scene_columns
from dlm.generator.sampling import pose
from dlm.generator.sampling.expression import on_face_of, sample_expression, sample_gaze
from dlm.generator.sampling.streams import Factor, stream
from dlm.generator.scene import Pose, Scene
from dlm.landmark_specs import LandmarkSpec, parse

if TYPE_CHECKING:
    from dlm.generator.backgrounds import Backgrounds
    from dlm.generator.render.base import Renderer
    from dlm.generator.render.hosts import Host

BATCH = 32  # samples posed together; no result depends on it


def plan(
    spec: LandmarkSpec,
    *,
    model: str = "makehuman",
    size: int = 256,
    seed: int = 0,
    look: str | None = None,
    look_source: str = "look.yaml",
    contour: str = FIXED,
    layers: Collection[str] = (),
    backgrounds: "Backgrounds | None" = None,
) -> Recipe:
    """Return the recipe of a dataset: everything its rows depend on besides their index.

    `look` is the text of the look's probabilities, the shipped ones where None; `contour` is where
    the layout's contour groups lie, one of CONTOURS; `backgrounds` are photos to stand behind the
    heads, or panoramas around them, procedural ones where None. Raises SpecError where the layout
    does not fit the model or the policy, DlmError for a model or a look that is wrong.
    """
    head = models.load(model)
    Placer(head, spec, contour)  # refuses what cannot be labelled
    text = look_probabilities.default_text() if look is None else look
    probabilities = look_probabilities.parse(text, look_source)
    first = sample_scene(head, probabilities, seed, 0, size)
    return Recipe(
        spec_name=spec.name,
        spec_hash=spec.hash,
        spec_text=spec.text,
        points=spec.size,
        model=head.name,
        topology=head.topology.hash,
        vertices=head.topology.vertex_count,
        identity=head.identity_size,
        attributes=attribute_kinds(first),
        size=size,
        seed=seed,
        look=text,
        versions={"dlm": __version__},
        contour=contour,
        layers=_known_layers(layers),
        backgrounds=backgrounds.digest if backgrounds else "",
    )


def _known_layers(asked: Collection[str]) -> tuple[str, ...]:
    if unknown := sorted(set(asked) - set(LAYERS)):
        raise DlmError(
            f"unknown layer {unknown[0]!r}", "--layers", f"choose of {', '.join(LAYERS)}"
        )
    return tuple(name for name in LAYERS if name in asked)


def sample_scene(
    model: FaceModel,
    probabilities: look_probabilities.Probabilities,
    seed: int,
    index: int,
    size: int,
    lights: Sequence[Light] = (),
) -> Scene:
    """Draw all numbers of sample `index`, each factor from its own stream.

    `lights` are those of panoramas, of which one lights the head; where there are none, the look's.
    """
    person = model.sample_identity(stream(seed, index, Factor.IDENTITY))
    posing = stream(seed, index, Factor.POSE)
    head = pose.sample_head(posing)
    years = person.traits.get("age", 30.0)
    look = sample_look(seed, index, person.traits, probabilities)
    if lights:
        look = in_environment(look, lights, seed, index, probabilities)
    return Scene(
        seed=seed,
        index=index,
        identity=person.coefficients,
        traits=person.traits,
        expression=on_face_of(years, sample_expression(stream(seed, index, Factor.EXPRESSION))),
        gaze=sample_gaze(stream(seed, index, Factor.GAZE), head),
        neck=pose.sample_neck(posing, head),
        head=head,
        camera=pose.sample_camera(stream(seed, index, Factor.CAMERA), head, size, years),
        look=look,
    )


def pose_heads(model: FaceModel, poses: Sequence[Pose]) -> Float32:
    """Return the (n, V, 3) vertices of these heads in their own frame."""
    return model.vertices(
        np.array([pose.identity for pose in poses]),
        np.array([pose.expression for pose in poses]),
        np.array([pose.gaze for pose in poses]),
        np.array([pose.neck for pose in poses]),
    )


class Generator:
    """Draws the samples of one recipe. Holds a GL context: one a process, for life."""

    def __init__(
        self, recipe: Recipe, backgrounds: "Backgrounds | None" = None, host: "Host" = "auto"
    ) -> None:
        """Open the head and the renderer; `backgrounds` are those that the recipe was made with."""
        from dlm.generator.render import open_renderer

        assert recipe.backgrounds == (backgrounds.digest if backgrounds else "")
        self.recipe = recipe
        self._lights = backgrounds.lights if backgrounds else ()
        self.model = models.load(recipe.model)
        spec = parse(recipe.spec_text, f"spec {recipe.spec_name!r}")
        self._placer = Placer(self.model, spec, recipe.contour)
        self._probabilities = look_probabilities.parse(recipe.look, "look.yaml")
        self.renderer: Renderer = open_renderer(
            self.model, recipe.size, backgrounds, layers=bool(set(recipe.layers) - {"depth"}),
            host=host,
        )  # fmt: skip

    def scenes(self, ids: Sequence[int]) -> list[Scene]:
        """Return the Scenes of these ids."""
        recipe = self.recipe
        return [
            sample_scene(
                self.model, self._probabilities, recipe.seed, index, recipe.size, self._lights
            )
            for index in ids
        ]

    def rows(self, ids: Sequence[int]) -> dict[str, Any]:
        """Draw these ids and return their columns, as `datasets.writer` takes them."""
        scenes = self.scenes(ids)
        heads = pose_heads(self.model, scenes)
        normals = vertex_normals(heads, self.model)
        drawn = [self.draw(*posed) for posed in zip(scenes, heads, normals, strict=True)]
        columns = scene_columns(scenes, drawn)
        return columns | self._placer.columns(scenes, heads, columns["visible_vertices"])

    def draw(self, scene: Scene, vertices: Float32, normals: Float32) -> Drawn:
        """Draw one posed head (V, 3), given in its own frame with its unit normals."""
        from dlm.datasets.images import encode_jpeg
        from dlm.datasets.layers import encode_layer

        world, facing_out = labels.to_world(scene, vertices), labels.to_world(scene, normals)
        frame = self.renderer.draw(scene, world, facing_out)
        pixels, depth = labels.project(scene.camera, world)
        facing = labels.facing_camera(scene.camera, world, facing_out)
        shown = labels.vertex_visibility(frame, pixels, depth, facing)
        jpeg = encode_jpeg(frame.image, scene.look.sensor.jpeg_quality)
        layers = {"depth": frame.depth, **frame.layers}
        return Drawn(
            jpeg=jpeg,
            visible_vertices=labels.pack_bits(shown),
            layers={name: encode_layer(name, layers[name]) for name in self.recipe.layers},
        )


def batches(ids: Sequence[int]) -> list[Sequence[int]]:
    """Return `ids` in pieces that are posed together."""
    return [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]


def join(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the columns of several batches as those of one."""
    joined: dict[str, Any] = {}
    for name, first in parts[0].items():
        if isinstance(first, np.ndarray):
            joined[name] = np.concatenate([part[name] for part in parts])
        else:
            joined[name] = [value for part in parts for value in part[name]]
    return joined
