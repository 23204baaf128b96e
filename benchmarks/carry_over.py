"""How well networks trained on renders do on photos, and what each part of the look is worth.

    python benchmarks/carry_over.py OUT --photos 300w:afw --adapt-on 300w:lfpw --adapt-on 300w:helen

One recipe for every row: the same images (ids of one seed), network, samples seen and seeds; a row
changes one thing of the look, the head model or the training. It prints the NME (inter-ocular, per
cent, predictions averaged with those of the mirrored photo) by the nearest points and after an
adapter, by group, and the slopes of predicted against annotated eye and mouth opening. One process
draws the rows while --jobs others train and score what is drawn; each row and seed is one JSON in
OUT. Whatever stops it (Ctrl-C, --minutes), the same command goes on from the same step.

    --rows all,no_hair        only these, and those of --folder
    --seeds 2                 how many networks a row
    --folder first_look=DIR   a row of renders that are there already, of an earlier look say
    --size long               what docs/results.md reports: 50,000 renders, 300,000 samples seen
    --jobs 14                 trainings at a time; cores are shared out among them
"""

import argparse
import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from carry_over_rows import ROWS, SIZES, Row, Size, recipe_of
from carry_over_table import table
from side_by_side import Channel, Ended, Job, side_by_side

from dlm import cores, datasets
from dlm.cli.console import Progress, duration, progress
from dlm.cli.render import WORKERS_LOAD
from dlm.datasets import Dataset
from dlm.errors import DatasetError, DlmError
from dlm.generator import run as rendering
from dlm.generator.supervisor import load_early
from dlm.train import shared
from dlm.train.augment import PLAIN, Augmentation
from dlm.train.data import TrainingData, load
from dlm.train.evaluate import PhotoCrops, predict_photos, refuse_shared
from dlm.train.interrupt import stop_on_interrupt
from dlm.train.metrics import failure_rate, group_errors, nme, normaliser_68
from dlm.train.metrics import openings_68 as openings
from dlm.train.photos import open_photos
from dlm.train.predictor import Predictor
from dlm.train.protocols import Labelled, Nearest, Protocol68, fit_adapter
from dlm.train.result import write_json
from dlm.train.run_folder import RunFolder
from dlm.train.training import open_run, pick_device, train

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What is asked for, and where everything of it lies."""

    out: Path
    rows: Mapping[str, Row]
    seeds: int
    size: Size
    photos: Sequence[str]
    adapt_on: Sequence[str]
    threads: int  # of each training
    command: str

    @property
    def total(self) -> int:
        """How many samples a run sees."""
        return self.size.settings.steps * self.size.settings.batch

    def run(self, name: str, seed: int) -> RunFolder:
        """Return where the run of a row and seed lives."""
        return RunFolder(self.out / "runs" / run_name(name, seed))

    def result(self, name: str, seed: int) -> Path:
        """Return the file of the figures of a row and seed."""
        return self.out / f"{run_name(name, seed)}.json"

    @property
    def cache(self) -> Path:
        """Where faces lie that are cropped for the network: the photos, each recipe's renders."""
        return self.out / "crops"

    @property
    def missing(self) -> list[tuple[str, int]]:
        """Rows and seeds without figures yet: the first seed of all rows, then the second."""
        every = [(name, seed) for seed in range(self.seeds) for name in self.rows]
        return [each for each in every if not self.result(*each).exists()]

    def results(self, name: str) -> dict[int, Any]:
        """Return the figures of a row that are there, by seed."""
        paths = {seed: self.result(name, seed) for seed in range(self.seeds)}
        return {seed: json.loads(path.read_text()) for seed, path in paths.items() if path.exists()}

    def claim(self) -> None:
        """Say in the folder what its figures are of; DlmError where they are of something else."""
        mine = {"images": self.size.images, "pixels": self.size.pixels,
                **asdict(self.size.settings), "photos": list(self.photos),
                "adapt_on": list(self.adapt_on)}  # fmt: skip
        path = self.out / "comparison.json"
        if not path.exists():
            self.out.mkdir(parents=True, exist_ok=True)
            write_json(path, mine)
        its = json.loads(path.read_text())
        if odd := [key for key in mine if mine[key] != its.get(key)]:
            told = "; ".join(f"{key} {its.get(key)}, not {mine[key]}" for key in odd)
            raise DlmError(f"holds other figures: {told}", str(self.out), "choose another folder")


def run_name(name: str, seed: int) -> str:
    """Return what the run of a row and seed is called."""
    return f"{name}-{seed}"


def kept(folder: Path, make: Callable[[], T]) -> T:
    """Return what `make` does, made once: processes that ask for it share its large arrays."""
    whole = folder / "whole"
    if not whole.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shared.save(folder, make())
        whole.touch()
    value: T = shared.load(folder)
    return value


