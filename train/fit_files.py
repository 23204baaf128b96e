"""What `dlm fit` leaves: fits.json, a mesh of every head as OBJ and GLB, and pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import dlm
from dlm.datasets.files import replacing, write_errors
from dlm.datasets.recipe import CONTOURS
from dlm.generator.models.base import ARKIT_UNITS, FaceModel, Float32
from dlm.train.fit import Fitted, Seen
from dlm.train.fit_basis import HeadBasis
from dlm.train.pictures import UInt8, write_png
from dlm.train.predict import Photo, read_upright
from dlm.train.predict_files import PointsFile, picture_names
from dlm.train.result import write_json

JSON_FILE, MESHES = "fits.json", "meshes"
SKIN_TONE, LIGHT = np.array([205.0, 175.0, 155.0]), np.array([0.25, -0.35, -0.9])
COVER = 0.75  # of the drawn head over the photo
DRAWN = ("skin", "eye_left", "eye_right")
LOWEST = -0.16  # metres from between the eyes: what is drawn ends at the throat


def seen_on(predicted: PointsFile, focal: float | None) -> Seen:
    """Return the points of all faces; cameras look at the middle of a photo."""
    faces = [(photo, face) for photo in predicted.photos for face in photo.faces]
    points = np.stack([face.points for _, face in faces])
    sigma = np.stack([face.sigma for _, face in faces])
    axis = (np.array([photo.size for photo, _ in faces]) - 1) / 2
    known = None if focal is None else np.full(len(faces), focal)
    return Seen(
        points=points, sigma=sigma, axis=axis, focal=known, sliding=predicted.contour != CONTOURS[0]
    )


def content_of(
    predicted: PointsFile, basis: HeadBasis, fitted: Fitted, names: Sequence[str], command: str
) -> dict[str, Any]:
    """Return the content of fits.json."""
    faces = [(photo, k) for photo in predicted.photos for k in range(len(photo.faces))]
    pose = fitted.pose_degrees()
    own = fitted.identity @ basis.coefficients[:-1] + basis.coefficients[-1]
    return {
        "model": basis.model.name,
        "topology": basis.model.topology.hash,
        "layout": predicted.spec.name,
        "licence": {"points": predicted.licence, "head": basis.model.licence},
        "frame": "metres; +x to the subject's left, +y up, +z out of the face; the size of a head "
        "is a guess where the focal length is not known",
        "command": command,
        "versions": {"dlm": dlm.__version__},
        "faces": [
            {
                "photo": str(photo.path), "face": k, "mesh": f"{MESHES}/{names[i]}.glb",
                "components": np.round(fitted.identity[i], 4).tolist(),
                "identity": np.round(own[i], 5).tolist(),
                "expression": dict(zip(ARKIT_UNITS, np.round(fitted.expression[i], 4).tolist(),
                                       strict=True)),
                "yaw_pitch_roll": np.round(pose[i], 2).tolist(),
                "camera": {
                    "focal": round(float(fitted.scale[i] * fitted.distance[i]), 2),
                    "axis": fitted.axis[i].tolist(),
                    "distance": round(float(fitted.distance[i]), 4),
                },
                "residual": round(float(fitted.residual[i]), 3),
            }
            for i, (photo, k) in enumerate(faces)
        ],
    }  # fmt: skip


def face_names(photos: Sequence[Photo], pictures: Sequence[str]) -> list[str]:
    """Return a file name for every face: its photo's and its number there."""
    return [
        f"{Path(picture).stem}-{k}"
        for photo, picture in zip(photos, pictures, strict=True)
        for k in range(len(photo.faces))
    ]


def write_fits(
    folder: Path, content: dict[str, Any], model: FaceModel, heads: Float32, names: Sequence[str]
) -> list[Path]:
    """Write fits.json and MESHES/NAME.obj and .glb of (B, V, 3) heads; return what was written."""
    with write_errors(folder):
        (folder / MESHES).mkdir(parents=True, exist_ok=True)
    write_json(folder / JSON_FILE, content)
    for head, name in zip(heads, names, strict=True):
        for kind in ("obj", "glb"):
            with replacing(folder / MESHES / f"{name}.{kind}") as file:
                file.write(mesh_bytes(model, head, kind))
    return [folder / JSON_FILE, folder / MESHES]


def mesh_bytes(model: FaceModel, head: Float32, kind: str) -> bytes:
    """Return a (V, 3) head as a file of `kind` obj or glb; vertices keep their numbers."""
    import trimesh

    mesh = trimesh.Trimesh(head, model.topology.triangles, process=False)
    data = mesh.export(file_type=kind)
    return data.encode() if isinstance(data, str) else bytes(data)


def draw_heads(image: UInt8, model: FaceModel, fitted: Fitted, heads: Float32) -> UInt8:
    """Return the photo with the skin and eyes of (B, V, 3) heads drawn over it, above the neck."""
    ranges = [model.topology.parts[p] for p in DRAWN if p in model.topology.parts]
    triangles = np.concatenate([model.topology.triangles[a:b] for a, b in ranges])
    triangles = triangles[(model.template[triangles, 1] > LOWEST).all(axis=1)]
    picture = Image.fromarray(image)
    cover = picture.copy()
    pen = ImageDraw.Draw(cover)
    pixels = fitted.project(heads)
    for k, head in enumerate(heads):
        for corners, tone in _shaded(head @ fitted.turn[k].T, pixels[k], triangles):
            pen.polygon(corners, fill=tone)
    return np.asarray(Image.blend(picture, cover, COVER))


def _shaded(
    turned: NDArray[np.floating], pixels: NDArray[np.floating], triangles: NDArray[np.int32]
) -> list[tuple[list[tuple[float, float]], tuple[int, int, int]]]:
    """Return the triangles that face the camera, the farthest first, each with its tone."""
    a, b, c = (turned[triangles[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    front = np.flatnonzero(normals[:, 2] < 0)
    order = front[np.argsort(-(a + b + c)[front, 2])]
    level = 0.35 + 0.65 * np.clip(normals[order] @ (LIGHT / np.linalg.norm(LIGHT)), 0, 1)
    tones = (level[:, None] * SKIN_TONE).astype(int)
    return [
        ([(float(x), float(y)) for x, y in pixels[corners]], (int(r), int(g), int(blue)))
        for corners, (r, g, blue) in zip(triangles[order], tones, strict=True)
    ]


def write_pictures(
    folder: Path, predicted: PointsFile, model: FaceModel, fitted: Fitted, heads: Float32
) -> None:
    """Write every photo with the heads of its faces drawn on it."""
    photos = predicted.photos
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    first = 0
    for photo, name in zip(photos, picture_names([p.path for p in photos]), strict=True):
        mine = slice(first, first + len(photo.faces))
        first = mine.stop
        image = draw_heads(read_upright(photo.path), model, fitted.part(mine), heads[mine])
        write_png(folder / name, image)
