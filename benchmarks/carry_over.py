"""How well networks trained on renders do on photos, and what each part of the look is worth.

    python benchmarks/carry_over.py OUT --photos 300w:afw --adapt-on 300w:lfpw --adapt-on 300w:helen

One recipe for every row: the same images (ids of one seed), network, samples seen and seeds; a row
changes one thing of the look, the head model or the training. It prints the NME (inter-ocular, per
cent) by the nearest points and after an adapter, by group, and the slopes of predicted against
annotated eye and mouth opening. Each row and seed is one JSON in OUT, so a run that was stopped
(Ctrl-C, --minutes) goes on where it was. `short` takes about 10 minutes a row on two quiet cores,
rendering included; `long` sees 300,000 samples.

    --rows all,no_hair        only these
    --seeds 2                 how many networks a row
    --folder first_look=DIR   a row of renders that are there already, of an earlier look say
"""

import argparse
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from dlm import cores, datasets, landmark_specs
from dlm.cli.console import progress
from dlm.datasets import Recipe
from dlm.errors import DatasetError, DlmError
from dlm.generator import run as rendering
from dlm.generator.look import probabilities
from dlm.generator.pipeline import plan
from dlm.train.augment import PLAIN, Augmentation
from dlm.train.data import load
from dlm.train.evaluate import PhotoCrops, predict_photos
from dlm.train.metrics import bootstrap_ci, failure_rate, group_errors, nme, normaliser_68
from dlm.train.metrics import openings_68 as openings
from dlm.train.photos import open_photos
from dlm.train.predictor import Predictor
from dlm.train.protocols import Labelled, Nearest, Protocol68, fit_adapter
from dlm.train.run_folder import RunFolder
from dlm.train.settings import Settings
from dlm.train.training import open_run, pick_device, train

RENDER_SEED = 1
SHUT, NEVER = [97, 97], 0.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a row changes; `look` maps places in look.yaml ('wardrobe.cap') to other values."""

    title: str
    look: Mapping[str, Any] = field(default_factory=dict)
    model: str = "makehuman"
    augmented: bool = True
    folder: Path | None = None  # renders that are there already


ROWS = {
    "all": Row(title="everything on"),
    "no_hair": Row(title="without hair and beards", look={
        "hair.styles_female": {"bald": 1}, "hair.styles_male": {"bald": 1},
        "hair.beards": {"none": 1},
    }),
    "no_wardrobe": Row(title="without anything worn but a shirt", look={
        f"wardrobe.{name}": NEVER for name in (
            "glasses", "sunglasses", "cap", "beanie", "headscarf", "headphones", "surgical_mask",
            "cloth_mask", "scarf", "earrings",
        )
    }),
    "no_occluders": Row(title="without occluders", look={"occluders.any": NEVER}),
    "no_sensor": Row(title="without the sensor's faults", look={
        "sensor.defocus": NEVER, "sensor.motion": NEVER, "sensor.low_resolution": NEVER,
        "sensor.noise": NEVER, "sensor.grey": NEVER, "sensor.vignette": NEVER,
        "sensor.cast": NEVER, "sensor.jpeg": SHUT,
    }),
    "no_skin_detail": Row(title="without skin detail and make-up", look={
        "skin.freckles": NEVER, "skin.mottle": [0, 0], "skin.pores": [0, 0], "skin.wrinkles": 0,
        "skin.lipstick": NEVER, "skin.eye_shadow": NEVER, "skin.liner": NEVER,
    }),
    "no_shadows": Row(title="without the head's own shadow", look={"light.shadow": [0, 0]}),
    "plain_backgrounds": Row(title="plain backgrounds", look={"background.plain": 1.0}),
    "ict": Row(title="ict instead of makehuman", model="ict"),
    "no_augmentation": Row(title="training without augmentation", augmented=False),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much of everything a row gets."""

    images: int
    pixels: int
    settings: Settings


SIZES = {
    "short": Size(images=6000, pixels=160,
                  settings=Settings(samples=100_000, size=96, width=48, validations=5)),
    "long": Size(images=20_000, pixels=192, settings=Settings(samples=300_000)),
}  # fmt: skip