@dataclass(frozen=True)
class Prepare:
    """Draw and crop every row that lacks figures, one after the other, and begin its runs."""

    asked: Comparison

    def __call__(self, channel: Channel) -> None:
        """Say of each row when it is ready; those that need no drawing come first."""
        load_early(*WORKERS_LOAD, "dlm.train.training")  # this script imports it, in workers, too
        torch.set_num_threads(self.asked.threads)  # precisions are measured as they will run
        test_faces(self.asked)
        names = dict.fromkeys(name for name, _ in self.asked.missing)
        for name in sorted(names, key=lambda name: self.asked.rows[name].folder is None):
            row, size = self.asked.rows[name], self.asked.size
            dataset = renders(row, size, self.asked.out, channel)
            if dataset is None:
                return
            channel.tell(f"cropping {row.title}")
            self._begin(name, dataset)
            channel.ready(name)

    def _begin(self, name: str, dataset: Dataset) -> None:
        """Crop a row's faces, and begin or find its runs: all in the precision of the first one."""
        asked, settings = self.asked, self.asked.size.settings
        data = kept(asked.cache / dataset.recipe.hash,
                    lambda: load(dataset, dataset.spec, settings.size, lambda _: None))  # fmt: skip
        begun = sorted((asked.out / "runs").glob("*/run.json"))
        like = RunFolder(begun[0].parent).read_run() if begun else None
        for seed in range(asked.seeds):
            run = open_run(
                asked.run(name, seed), replace(settings, seed=seed), data, asked.command,
                pick_device(), like,
            )  # fmt: skip
            like = like or run


def renders(row: Row, size: Size, out: Path, channel: Channel) -> Dataset | None:
    """Return the row's renders, drawn where they are missing; None where that was stopped."""
    if row.folder is not None:
        dataset = datasets.open(row.folder)
        found = (len(dataset), dataset.recipe.size)
        if found != (size.images, size.pixels):
            raise DatasetError(
                f"holds {found[0]} renders of {found[1]} px, other rows have {size.images} of "
                f"{size.pixels}", str(row.folder), "render as many there",
            )  # fmt: skip
        return dataset
    recipe = recipe_of(row, size)
    folder = out / "faces" / recipe.hash  # rows of one recipe share their renders
    todo = rendering.prepare(recipe, folder, size.images)
    done = todo.done

    def advance(count: int) -> None:
        nonlocal done
        done += count
        channel.tell(f"rendering {row.title}, {done:,} of {size.images:,}")
        if channel.should_stop():
            raise _Stopped

    if not todo.complete:
        workers = min(cores.count(), max(1, len(todo.shards)))
        try:
            rendering.render(recipe, folder, size.images, workers, advance)
        except _Stopped:
            return None
    return datasets.open(folder)


class _Stopped(Exception):  # noqa: N818, nothing went wrong
    pass


@dataclass(frozen=True)
class Training:
    """Train and score one row with one seed; its run was begun."""

    asked: Comparison
    name: str
    seed: int

    def __call__(self, channel: Channel) -> None:
        """Leave the figures, or a state to go on from where it was stopped."""
        folder, device = self.asked.run(self.name, self.seed), pick_device()
        run = folder.read_run()
        if not run.finished:
            data: TrainingData = shared.load(self.asked.cache / run.dataset["recipe"])
            augmented = self.asked.rows[self.name].augmented
            run = train(
                folder, run, data, device=device, should_stop=channel.should_stop,
                progress=lambda seen, _: channel.tell(seen),
                augmentation=Augmentation() if augmented else PLAIN,
            )  # fmt: skip
        if run.finished:
            result = score(folder.path, *test_faces(self.asked))
            write_json(self.asked.result(self.name, self.seed), result)


def test_faces(asked: Comparison) -> tuple[PhotoCrops, PhotoCrops]:
    """Return the faces to score on and those to fit adapters to, cropped for the network."""

    def read() -> tuple[PhotoCrops, PhotoCrops]:
        sets = [[open_photos(source) for source in each] for each in (asked.photos, asked.adapt_on)]
        refuse_shared(*sets)
        size = asked.size.settings.size
        tested, fitted = (PhotoCrops.read(each, size, lambda _: None) for each in sets)
        return tested, fitted

    return kept(asked.cache / "photos", read)


def score(run: Path, tested: PhotoCrops, fitted: PhotoCrops) -> dict[str, Any]:
    """Return the run's figures; errors in per cent of the inter-ocular distance."""
    predictor = Predictor.load(run, pick_device())
    faces, others = (predict_photos(predictor, each, flip=True) for each in (tested, fitted))
    adapter, found = fit_adapter(predictor.spec, others)
    return {
        "faces": len(faces),
        "photos": faces.photos.tolist(),
        "nearest": _figures(Nearest(predictor.spec), faces),
        "adapter": _figures(adapter, faces) | {"chosen": found["chosen"]},
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
        "fr8": 100 * failure_rate(errors),
        "groups": {group: 100 * error for group, error in groups.items()},
        "slopes": {part: float(np.polyfit(real[part], seen[part], 1)[0]) for part in real},
        "errors": [round(100 * float(error), 4) for error in errors],  # of each face
    }


