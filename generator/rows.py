"""Between a Scene and the row that keeps it: nothing is lost, so any row can be drawn again.

The plain columns are for people (degrees, named attributes); the `scene` column holds the exact
radians and the Look, as JSON.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.errors import DatasetError
from dlm.generator.look.factors import attributes, from_json, to_plain
from dlm.generator.scene import Camera, Pose, Scene

SCENE_VERSION = 1
SCENE_COLUMNS = ("id", "identity", "expression", "scene", "intrinsics", "extrinsics")
TRAITS = "traits"


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """What drawing a Scene gave: the picture, encoded, and which vertices it shows."""

    jpeg: bytes
    visible_vertices: NDArray[np.uint8]  # (ceil(V / 8),) packed bits
    layers: Mapping[str, bytes] = field(default_factory=dict)  # PNG bytes


def attribute_kinds(scene: Scene) -> dict[str, str]:
    """Return the names and column kinds of what rows can be filtered by."""
    return {
        name: "string" if isinstance(value, str) else "float32"
        for name, value in {**scene.traits, **attributes(scene.look)}.items()
    }


def scene_columns(scenes: Sequence[Scene], drawn: Sequence[Drawn]) -> dict[str, Any]:
    """Return every column but the layout's own for these scenes, in their order."""
    heads = np.degrees([scene.head for scene in scenes]).astype(np.float32)
    columns: dict[str, Any] = {
        "id": np.array([scene.index for scene in scenes]),
        "image": [one.jpeg for one in drawn],
        "intrinsics": np.array([_intrinsics(scene.camera) for scene in scenes], np.float32),
        "extrinsics": np.array([scene.camera.world_to_camera[:3] for scene in scenes]),
        "yaw": heads[:, 0],
        "pitch": heads[:, 1],
        "roll": heads[:, 2],
        "gaze": np.degrees([scene.gaze for scene in scenes]),
        "neck": np.degrees([scene.neck for scene in scenes]),
        "identity": np.array([scene.identity for scene in scenes]),
        "expression": np.array([scene.expression for scene in scenes]),
        "scene": [_scene_json(scene) for scene in scenes],
        "visible_vertices": np.array([one.visible_vertices for one in drawn]),
    }
    named = [{**scene.traits, **attributes(scene.look)} for scene in scenes]
    columns |= {name: [one[name] for one in named] for name in named[0]}
    return columns | {name: [one.layers[name] for one in drawn] for name in drawn[0].layers}


def scenes_of(columns: Mapping[str, NDArray[Any]], size: int) -> Iterable[Scene]:
    """Yield the Scenes of rows, given their SCENE_COLUMNS: exactly those that were drawn."""
    for pose, (index, values) in zip(poses_of(columns, size), _stored(columns), strict=True):
        yield Scene(
            **vars(pose),
            seed=values["seed"],
            index=index,
            traits=values[TRAITS],
            look=from_json(json.dumps(values["look"])),
        )


def poses_of(columns: Mapping[str, NDArray[Any]], size: int) -> Iterable[Pose]:
    """Yield what the Scenes of rows say of geometry; to build their looks takes longer."""
    for row, (_, values) in enumerate(_stored(columns)):
        fx, fy, cx, cy = (float(value) for value in columns["intrinsics"][row])
        pose = np.eye(4, dtype=np.float32)
        pose[:3] = columns["extrinsics"][row]
        yield Pose(
            identity=columns["identity"][row],
            expression=columns["expression"][row],
            gaze=np.array(values["gaze"], np.float32),
            neck=np.array(values["neck"], np.float32),
            head=np.array(values["head"], np.float32),
            camera=Camera(fx=fx, fy=fy, cx=cx, cy=cy, size=size, world_to_camera=pose),
        )


def _stored(columns: Mapping[str, NDArray[Any]]) -> Iterable[tuple[int, dict[str, Any]]]:
    """Yield id and content of the scene column of each row."""
    for index, text in zip(columns["id"], columns["scene"], strict=True):
        values = json.loads(text)
        if values["version"] != SCENE_VERSION:
            raise DatasetError(
                f"row {index} holds a scene of another version",
                "scene",
                "use the dlm that rendered it, or render the dataset again",
            )
        yield int(index), values


def _intrinsics(camera: Camera) -> list[float]:
    return [camera.fx, camera.fy, camera.cx, camera.cy]


def _scene_json(scene: Scene) -> str:
    values = {
        "version": SCENE_VERSION,
        "seed": scene.seed,
        "head": scene.head.tolist(),
        "neck": scene.neck.tolist(),
        "gaze": scene.gaze.tolist(),
        TRAITS: dict(scene.traits),
        "look": to_plain(scene.look),
    }
    return json.dumps(values, separators=(",", ":"))
