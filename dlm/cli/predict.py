"""`dlm predict`: a run and photos in, the points of every face out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlm.cli import console
from dlm.cli.outputs import check_directory
from dlm.cli.runs import Run
from dlm.train.confidence import DOUBT, THRESHOLD

if TYPE_CHECKING:
    from dlm.train.predict import Boxes, Detect, Photo
    from dlm.train.predictor import Predictor

Images = Annotated[list[Path], typer.Argument(help="Photos, or folders of them.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="Folder for points.json and points.parquet; "
                                   "with --draw, pictures.")]  # fmt: skip
BoxFile = Annotated[Path | None, typer.Option("--boxes", help="Faces, instead of the detector's: a "
                                              "CSV with image,x,y,width,height.")]  # fmt: skip
Threshold = Annotated[float, typer.Option(min=0.05, max=0.99, help="How sure to be of a face.")]
Doubt = Annotated[float, typer.Option(min=0.0, help="Drop detected faces whose points the run "
                                      "doubts more: median sigma, in sides of the "
                                      "face.")]  # fmt: skip
Flip = Annotated[bool, typer.Option(help="Average with the mirrored picture: twice the time.")]
Draw = Annotated[bool, typer.Option("--draw", help="Draw the points on the photos.")]
Pts = Annotated[bool, typer.Option("--pts", help="Write a .pts file of every face too.")]
Json = Annotated[bool, typer.Option("--json", help="Print points.json on stdout, nothing else.")]


def command(
    run: Run,
    images: Images,
    out: Out,
    boxes: BoxFile = None,
    threshold: Threshold = THRESHOLD,
    doubt: Doubt = DOUBT,
    flip: Flip = False,
    draw: Draw = False,
    pts: Pts = False,
    json: Json = False,
) -> None:
    """Find the faces of photos and predict their points, in pixels of each photo.

    Photos that cannot be read are named and left out; the exit status is then 1. Ctrl-C keeps what
    was predicted until then.
    """
    from functools import partial

    from dlm.train import predict, predict_files
    from dlm.train.detector import shipped
    from dlm.train.predictor import Predictor
    from dlm.train.training import pick_device

    check_directory(out)
    paths = predict.expand(images)
    found: Boxes | Detect
    if boxes is not None:
        found = predict.read_boxes(boxes)
        predict.check_named(found, paths, boxes)
    else:
        found = partial(shipped(), threshold=threshold)
    predictor = Predictor.load(run, pick_device())
    photos, unread = _predict(predictor, paths, found, flip, doubt, out if draw else None)
    content = predict_files.content_of(
        predictor, photos, boxes=predict_files.boxes_from(boxes), flip=flip,
        command=console.command_line(),
    )  # fmt: skip
    files = predict_files.write_predicted(out, content, photos)
    if pts:
        files.append(predict_files.write_pts_files(out, photos))
    if remark := _doubted(photos):
        typer.echo(remark, err=True)
    if json:
        console.print_json(content)
    else:
        console.print_fields({
            "photos": len(photos),
            **({"unreadable": unread} if unread else {}),
            "faces": sum(len(photo.faces) for photo in photos),
            "without a face": sum(not photo.faces for photo in photos),
            "licence": predictor.run.licence,
            "files": ", ".join(str(path) for path in files),
            **({"pictures": out / predict_files.PICTURES} if draw else {}),
        })  # fmt: skip
    if len(photos) + unread < len(paths):
        raise KeyboardInterrupt(
            f"stopped after {len(photos)} of {len(paths)} photos; {files[0]} holds these"
        )
    if unread:
        raise typer.Exit(1)


def _doubted(photos: "list[Photo]") -> str:
    """Say how much of what was found was dropped again, and what to do where nothing is left."""
    dropped = sum(photo.doubted for photo in photos)
    if not dropped:
        return ""
    told = f"{dropped} box{'es' * (dropped > 1)} found and dropped, for the run doubts its points"
    way_out = ": raise --doubt to keep them"
    if not any(photo.faces for photo in photos):
        way_out = ": train it longer, or raise --doubt"
    return told + way_out


def _predict(
    predictor: "Predictor", paths: list[Path], found: "Boxes | Detect", flip: bool, doubt: float,
    draw_to: Path | None,
) -> "tuple[list[Photo], int]":  # fmt: skip
    """Return what was found on the photos until Ctrl-C, and how many of them are unreadable."""
    from dlm.errors import PhotoError
    from dlm.train.interrupt import stop_on_interrupt
    from dlm.train.predict import predict_photo
    from dlm.train.predict_files import draw_photo, picture_names, write_picture

    photos, unread = [], 0
    with (
        stop_on_interrupt() as should_stop,
        console.progress(len(paths), "predicting", "photos") as bar,
    ):
        for path, name in zip(paths, picture_names(paths), strict=True):
            if should_stop():
                break
            try:
                photo, image = predict_photo(predictor, path, found, flip=flip, doubt=doubt)
            except PhotoError as error:
                typer.echo(f"left out: {error}", err=True)
                unread += 1
            else:
                photos.append(photo)
                if draw_to is not None:
                    write_picture(draw_to, name, draw_photo(image, photo, predictor.spec))
            bar.advance()
    if unread == len(paths):
        raise PhotoError("none can be read", f"{unread} photos", "give pictures")
    if not photos:
        raise KeyboardInterrupt("stopped before the first photo was done; nothing is written")
    return photos, unread