class Status:
    """One bar over the samples of all runs, and what is going on beside it."""

    def __init__(self, asked: Comparison, bar: Progress, seen: Mapping[str, int]) -> None:
        self.asked, self.bar, self.seen = asked, bar, dict(seen)
        self.running: dict[str, str] = {}

    def take(self, job: Job, message: Any) -> None:
        """Show what a job says; print a line where a training has ended."""
        if isinstance(message, Ended):
            self.running.pop(job.name, None)
            self._ended(job, message)
        elif isinstance(message.value, int):
            self.seen[job.name] = message.value
            self.running[job.name] = f"{job.name} {100 * message.value / self.asked.total:.0f} %"
        else:
            self.running[job.name] = message.value
        self.bar.update(done=sum(self.seen.values()), note="; ".join(self.running.values()))

    def _ended(self, job: Job, end: Ended) -> None:
        if end.failure:
            print(f"{job.name}: {end.failure}", file=sys.stderr, flush=True)
        elif isinstance(job.call, Training):
            path = self.asked.result(job.call.name, job.call.seed)
            if path.exists():
                self.seen[job.name] = self.asked.total
                found = json.loads(path.read_text())
                print(f"{job.name}: nearest {found['nearest']['nme']:.2f}, adapter "
                      f"{found['adapter']['nme']:.2f}, {duration(found['seconds'])}",
                      flush=True)  # fmt: skip


def jobs_of(asked: Comparison) -> list[Job]:
    """Return what is to do, in order."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    threads = dict.fromkeys(names, str(asked.threads))
    return [
        Job(name="preparing", call=Prepare(asked), lane="prepare"),
        *(Job(name=run_name(name, seed), call=Training(asked, name, seed), lane="train",
              after=name, environment=threads) for name, seed in asked.missing),
    ]  # fmt: skip


def work(asked: Comparison, jobs: int, minutes: float) -> bool:
    """Do what is missing until the time is over or Ctrl-C; return whether nothing failed."""
    end, failed = time.monotonic() + 60 * minutes, False
    seen = {run_name(*each): _seen(asked.run(*each)) for each in asked.missing}
    with (
        stop_on_interrupt() as interrupted,
        progress(len(seen) * asked.total, "training", "samples", done=sum(seen.values())) as bar,
    ):
        status = Status(asked, bar, seen)
        events = side_by_side(
            jobs_of(asked), {"prepare": 1, "train": jobs},
            lambda: interrupted() or time.monotonic() > end,
        )  # fmt: skip
        for job, message in events:
            status.take(job, message)
            failed |= isinstance(message, Ended) and bool(message.failure)
    return not failed


def _seen(folder: RunFolder) -> int:
    return folder.read_run().samples_seen if folder.exists else 0


def asked_for() -> tuple[Comparison, argparse.Namespace]:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="folder of renders, runs and a JSON a row")
    parser.add_argument("--photos", action="append", required=True, help="300w:PATH to score on")
    parser.add_argument("--adapt-on", action="append", required=True, help="300w:PATH")
    parser.add_argument("--size", choices=SIZES, default="short")
    parser.add_argument("--images", type=int, help="another number of renders a row")
    parser.add_argument("--samples", type=int, help="another number of samples seen")
    parser.add_argument("--batch", type=int, help="another number of samples a step")
    parser.add_argument("--rows", help="names with commas between; all of them otherwise")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--folder", action="append", default=[], help="NAME=DIR: renders of a row")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at the same time")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    asked = parser.parse_args()
    chosen = asked.rows.split(",") if asked.rows else list(ROWS)
    if odd := sorted(set(chosen) - set(ROWS)):
        parser.error(f"no row {odd[0]!r}; there is: {', '.join(ROWS)}")
    given = dict(pair.partition("=")[::2] for pair in asked.folder)
    rows = {name: ROWS[name] for name in chosen}
    rows |= {name: Row(title=name.replace("_", " "), folder=Path(place).resolve())
             for name, place in given.items()}  # fmt: skip
    threads = os.environ.get("OMP_NUM_THREADS") or max(1, cores.count() // asked.jobs)
    return Comparison(
        out=asked.out.resolve(), rows=rows, seeds=asked.seeds, size=_size(asked),
        photos=asked.photos, adapt_on=asked.adapt_on, threads=int(threads),
        command=shlex.join(sys.argv),
    ), asked  # fmt: skip


def _size(asked: argparse.Namespace) -> Size:
    size = SIZES[asked.size]
    changed = {key: getattr(asked, key) for key in ("samples", "batch") if getattr(asked, key)}
    return replace(size, images=asked.images or size.images,
                   settings=replace(size.settings, **changed))  # fmt: skip


def main() -> None:
    """Do what is missing, and print the table."""
    asked, how = asked_for()
    try:
        asked.claim()
        whole = work(asked, how.jobs, how.minutes) if asked.missing else True
    except DlmError as error:
        raise SystemExit(str(error)) from None
    found = {name: asked.results(name) for name in asked.rows}
    print(table({name: row.title for name, row in asked.rows.items()}, found))
    if asked.missing:
        print(f"{len(asked.missing)} networks are missing: the same command goes on from here",
              file=sys.stderr)  # fmt: skip
    else:
        shutil.rmtree(asked.cache, ignore_errors=True)
    if not whole:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
