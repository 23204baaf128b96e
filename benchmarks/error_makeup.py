"""What the error on photos is made of: which points, which faces, and what kind of error.

    python benchmarks/error_makeup.py RUN --photos 300w:afw --adapt-on 300w:helen [--worst 40]

Every figure is after the adapter, in per cent of the inter-ocular distance. Tables: the groups and
the ten worst points; the faces by yaw, size, eye and mouth opening, each with its share of the
total error; the total without the worst faces; and each face's error split into a shift, a scaling
and a turn of the whole face, and the rest, its shape; the same for each group by itself. Along
outlines the place of a point is a convention more than something to be seen, so the error along and
across them is told, too, as is an offset that all labels have in common.
`--worst` names the worst faces, for a look at them.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlm.landmark_specs import load
from dlm.train.evaluate import PhotoCrops, predict_photos, refuse_shared
from dlm.train.metrics import (
    IBUG_GROUPS,
    bootstrap_ci,
    failure_rate,
    nme,
    normaliser_68,
    openings_68,
    point_errors,
)
from dlm.train.photos import open_photos
from dlm.train.predictor import Predictor
from dlm.train.protocols import fit_adapter
from dlm.train.training import pick_device
from dlm.train.yaw import bins_of, yaw_68

Float = NDArray[np.float64]
Rows = NDArray[np.bool_]

WORST = (0.05, 0.1, 0.2)  # shares of the faces
OPEN_LINES = (range(17), range(17, 22), range(22, 27))  # jaw, brows
CLOSED_LINES = (range(36, 42), range(42, 48), range(48, 60), range(60, 68))  # lids, lips


@dataclass(frozen=True, eq=False)
class Answers:
    """The 68 of N faces after the adapter, in pixels of the photos."""

    predicted: Float  # (N, 68, 2)
    truth: Float  # (N, 68, 2)
    photos: NDArray[np.str_]  # (N,) which photograph a face is from
    names: tuple[str, ...]  # (N,) of the pictures

    @property
    def divisors(self) -> Float:
        """Return (N,) inter-ocular distances in pixels."""
        return normaliser_68(self.truth, "ocular")

    @property
    def points(self) -> Float:
        """Return (N, 68) errors in per cent."""
        return 100 * point_errors(self.predicted, self.truth) / self.divisors[:, None]

    @property
    def faces(self) -> Float:
        """Return (N,) errors in per cent."""
        return np.asarray(self.points.mean(axis=1))


def tangents(truth: Float) -> Float:
    """Return (N, 68, 2) unit vectors along the annotated outlines; NaN for points of none."""
    along = np.full(truth.shape, np.nan)
    for line in OPEN_LINES:
        along[:, line] = np.gradient(truth[:, line], axis=1)
    for line in CLOSED_LINES:
        ring = truth[:, line]
        along[:, line] = np.roll(ring, -1, axis=1) - np.roll(ring, 1, axis=1)
    length = np.linalg.norm(along, axis=-1, keepdims=True)
    return np.asarray(along / np.maximum(length, 1e-9))


def along_outlines(answers: Answers) -> tuple[Float, Float]:
    """Return (N, 68) offsets along the annotated outlines and across them, in per cent, signed."""
    off = 100 * (answers.predicted - answers.truth) / answers.divisors[:, None, None]
    x, y = np.moveaxis(tangents(answers.truth), -1, 0)
    return off[..., 0] * x + off[..., 1] * y, off[..., 1] * x - off[..., 0] * y


def parts(predicted: Float, truth: Float) -> tuple[dict[str, Float], Float]:
    """Split (N, Q, 2) errors into what a similarity of the labels explains, and the rest.

    The similarity that comes nearest to the prediction moves each label by a shift, a multiple of
    its place from the centre and one of that turned by a right angle. Those directions and the rest
    are at right angles to each other, so the squares add up. Returns (N,) mean squares of each part
    in squared pixels, and the labels (N, Q, 2) after the similarity.
    """
    shift = (predicted - truth).mean(axis=1, keepdims=True)
    out = truth - truth.mean(axis=1, keepdims=True)
    turned = np.stack([-out[..., 1], out[..., 0]], axis=-1)
    moved, squares = truth + shift, {"shift": (shift**2).sum(axis=(1, 2))}
    for name, direction in (("scale", out), ("rotation", turned)):
        length = (direction**2).sum(axis=(1, 2))
        amount = ((predicted - truth) * direction).sum(axis=(1, 2)) / length
        moved = moved + amount[:, None, None] * direction
        squares[name] = amount**2 * length / truth.shape[1]
    squares["shape"] = ((predicted - moved) ** 2).sum(axis=-1).mean(axis=1)
    return squares, moved


def thirds(values: Float, unit: str) -> dict[str, Rows]:
    """Return the faces of the lowest, the middle and the highest third of (N,) values.

    Where more than a third share the lowest value, shut mouths say, those are the first bin, and
    the others are halved.
    """
    low, high = np.percentile(values, [100 / 3, 200 / 3])
    if low == values.min():
        low = values[values > low].min(initial=np.inf)
        high = max(low, np.median(values[values >= low])) if np.isfinite(low) else low
    bins = {
        f"below {low:.3g}{unit}": values < low,
        f"{low:.3g} to {high:.3g}{unit}": (values >= low) & (values < high),
        f"from {high:.3g}{unit}": values >= high,
    }
    return {name: rows for name, rows in bins.items() if rows.any()}


def kinds(answers: Answers) -> dict[str, dict[str, Rows]]:
    """Return the ways of sorting the faces, each a name and the members of its bins."""
    openings = openings_68(answers.truth, answers.divisors)
    return {
        "yaw": {f"{name} degrees": rows for name, rows in bins_of(yaw_68(answers.truth))},
        "inter-ocular distance": thirds(answers.divisors, " px"),
        "eye opening": thirds(100 * openings["eye"], " %"),
        "mouth opening": thirds(100 * openings["mouth"], " %"),
    }


def by_points(answers: Answers) -> Iterable[str]:
    """Return a row a group, then the ten worst points."""
    errors, names = answers.points, load("68").names
    along, across = along_outlines(answers)
    yield "| points | NME | share of the error | along the outline | across it |"
    yield "|---|---|---|---|---|"
    chosen = {group: list(range(*span)) for group, span in IBUG_GROUPS.items()}
    worst = np.argsort(-errors.mean(axis=0))[:10]
    chosen |= {f"{names[q]} ({q + 1})": [int(q)] for q in worst}
    for name, rows in chosen.items():
        split = [f"{np.abs(each[:, rows]).mean():.2f}" for each in (along, across)]
        cells = [name, f"{errors[:, rows].mean():.2f}",
                 f"{100 * errors[:, rows].sum() / errors.sum():.1f} %",
                 *(cell.replace("nan", "") for cell in split)]  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def by_kind(answers: Answers, sorted_by: Mapping[str, Mapping[str, Rows]]) -> Iterable[str]:
    """Return a row for all faces and a row a bin."""
    errors, points = answers.faces, answers.points
    box = 100 * nme(answers.predicted, answers.truth, normaliser_68(answers.truth, "box"))
    titles = ["faces", "n", "NME", "by the box", *IBUG_GROUPS, "FR8", "of faces", "of the error"]
    yield f"| {' | '.join(titles)} |"
    yield "|---" * len(titles) + "|"
    every = {"all": {"": np.ones(len(errors), bool)}, **sorted_by}
    for kind, bins in every.items():
        for name, rows in bins.items():
            low, high = bootstrap_ci(errors[rows], answers.photos[rows])
            groups = [points[rows, start:stop].mean() for start, stop in IBUG_GROUPS.values()]
            cells = [
                f"{kind} {name}".strip(), str(rows.sum()),
                f"{errors[rows].mean():.2f} ({low:.2f} to {high:.2f})", f"{box[rows].mean():.2f}",
                *(f"{error:.2f}" for error in groups),
                f"{100 * failure_rate(errors[rows] / 100):.1f}", f"{100 * rows.mean():.0f} %",
                f"{100 * errors[rows].sum() / errors.sum():.0f} %",
            ]  # fmt: skip
            yield f"| {' | '.join(cells)} |"


def by_common(answers: Answers) -> Iterable[str]:
    """Return what all points of all faces have in common, and those of either side of the jaw."""
    offset = (answers.predicted - answers.truth).mean(axis=(0, 1))
    left = 100 * nme(answers.predicted - offset, answers.truth, answers.divisors)
    yield (f"all points of all faces lie {offset[0]:+.2f} px to the right and {offset[1]:+.2f} px "
           f"down; NME without that {left.mean():.2f}")  # fmt: skip
    along = along_outlines(answers)[0]
    sides = [along[:, line] for line in (range(8), range(9, 17))]
    common = sum((side.mean(axis=1) ** 2).mean() for side in sides)
    share = common / sum((side**2).mean() for side in sides)
    yield f"common to one side's jaw points: {100 * share:.0f} % of the square of what they slide"


def by_worst(errors: Float) -> Iterable[str]:
    """Return how much of the total the worst faces carry."""
    ordered = np.sort(errors)[::-1]
    yield "| worst faces | n | from | their share of the error | NME without them |"
    yield "|---|---|---|---|---|"
    for share in WORST:
        n = round(share * len(ordered))
        carried = ordered[:n].sum() / ordered.sum()
        yield (f"| {100 * share:.0f} % | {n} | {ordered[n - 1]:.2f} | {100 * carried:.0f} % "
               f"| {ordered[n:].mean():.2f} |")  # fmt: skip
    yield f"median face {np.median(ordered):.2f}, best tenth below {np.percentile(ordered, 10):.2f}"


def by_part(answers: Answers) -> Iterable[str]:
    """Return the parts of the squared error: of all faces, the worst tenth, and each group."""
    worst = answers.faces >= np.percentile(answers.faces, 90)
    every, whole = np.ones_like(worst), (0, answers.truth.shape[1])
    chosen = {"all faces": (every, whole), "the worst tenth": (worst, whole),
              "the others": (~worst, whole)}  # fmt: skip
    chosen |= {f"{group} by themselves": (every, span) for group, span in IBUG_GROUPS.items()}
    yield "| of | shift | scale | rotation | shape | NME | NME after the similarity |"
    yield "|---|---|---|---|---|---|---|"
    for name, (rows, (start, stop)) in chosen.items():
        divisors = answers.divisors[rows]
        predicted, truth = (p[rows, start:stop] for p in (answers.predicted, answers.truth))
        squares, moved = parts(predicted, truth)
        shares = np.array([(each / divisors**2).mean() for each in squares.values()])
        cells = [name, *(f"{100 * share:.0f} %" for share in shares / shares.sum()),
                 f"{100 * nme(predicted, truth, divisors).mean():.2f}",
                 f"{100 * nme(predicted, moved, divisors).mean():.2f}"]  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def find(run: Path, photos: Sequence[str], adapt_on: Sequence[str]) -> Answers:
    """Predict the faces of `photos`, flip-averaged, and move them by an adapter of other ones."""
    predictor = Predictor.load(run, pick_device())
    sets, others = ([open_photos(s) for s in sources] for sources in (photos, adapt_on))
    refuse_shared(sets, others)
    tested, fitted = (PhotoCrops.read(s, predictor.size, lambda _: None) for s in (sets, others))
    adapter, _ = fit_adapter(predictor.spec, predict_photos(predictor, fitted, flip=True))
    found = predict_photos(predictor, tested, flip=True)
    names = tuple(path.stem for path in tested.photos.paths)
    return Answers(adapter(found.points, found.boxes), found.truth, found.photos, names)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--photos", action="append", required=True, help="300w:PATH to score on")
    parser.add_argument("--adapt-on", action="append", required=True, help="300w:PATH")
    parser.add_argument("--worst", type=int, default=0, help="name so many of the worst faces")
    asked = parser.parse_args()
    answers = find(asked.run, asked.photos, asked.adapt_on)
    tables = (by_points(answers), by_common(answers), by_kind(answers, kinds(answers)),
              by_worst(answers.faces), by_part(answers))  # fmt: skip
    print("\n\n".join("\n".join(table) for table in tables))
    for row in np.argsort(-answers.faces)[: asked.worst]:
        print(f"{answers.names[row]}: {answers.faces[row]:.2f}")


if __name__ == "__main__":
    main()
