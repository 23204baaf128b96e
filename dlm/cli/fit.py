"""`dlm fit`: points in, a head that explains them out: mesh, expression, pose, camera."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlm.cli import console
from dlm.cli.outputs import check_directory

if TYPE_CHECKING:
    from dlm.train.fit_basis import HeadBasis
    from dlm.train.predict_files import PointsFile

Source = Annotated[Path, typer.Argument(help="What 'dlm predict' left (its folder or points.json), "
                                        "or a run, with photos or with --synthetic.")]  # fmt: skip
Images = Annotated[list[Path] | None, typer.Argument(help="Photos or folders, where SOURCE is a "
                                                     "run.")]  # fmt: skip
Out = Annotated[Path | None, typer.Option("-o", "--out", help="Folder for fits.json, the meshes "
                                          "(OBJ and GLB) and, with --draw, pictures.")]  # fmt: skip
Model = Annotated[str, typer.Option(help="The head model: 'dlm model list'.")]
Synthetic = Annotated[Path | None, typer.Option(help="Score instead: fit unseen faces of this "
                                                "dataset and tell the error in mm.")]  # fmt: skip
Count = Annotated[int, typer.Option("--n", min=2, help="How many faces --synthetic fits.")]
Focal = Annotated[float | None, typer.Option(min=1.0, help="The photos' focal length in pixels; "
                                             "unknown by default.")]  # fmt: skip
Flip = Annotated[bool, typer.Option(help="Average a run's points with the mirrored picture's.")]
Draw = Annotated[bool, typer.Option("--draw", help="Draw the heads on the photos.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, nothing else.")]


def command(
    source: Source,
    images: Images = None,
    out: Out = None,
    model: Model = "makehuman",
    synthetic: Synthetic = None,
    n: Count = 128,
    focal: Focal = None,
    flip: Flip = False,
    draw: Draw = False,
    json: Json = False,
) -> None:
    """Fit a head model to the points of faces: identity, expression, pose and camera."""
    from dlm.generator import models
    from dlm.train.fit_basis import build

    if synthetic is not None:
        if images or focal:
            raise typer.BadParameter("--synthetic takes neither photos nor --focal")
        return _score(source, synthetic, build(models.load(model)), n, flip, json)
    if out is None:
        raise typer.BadParameter("missing: where to write", param_hint="-o")
    check_directory(out)
    predicted = _points(source, images or [], flip)
    return _fit(predicted, build(models.load(model)), out, focal, draw, json)


def _points(source: Path, images: list[Path], flip: bool) -> "PointsFile":
    """Return points that are there, or those that a run predicts."""
    from dlm.errors import PhotoError, TrainError
    from dlm.train import predict_files
    from dlm.train.detector import shipped
    from dlm.train.predict import expand, predict_photo
    from dlm.train.predictor import Predictor
    from dlm.train.run_folder import RUN_FILE
    from dlm.train.training import pick_device

    if not images:
        if (source / RUN_FILE).exists():
            raise TrainError("is a run: it says nothing without photos", str(source),
                             "add photos, or --synthetic DATASET")  # fmt: skip
        file = source / predict_files.JSON_FILE if source.is_dir() else source
        predicted = predict_files.read_predicted(file)
    else:
        predictor, detect = Predictor.load(source, pick_device()), shipped()
        photos = [predict_photo(predictor, path, detect, flip=flip)[0] for path in expand(images)]
        predicted = predict_files.PointsFile(
            spec=predictor.spec,
            licence=predictor.run.licence,
            photos=photos,
            contour=predict_files.contour_of(predictor.run),
        )
    if not any(photo.faces for photo in predicted.photos):
        raise PhotoError(
            "no face was found", str(images[0] if images else source),
            "see what 'dlm predict' finds with a higher --doubt, or give it --boxes FILE",
        )  # fmt: skip
    return predicted


def _fit(
    predicted: "PointsFile", basis: "HeadBasis", out: Path, focal: float | None, draw: bool,
    json: bool,
) -> None:  # fmt: skip
    from dlm.train import fit_files
    from dlm.train.fit import fit
    from dlm.train.predict_files import PICTURES, picture_names

    photos = predicted.photos
    seen = fit_files.seen_on(predicted, focal)
    with console.progress(len(seen), "fitting", "faces") as bar:
        fitted = fit(basis, predicted.spec, seen, bar.advance)
    heads = basis.heads(fitted.identity, fitted.expression)
    pictures = picture_names([photo.path for photo in photos])
    names = fit_files.face_names(photos, pictures)
    content = fit_files.content_of(predicted, basis, fitted, names, console.command_line())
    files = fit_files.write_fits(out, content, basis.model, heads, names)
    if draw:
        fit_files.write_pictures(out / PICTURES, predicted, basis.model, fitted, heads)
    if json:
        return console.print_json(content)
    return console.print_fields({
        "faces": len(seen),
        "residual": f"{fitted.residual.mean():.2f} px on average",
        "licence": f"points: {predicted.licence}; head: {basis.model.licence}",
        "files": ", ".join(map(str, [*files, *([out / PICTURES] if draw else [])])),
    })  # fmt: skip


def _score(source: Path, folder: Path, basis: "HeadBasis", n: int, flip: bool, json: bool) -> None:
    from dlm import datasets
    from dlm.train.evaluate import unseen_rows
    from dlm.train.fit_score import score_fit
    from dlm.train.predictor import Predictor
    from dlm.train.training import pick_device

    predictor, dataset = Predictor.load(source, pick_device()), datasets.open(folder)
    rows = unseen_rows(predictor, dataset)[:n]
    with console.progress(2 * len(rows), "fitting", "faces") as bar:
        scores = score_fit(predictor, dataset, basis, rows, flip=flip, report=bar.advance)
    content = scores.summary()
    if json:
        return console.print_json(content)
    lines = {
        name.replace("_", " "): f"{found['mm']:.2f} mm ({found['ci95'][0]:.2f} to "
        f"{found['ci95'][1]:.2f}), median {found['median']:.2f}"
        for name, found in content.items()
        if isinstance(found, dict)
    }
    return console.print_fields({"faces": content["n"], "error": content["unit"], **lines})
