"""The head, the points and the lines in the browser's 3-D view."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import Float32, Int32, Topology
from dlm.generator.models.normals import vertex_normals
from dlm.generator.sampling.pose import FACE_CENTRE
from dlm.landmark_specs.pictures import point_colours

if TYPE_CHECKING:
    import viser

    from dlm.landmark_specs import LandmarkSpec

SCALE = 10.0  # units of the view in a metre: viser's camera is made for rooms, not for faces
_HIDDEN = ("lashes",)  # parts that are not drawn: their cards would hide the lids
_COLOURS = {"skin": (205, 170, 150), "eye": (235, 235, 240), "teeth": (235, 230, 215),
            "tongue": (190, 105, 105)}  # fmt: skip
_IRIS = (70, 95, 110)
_IRIS_ANGLE = np.radians(21.0)  # seen from the ball's centre, from its axis to the iris's rim
_PIECES = 6  # of a line between two points
_LIFT = 0.0004 * SCALE  # of lines above the skin
_CURVATURE_RADIUS = 0.05 * SCALE  # of a face, where it is curved most but for nose and lids
_CHOSEN = (255, 255, 60)
_UNGROUPED = (30, 60, 200)
_LINE = (70, 70, 80)


def shown_triangles(topology: Topology) -> Int32:
    """Return the (T, 3) triangles that are drawn, and so can be clicked."""
    ranges = [r for part, r in topology.parts.items() if not part.startswith(_HIDDEN)]
    return np.concatenate([topology.triangles[start:stop] for start, stop in ranges])


class Stage:
    """What of the 3-D view the page changes. All lengths are metres."""

    def __init__(
        self, server: "viser.ViserServer", topology: Topology, vertices: Float32, model: str
    ) -> None:
        self._model = model
        self._scene = server.scene
        self._topology, self._vertices = topology, vertices
        self._normals = vertex_normals(vertices[None], topology)[0]
        self._spec: LandmarkSpec | None = None
        self._chosen: Collection[str] = ()
        self._radius = 0.0
        self._labels: list[viser.LabelHandle] = []
        self._meshes: list[tuple[Int32, viser.MeshHandle]] = []
        self._scene.set_up_direction("+y")
        self._light()
        centre = FACE_CENTRE * SCALE
        server.initial_camera.position = centre + np.array([0.0, 0.0, 7.5])
        server.initial_camera.look_at = centre
        server.initial_camera.fov = float(np.radians(24))
        self._add_head(topology)
        self._wire = self._add_wire(topology)

    def show_face(self, vertices: Float32) -> None:
        """Move the head to these (V, 3) vertices, and the points with it."""
        self._vertices = vertices
        self._normals = vertex_normals(vertices[None], self._topology)[0]
        for used, mesh in self._meshes:
            mesh.vertices = vertices[used] * SCALE
        if self._wire.visible:
            self._wire.vertices = vertices * SCALE
        self.show_points(self._spec, self._chosen, self._radius)

    def show_wire(self, visible: bool) -> None:
        """Show or hide the mesh's edges, whose ends are what can be picked."""
        self._wire.vertices = self._vertices * SCALE
        self._wire.visible = visible

    def show_points(
        self, spec: "LandmarkSpec | None", chosen: Collection[str], radius: float
    ) -> None:
        """Show balls of this radius at a layout's points, its lines, and the chosen ones' names."""
        self._spec, self._chosen, self._radius = spec, chosen, radius
        for label in self._labels:
            label.remove()
        self._labels = []
        if spec is None:
            self._scene.remove_by_name("/points")
            self._scene.remove_by_name("/lines")
            return
        places = self._vertices[spec.vertices[self._model]] * SCALE
        self._show_balls(spec, places)
        self._show_lines(spec, places)
        for k in [k for k, name in enumerate(spec.names) if name in chosen][:30]:
            text = f"{k} {spec.names[k]}"
            self._labels.append(
                self._scene.add_label(
                    f"/labels/{k}",
                    text,
                    position=places[k],
                    font_screen_scale=0.8,
                    anchor="bottom-left",
                )
            )

    def _show_balls(self, spec: "LandmarkSpec", places: NDArray[np.float32]) -> None:
        colours = np.array(point_colours(spec), dtype=np.uint8)
        big = np.full(spec.size, self._radius * SCALE, dtype=np.float32)
        grouped = np.concatenate([np.zeros(0, np.int32), *spec.groups.values()])
        colours[np.setdiff1d(np.arange(spec.size), grouped)] = _UNGROUPED
        for k, name in enumerate(spec.names):
            if name in self._chosen:
                colours[k], big[k] = _CHOSEN, big[k] * 1.5
        ball = _icosphere()
        turned = np.tile(np.array([1.0, 0.0, 0.0, 0.0], np.float32), (spec.size, 1))
        self._scene.add_batched_meshes_simple(
            "/points", *ball, turned, places, batched_scales=big, batched_colors=colours,
            lod="off", cast_shadow=False, receive_shadow=False,
        )  # fmt: skip

    def _show_lines(self, spec: "LandmarkSpec", places: NDArray[np.float32]) -> None:
        pieces = [line.segments for line in spec.lines.values() if len(line.points) > 1]
        if not pieces:
            self._scene.remove_by_name("/lines")
            return
        ends = np.concatenate(pieces)
        lift = self._normals[spec.vertices[self._model]]
        self._scene.add_line_segments(
            "/lines", _arched(places[ends], lift[ends]), _LINE,
            thickness=self._radius * SCALE * 0.5,
        )  # fmt: skip

    def _light(self) -> None:
        """Light the head softly from the front and above, so that folds and lids can be read."""
        self._scene.configure_environment_map(None)
        self._scene.configure_default_lights(False)
        self._scene.add_light_ambient("/light/all", intensity=0.9)
        for name, place, intensity in (
            ("key", (4.0, 6.0, 8.0), 1.6),
            ("fill", (-6.0, 1.0, 5.0), 0.7),
        ):
            self._scene.add_light_directional(f"/light/{name}", position=place, intensity=intensity)

    def _add_head(self, topology: Topology) -> None:
        for part, (start, stop) in topology.parts.items():
            if part.startswith(_HIDDEN):
                continue
            triangles = topology.triangles[start:stop]
            if not part.startswith("eye"):
                self._add_mesh(part, triangles, _COLOURS[part.split("_")[0]])
                continue
            iris = _iris(self._vertices, triangles)
            self._add_mesh(f"{part}_iris", triangles[iris], _IRIS)
            self._add_mesh(part, triangles[~iris], _COLOURS["eye"])

    def _add_mesh(self, name: str, triangles: Int32, colour: tuple[int, int, int]) -> None:
        used = np.unique(triangles)
        mesh = self._scene.add_mesh_simple(
            f"/head/{name}", self._vertices[used] * SCALE, np.searchsorted(used, triangles),
            color=colour, side="double", cast_shadow=False, receive_shadow=False,
        )  # fmt: skip
        self._meshes.append((used, mesh))

    def _add_wire(self, topology: Topology) -> "viser.MeshHandle":
        return self._scene.add_mesh_simple(
            "/wire", self._vertices * SCALE, shown_triangles(topology), color=(60, 60, 60),
            wireframe=True, visible=False, cast_shadow=False, receive_shadow=False,
        )  # fmt: skip