def look_of(row: Row) -> str:
    """Return the text of the row's look: the shipped one with its changes; DlmError if none fit."""
    values: dict[str, Any] = yaml.safe_load(probabilities.default_text())
    for place, value in row.look.items():
        section, _, key = place.partition(".")
        if key not in values.get(section, {}):
            raise DlmError("is no switch of the look any more", place, "mend the row's changes")
        values[section][key] = value
    text = yaml.safe_dump(values, sort_keys=False)
    probabilities.parse(text, row.title)
    return text


class Clock:
    """Says when this call has used up its time."""

    def __init__(self, minutes: float) -> None:
        self.end = time.monotonic() + 60 * minutes

    def over(self) -> bool:
        """Whether to stop at the next opportunity."""
        return time.monotonic() > self.end


def renders(row: Row, size: Size, out: Path) -> Path:
    """Return the folder of the row's renders, drawn where they are missing."""
    if row.folder is not None:
        found = len(datasets.open(row.folder))
        if found != size.images:
            raise DatasetError(f"holds {found} renders, other rows have {size.images}",
                               str(row.folder), "render as many there")  # fmt: skip
        return row.folder
    recipe = plan(landmark_specs.load("68"), model=row.model, size=size.pixels, seed=RENDER_SEED,
                  look=look_of(row), look_source=row.title)  # fmt: skip
    folder = out / "faces" / recipe.hash  # rows of one recipe share their renders
    _draw(recipe, folder, size.images, row.title)
    return folder


def _draw(recipe: Recipe, folder: Path, n: int, title: str) -> None:
    todo = rendering.prepare(recipe, folder, n)
    if not todo.complete:
        available = cores.count()
        with progress(n, f"rendering {title}", "images", done=todo.done) as bar:
            rendering.render(
                recipe, folder, n, min(available, max(1, len(todo.shards))), bar.advance
            )


def trained(name: str, row: Row, seed: int, size: Size, out: Path, clock: Clock) -> Path | None:
    """Return the folder of the row's finished run, or None where the time was over before."""
    folder = RunFolder(out / "runs" / f"{name}-{seed}")
    if folder.exists and folder.read_run().finished:
        return folder.path
    dataset = datasets.open(renders(row, size, out))
    if clock.over():
        return None
    settings = replace(size.settings, seed=seed)
    data = load(dataset, dataset.spec, settings.size, lambda _: None)
    run = open_run(folder, settings, data, "benchmarks/carry_over.py", pick_device())
    with progress(settings.samples, f"training {row.title}", "samples") as bar:
        run = train(
            folder, run, data, device=pick_device(), should_stop=clock.over,
            progress=lambda seen, note: bar.update(done=seen, note=note),
            augmentation=Augmentation() if row.augmented else PLAIN,
        )  # fmt: skip
    return folder.path if run.finished else None


def score(run: Path, photos: Sequence[str], adapt_on: Sequence[str]) -> dict[str, Any]:
    """Return the row's figures; errors in per cent of the inter-ocular distance."""
    predictor = Predictor.load(run, pick_device())
    tested, fitted = (
        predict_photos(predictor, PhotoCrops.read(sets, predictor.size, lambda _: None), flip=False)
        for sets in ([open_photos(s) for s in sources] for sources in (photos, adapt_on))
    )
    adapter, found = fit_adapter(predictor.spec, fitted)
    return {
        "faces": len(tested),
        "nearest": _figures(Nearest(predictor.spec), tested),
        "adapter": _figures(adapter, tested) | {"chosen": found["chosen"]},
        "seconds": predictor.run.seconds,
        "precision": predictor.run.precision,
        "dataset": predictor.run.dataset,
    }


