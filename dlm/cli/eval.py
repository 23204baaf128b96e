"""`dlm eval`: a run in, its errors on photos or on unseen renders out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlm.cli import console
from dlm.cli.outputs import check_directory
from dlm.cli.runs import Run

if TYPE_CHECKING:
    from typing import Any

    from dlm.train.evaluate import Scores
    from dlm.train.predictor import Predictor

Real = Annotated[list[str] | None, typer.Option(help="Photos to score on: 300w:PATH, a folder of "
                                                "pictures with 68-point .pts files.")]  # fmt: skip
AdaptOn = Annotated[list[str] | None, typer.Option(help="Photos to fit the adapter on: 300w:PATH.")]
Synthetic = Annotated[Path | None, typer.Option(help="Score on the unseen identities of a dataset "
                                                "instead.")]  # fmt: skip
ProtocolName = Annotated[str, typer.Option(help="nearest: the layout's own points for the 68. "
                                           "adapter: a regression to the annotators' convention, "
                                           "fitted on --adapt-on.")]  # fmt: skip
Flip = Annotated[bool, typer.Option(help="Average with the mirrored picture; said in the result.")]
Json = Annotated[Path | None, typer.Option(help="Where to write the numbers.")]
Out = Annotated[Path | None, typer.Option("-o", "--out", help="Folder for a page, plots, sheets; "
                                          "they show the photos.")]  # fmt: skip


def command(
    run: Run,
    real: Real = None,
    synthetic: Synthetic = None,
    protocol: ProtocolName = "nearest",
    adapt_on: AdaptOn = None,
    flip: Flip = False,
    json: Json = None,
    out: Out = None,
) -> None:
    """Score a trained network: NME by three normalisers, AUC, failures, groups, doubt, intervals.

    Errors are in per cent. Faces are cropped at 1.3 times their labels' box.
    """
    from typing import Any

    from dlm.errors import TrainError
    from dlm.train.evaluate import RENDERS_ONLY, RESEARCH_ONLY
    from dlm.train.predictor import Predictor
    from dlm.train.protocols import PROTOCOLS
    from dlm.train.result import draw_result, result, write_json
    from dlm.train.training import pick_device

    if (real is None) == (synthetic is None):
        raise typer.BadParameter("give photos with --real, or a dataset with --synthetic")
    if protocol not in PROTOCOLS:
        raise TrainError(
            f"no protocol {protocol!r}", "--protocol", f"there is: {', '.join(PROTOCOLS)}"
        )
    if (protocol == "adapter") != bool(adapt_on):
        raise typer.BadParameter("--protocol adapter and --adapt-on 300w:PATH go together")
    check_directory(out)
    predictor = Predictor.load(run, pick_device())
    found: dict[str, Any] = {}
    if synthetic is not None:
        scores = _on_renders(predictor, synthetic, flip)
    else:
        scores, found = _on_photos(predictor, real or [], adapt_on or [], flip)
    content = result(
        scores, predictor, protocol=protocol if real else "synthetic", flip=flip,
        licence=RESEARCH_ONLY if real else RENDERS_ONLY, command=console.command_line(),
    )  # fmt: skip
    content |= {"adapter": found} if found else {}
    if json is not None:
        write_json(json, content)
    if out is not None:
        for path in draw_result(out, scores, content):
            typer.echo(path, err=True)
    console.print_fields(_lines(content))


def _on_renders(predictor: "Predictor", folder: Path, flip: bool) -> "Scores":
    from dlm import datasets
    from dlm.train.evaluate import score_renders, unseen_rows

    dataset = datasets.open(folder)
    dataset.require_spec(predictor.spec)
    total = len(unseen_rows(predictor, dataset))
    with console.progress(total, "reading faces", "faces") as bar:
        return score_renders(predictor, dataset, flip=flip, report=bar.advance)


def _on_photos(
    predictor: "Predictor", real: list[str], adapt_on: list[str], flip: bool
) -> "tuple[Scores, dict[str, Any]]":
    from dlm.train.evaluate import PhotoCrops, protocol_for, refuse_shared, score_photos
    from dlm.train.photos import open_photos

    tested, fitted = [open_photos(s) for s in real], [open_photos(s) for s in adapt_on]
    refuse_shared(tested, fitted)
    total = sum(len(photos) for photos in (*tested, *fitted))
    with console.progress(total, "reading photos", "faces") as bar:
        adapted, faces = (
            PhotoCrops.read(sets, predictor.size, bar.advance) if sets else None
            for sets in (fitted, tested)
        )
    protocol, found = protocol_for(predictor, adapted, flip=flip)
    assert faces is not None
    scores = score_photos(predictor, faces, protocol, flip=flip)
    return scores, found


def _lines(content: "dict[str, Any]") -> dict[str, object]:
    shown = ("n", "nme_ocular", "nme_pupil", "nme_box", "auc8", "fr8", "protocol", "crop")
    lines: dict[str, object] = {key: content[key] for key in shown}
    lines |= {key: value for key, value in content.items() if key == "nme_all_points"}
    lines["groups"] = ", ".join(f"{name} {error:.2f}" for name, error in content["groups"].items())
    sure = content["calibration"]
    lines["calibration"] = (
        f"expected error {100 * sure['expected_error']:.1f} %, "
        f"sigma is {1 / sure['scale']:.2f} of the error"
    )
    if "adapter" in content:
        lines["adapter"] = content["adapter"]["chosen"]
    return lines
