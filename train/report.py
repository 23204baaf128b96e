"""The report of a comparison: numbers as JSON, and one HTML file that needs nothing beside it."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlm
from dlm.landmark_specs import LandmarkSpec
from dlm.train import crops
from dlm.train.compare import Comparison, run_folder
from dlm.train.curves import curves_figure
from dlm.train.layout_run import Trained
from dlm.train.metrics import auc, bootstrap_ci, failure_rate, paired_ci
from dlm.train.pages import Picture, jpeg, png, write_page
from dlm.train.pictures import PREDICTED, draw_face, sheet
from dlm.train.result import faces_sheet, write_json

FACES = 6
Float64 = NDArray[np.float64]


def write_report(comparison: Comparison, out: Path) -> Path:
    """Write OUT/compare.json and OUT/report.html; return the latter."""
    content = summary(comparison)
    write_json(out / "compare.json", content)
    path = out / "report.html"
    write_page(path, "report.html", content, _pictures(comparison, out))
    return path


def summary(comparison: Comparison) -> dict[str, Any]:
    """Return every number of a comparison; errors in per cent."""
    plan = comparison.plan
    return {
        "layouts": [_layout(comparison, spec) for spec in plan.specs],
        "reference": plan.specs[0].name,
        "shared_68": comparison.shared,
        "mean_head_mm": _mm(comparison.unfitted),
        "settings": plan.settings.to_dict(),
        "seeds": [plan.settings.seed + k for k in range(plan.seeds)],
        "dataset": comparison.runs[0].run.dataset,
        "jobs": comparison.jobs,
        "precision": comparison.runs[0].run.precision,
        "device": comparison.runs[0].run.device,
        "crop": crops.CROP_RULE,
        "real": [each.source for each in plan.real],
        "adapt_on": [each.source for each in plan.adapt_on],
        "command": plan.command,
        "versions": {"dlm": dlm.__version__, **comparison.runs[0].run.versions},
    }


def _layout(comparison: Comparison, spec: LandmarkSpec) -> dict[str, Any]:
    runs, reference = comparison.of(spec), comparison.of(comparison.plan.specs[0])
    seconds = sum(run.run.seconds for run in runs)
    return {
        "name": spec.name,
        "points": spec.size,
        "weights": runs[0].weights,
        "megabytes": round(runs[0].megabytes, 2),
        "samples_per_s": round(sum(run.run.samples_seen for run in runs) / max(seconds, 1e-9), 1),
        "held_out_all_points": _percent(np.mean([run.run.nme for run in runs])),
        "scores": {name: _score(runs, reference, name) for name in runs[0].errors()},
        "fit": _fit(runs, reference),
    }


def _fit(runs: Sequence[Trained], reference: Sequence[Trained]) -> dict[str, Any] | None:
    """Return the errors in mm of heads laid on the points; None where the heads are unknown."""
    found = [run.fitted for run in runs if run.fitted is not None]
    others = [run.fitted for run in reference if run.fitted is not None]
    if not found:
        return None
    by_seed, baseline = np.stack(found), np.mean(others, axis=0)
    each = by_seed.mean(axis=0)
    faces = np.arange(len(each))
    return {
        "n": len(each),
        "mm": _mm(each),
        "ci95": [round(x, 3) for x in bootstrap_ci(each, faces)],
        "by_seed": [_mm(seed) for seed in by_seed],
        "true_points_mm": _mm(runs[0].fitted_to_truth),
        "difference": _mm(each - baseline),
        "difference_ci95": [round(x, 3) for x in paired_ci(each, baseline, faces)],
    }


def _mm(errors: Float64 | None) -> float | None:
    return None if errors is None else round(float(errors.mean()), 3)


def _score(runs: Sequence[Trained], reference: Sequence[Trained], name: str) -> dict[str, Any]:
    """Return one column: the mean over seeds of each face's error, then over faces."""
    errors = np.stack([run.errors()[name] for run in runs])
    baseline = np.stack([run.errors()[name] for run in reference]).mean(axis=0)
    each = errors.mean(axis=0)
    photos = runs[0].real[name].photos if name in runs[0].real else np.arange(len(each))
    numbers: dict[str, Any] = {
        "n": len(each),
        "normaliser": "ocular" if name in runs[0].real else "box",
        "nme": _percent(each.mean()),
        "ci95": [_percent(x) for x in bootstrap_ci(each, photos)],
        "by_seed": [_percent(x) for x in errors.mean(axis=1)],
        "auc8": _percent(np.mean([auc(seed) for seed in errors])),
        "fr8": _percent(np.mean([failure_rate(seed) for seed in errors])),
        "difference": _percent((each - baseline).mean()),
        "difference_ci95": [_percent(x) for x in paired_ci(each, baseline, photos)],
    }
    for other in ("pupil", "box"):
        if name in runs[0].real:
            found = [run.real[name].errors[other].mean() for run in runs]
            numbers[f"nme_{other}"] = _percent(np.mean(found))
    return numbers


def _pictures(comparison: Comparison, out: Path) -> list[Picture]:
    """Return captions and data addresses of the report's pictures."""
    plan = comparison.plan
    firsts = [comparison.of(spec)[0] for spec in plan.specs]
    pictures = [png("Held-out error while training", _curves(comparison, out))]
    for run in firsts:
        pairs = zip(comparison.held_out[:FACES], run.predicted[:FACES], strict=True)
        tiles = [draw_face(image, [(points, PREDICTED)]) for image, points in pairs]
        caption = f"{run.spec.name}: all {run.spec.size} points on held-out renders"
        pictures.append(jpeg(caption, sheet(tiles, FACES)))
    for run in firsts:
        for name, scores in run.real.items():
            caption = f"{run.spec.name}, {name}: best and worst photos, labels green"
            pictures.append(jpeg(caption, faces_sheet(scores)))
    return pictures


def _curves(comparison: Comparison, out: Path) -> bytes:
    plan, first = comparison.plan, comparison.plan.settings.seed
    logs = {spec.name: run_folder(out, spec, first).read_log() for spec in plan.specs}
    buffer = io.BytesIO()
    curves_figure(logs).savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def _percent(fraction: Any) -> float:
    return round(100 * float(fraction), 3)