def _figures(protocol: Protocol68, faces: Labelled) -> dict[str, Any]:
    answers = protocol(faces.points, faces.boxes)
    divisors = normaliser_68(faces.truth, "ocular")
    errors = nme(answers, faces.truth, divisors)
    seen, real = openings(answers, divisors), openings(faces.truth, divisors)
    groups = group_errors(answers, faces.truth, divisors, np.ones(68, bool))
    return {
        "nme": 100 * float(errors.mean()),
        "ci95": [100 * end for end in bootstrap_ci(errors, faces.photos)],
        "fr8": 100 * failure_rate(errors),
        "groups": {group: 100 * error for group, error in groups.items()},
        "slopes": {part: float(np.polyfit(real[part], seen[part], 1)[0]) for part in real},
    }


def table(rows: Mapping[str, Row], out: Path, seeds: int) -> str:
    """Return what is finished as Markdown; the mean of the seeds, their spread as +-."""
    lines = [
        "| row | seeds | nearest | adapter | jaw | brows | nose | eyes | lips | FR8 "
        "| eye slope | mouth slope |",
        "|---" * 12 + "|",
    ]
    for name, row in rows.items():
        paths = [out / f"{name}-{seed}.json" for seed in range(seeds)]
        found = [json.loads(path.read_text()) for path in paths if path.exists()]
        if not found:
            continue
        adapted = [one["adapter"] for one in found]
        mean = float(np.mean([one["nme"] for one in adapted]))
        half = (max(one["nme"] for one in adapted) - min(one["nme"] for one in adapted)) / 2
        spread = f" +- {half:.2f}" if len(found) > 1 else ""
        groups = [np.mean([one["groups"][g] for one in adapted]) for g in adapted[0]["groups"]]
        slopes = [np.mean([one["slopes"][part] for one in adapted]) for part in ("eye", "mouth")]
        cells = [
            row.title, str(len(found)), f"{np.mean([one['nearest']['nme'] for one in found]):.2f}",
            f"{mean:.2f}{spread}", *(f"{error:.2f}" for error in groups),
            f"{np.mean([one['fr8'] for one in adapted]):.1f}", *(f"{s:.2f}" for s in slopes),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="folder of renders, runs and a JSON a row")
    parser.add_argument("--photos", action="append", required=True, help="300w:PATH to score on")
    parser.add_argument("--adapt-on", action="append", required=True, help="300w:PATH")
    parser.add_argument("--size", choices=SIZES, default="short")
    parser.add_argument("--images", type=int, help="another number of renders a row")
    parser.add_argument("--samples", type=int, help="another number of samples seen")
    parser.add_argument("--rows", help="names with commas between; all of them otherwise")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--folder", action="append", default=[], help="NAME=DIR: renders of a row")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    return parser.parse_args()


def _size(asked: argparse.Namespace) -> Size:
    size = SIZES[asked.size]
    samples = asked.samples or size.settings.samples
    images = asked.images or size.images
    return replace(size, images=images, settings=replace(size.settings, samples=samples))


def main() -> None:
    """Do what is missing, and print the table."""
    asked = _asked()
    given = dict(pair.partition("=")[::2] for pair in asked.folder)
    rows = ROWS | {name: Row(title=name.replace("_", " "), folder=Path(place))
                   for name, place in given.items()}  # fmt: skip
    chosen = asked.rows.split(",") if asked.rows else list(rows)
    if odd := sorted(set(chosen) - set(rows)):
        raise SystemExit(f"no row {odd[0]!r}; there is: {', '.join(rows)}")
    clock, size = Clock(asked.minutes), _size(asked)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    for seed in range(asked.seeds):
        for name in chosen:
            path = asked.out / f"{name}-{seed}.json"
            if path.exists() or clock.over():
                continue
            run = trained(name, rows[name], seed, size, asked.out, clock)
            if run is not None:
                result = score(run, asked.photos, asked.adapt_on)
                path.write_text(json.dumps({"row": name, "seed": seed, **result}, indent=2) + "\n")
                print(f"{name}, seed {seed}: {result['adapter']['nme']:.2f}", flush=True)
    print(table({name: rows[name] for name in chosen}, asked.out, asked.seeds))


if __name__ == "__main__":
    main()
