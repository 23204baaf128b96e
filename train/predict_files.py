"""What `dlm predict` leaves: points.json, points.parquet, pictures; and points.json read again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

import dlm
from dlm.datasets.files import replacing, write_errors
from dlm.datasets.recipe import CONTOURS
from dlm.errors import TrainError
from dlm.landmark_specs import LandmarkSpec, parse
from dlm.landmark_specs.pictures import draw_dots, draw_lines
from dlm.train import crops, detector
from dlm.train.photos import write_pts
from dlm.train.pictures import UInt8, write_png
from dlm.train.predict import Face, Photo
from dlm.train.predictor import Predictor
from dlm.train.run_folder import RunFile

JSON_FILE, TABLE_FILE, PICTURES, PTS = "points.json", "points.parquet", "pictures", "pts"
FORMAT = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class PointsFile:
    """The content of a points.json."""

    spec: LandmarkSpec
    licence: str  # of the run that predicted
    contour: str  # where contour groups lie: at their vertices ('fixed') or on the outline
    photos: Sequence[Photo]


def content_of(
    predictor: Predictor, photos: Sequence[Photo], *, boxes: str, flip: bool, command: str
) -> dict[str, Any]:
    """Return the content of points.json; `boxes` says where the boxes are from."""
    run = predictor.run
    return {
        "format": FORMAT,
        "layout": {"name": run.spec_name, "hash": run.spec_hash, "text": run.spec_text},
        "contour": contour_of(run),
        "pixels": "x right, y down, (0, 0) is the centre of the top-left pixel; photos upright",
        "crop": f"{boxes}, {crops.ENLARGE}; then once more about the points",
        "flip_averaged": flip,
        "licence": run.licence,
        "command": command,
        "versions": {"dlm": dlm.__version__, **run.versions},
        "photos": [
            {"path": str(photo.path), "size": list(photo.size),
             "faces": [_face(face) for face in photo.faces]}
            for photo in photos
        ],
    }  # fmt: skip


def contour_of(run: RunFile) -> str:
    """Return where the contour groups of a run's points lie, one of CONTOURS."""
    return str(run.dataset.get("contour", CONTOURS[0]))


def boxes_from(path: Path | None) -> str:
    """Return where boxes are from, for people."""
    return f"detector ({detector.LICENCE})" if path is None else f"boxes of {path}"


def write_predicted(folder: Path, content: dict[str, Any], photos: Sequence[Photo]) -> list[Path]:
    """Write points.json and points.parquet; return them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    files = [folder / JSON_FILE, folder / TABLE_FILE]
    with replacing(files[0]) as file:
        file.write((json.dumps(content) + "\n").encode())
    rows = [
        {"photo": str(photo.path), "face": k, **_face(face)}
        for photo in photos
        for k, face in enumerate(photo.faces)
    ]
    numbers = pa.list_(pa.float32())
    schema = pa.schema({
        "photo": pa.string(), "face": pa.int32(), "box": numbers, "score": pa.float32(),
        "points": pa.list_(numbers), "sigma": numbers,
    }, {"layout": content["layout"]["name"], "licence": content["licence"]})  # fmt: skip
    with replacing(files[1]) as file:
        pq.write_table(pa.Table.from_pylist(rows, schema), file)
    return files


def read_predicted(path: Path) -> PointsFile:
    """Return what a points.json holds; TrainError for anything else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise TrainError("was written by another dlm", str(path), "predict again")
        photos = [
            Photo(path=Path(photo["path"]), size=tuple(photo["size"]),
                  faces=[_read_face(face) for face in photo["faces"]])
            for photo in content["photos"]
        ]  # fmt: skip
        return PointsFile(
            spec=parse(content["layout"]["text"], f"layout of {path}"),
            licence=content["licence"], contour=content["contour"], photos=photos,
        )  # fmt: skip
    except FileNotFoundError:
        raise TrainError(
            "no such file", str(path), "for photos name a run first: 'dlm fit 68 PHOTOS'"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainError(
            f"no points can be read: {error!r}", str(path), f"give a {JSON_FILE} of 'dlm predict'"
        ) from None


def draw_photo(image: UInt8, photo: Photo, spec: LandmarkSpec) -> UInt8:
    """Return the photo with boxes, scores, lines and points drawn."""
    picture = Image.fromarray(image)
    pen = ImageDraw.Draw(picture)
    shown = np.ones(spec.size, dtype=bool)
    for face in photo.faces:
        x, y, width, height = face.box
        pen.rectangle((x, y, x + width, y + height), outline=(255, 255, 255))
        if face.score is not None:
            pen.text((x + 2, y + 1), f"{face.score:.2f}", fill=(255, 255, 255),
                     stroke_width=1, stroke_fill=(0, 0, 0))  # fmt: skip
        draw_lines(pen, face.points, spec, shown)
        draw_dots(pen, face.points, spec, shown, max(0.8, max(width, height) / 140))
    return np.asarray(picture)


def write_pts_files(folder: Path, photos: Sequence[Photo]) -> Path:
    """Write FOLDER/pts/NAME-K.pts of every face, counted from 1 as in 300-W; return it."""
    target = folder / PTS
    with write_errors(target):
        target.mkdir(parents=True, exist_ok=True)
        for photo, name in zip(photos, picture_names([p.path for p in photos]), strict=True):
            for k, face in enumerate(photo.faces):
                write_pts(target / f"{Path(name).stem}-{k}.pts", face.points)
    return target


def picture_names(photos: Sequence[Path]) -> list[str]:
    """Return a name for the picture of each photo: its own, numbered where two share it."""
    stems = [photo.stem for photo in photos]
    return [
        f"{stem}.png" if stems.count(stem) == 1 else f"{stem}-{stems[:k].count(stem) + 1}.png"
        for k, stem in enumerate(stems)
    ]


def write_picture(folder: Path, name: str, image: UInt8) -> None:
    """Write one picture to FOLDER/pictures."""
    with write_errors(folder):
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    write_png(folder / PICTURES / name, image)


def _face(face: Face) -> dict[str, Any]:
    return {
        "box": np.round(face.box, 2).tolist(),
        "score": None if face.score is None else round(face.score, 4),
        "points": np.round(face.points, 3).tolist(),
        "sigma": np.round(face.sigma, 3).tolist(),
    }


def _read_face(values: dict[str, Any]) -> Face:
    return Face(
        box=np.array(values["box"], float), score=values["score"],
        points=np.array(values["points"], float),
        sigma=np.array(values["sigma"], float),
    )  # fmt: skip
