"""What `dlm eval` leaves: a JSON of numbers and, where asked, pictures of faces."""

import json
from pathlib import Path
from typing import Any

import numpy as np

import dlm
from dlm.datasets.files import replacing, write_errors
from dlm.train import crops
from dlm.train.curves import draw_calibration, draw_ced
from dlm.train.evaluate import NOTES, Scores
from dlm.train.pages import jpeg, png, write_page
from dlm.train.pictures import PREDICTED, TRUTH, UInt8, draw_face, sheet, write_png
from dlm.train.predictor import Predictor

COLUMNS, BEST, WORST = 6, 12, 24


def result(
    scores: Scores, predictor: Predictor, *, protocol: str, flip: bool, licence: str, command: str
) -> dict[str, Any]:
    """Return the content of the JSON file; errors in per cent."""
    run = predictor.run
    return {
        **scores.summary(),
        "protocol": protocol,
        "crop": crops.CROP_RULE,
        "flip_averaged": flip,
        "normalisers": NOTES,
        "layout": {"name": run.spec_name, "hash": run.spec_hash, "points": predictor.spec.size},
        "run": {
            "mode": run.settings.mode, "samples_seen": run.samples_seen, "dataset": run.dataset,
            "licence": run.licence, "seed": run.settings.seed,
        },
        "licence": licence,
        "command": command,
        "versions": {"dlm": dlm.__version__, **run.versions},
    }  # fmt: skip


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a result, whole or not at all."""
    with write_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write((json.dumps(content, indent=2) + "\n").encode())


def draw_result(folder: Path, scores: Scores, content: dict[str, Any]) -> list[Path]:
    """Draw errors, calibration, best and worst faces, and a page of all; return the files."""
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    curve, sure, faces = (folder / f"{name}.png" for name in ("ced", "calibration", "faces"))
    draw_ced(curve, {content["layout"]["name"]: scores.errors[scores.primary]}, scores.primary)
    draw_calibration(sure, content["calibration"])
    page, drawn = folder / "eval.html", faces_sheet(scores)
    write_png(faces, drawn)
    pictures = [
        png("Share of faces by error", curve.read_bytes()),
        png("Doubt beside error", sure.read_bytes()),
        jpeg("Best and worst faces: labels green, predictions red", drawn),
    ]
    write_page(page, "eval.html", content, pictures)
    return [curve, sure, faces, page]


def faces_sheet(scores: Scores) -> UInt8:
    """Return the best faces, then the worst, with labels and predictions drawn."""
    errors = scores.errors[scores.primary]
    order = np.argsort(errors)
    best = order[:BEST]
    worst = order[::-1][: min(WORST, max(len(order) - len(best), 0))]
    tiles = [_tile(scores, row, f"best {100 * errors[row]:.1f} %") for row in best]
    tiles += [_tile(scores, row, f"worst {100 * errors[row]:.1f} %") for row in worst]
    return sheet(tiles, COLUMNS)


def _tile(scores: Scores, row: int, caption: str) -> UInt8:
    layers = [(scores.truth[row], TRUTH), (scores.predicted[row], PREDICTED)]
    return draw_face(scores.crops[row], layers, caption)