def _iris(vertices: Float32, triangles: Int32) -> NDArray[np.bool_]:
    """Return which (T, 3) triangles of an eyeball that looks ahead lie in its iris."""
    ball = vertices[np.unique(triangles)]
    offset = vertices[triangles].mean(axis=1) - (ball.min(axis=0) + ball.max(axis=0)) / 2
    return np.asarray(offset[:, 2] > np.linalg.norm(offset, axis=1) * np.cos(_IRIS_ANGLE))


def _arched(ends: Float32, normals: Float32) -> Float32:
    """Return (S * 6, 2, 3) pieces of S chords `ends` (S, 2, 3), arched over a face's curvature.

    `normals` (S, 2, 3) point out of the surface, below which a straight chord would run.
    """
    t = np.linspace(0, 1, _PIECES + 1, dtype=np.float32)[None, :, None]
    chord = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)[:, None, None]
    rise = _LIFT + 4 * t * (1 - t) * chord**2 / (8 * _CURVATURE_RADIUS)
    places = ends[:, :1] * (1 - t) + ends[:, 1:] * t + rise * normals.mean(axis=1)[:, None]
    pieces = np.stack([places[:, :-1], places[:, 1:]], axis=2)
    return np.asarray(pieces.reshape(-1, 2, 3), dtype=np.float32)


def _icosphere() -> tuple[Float32, Int32]:
    """Return vertices (42, 3) and triangles (80, 3) of a ball of radius 1."""
    import trimesh

    ball = trimesh.creation.icosphere(subdivisions=1)
    return np.asarray(ball.vertices, np.float32), np.asarray(ball.faces, np.int32)
