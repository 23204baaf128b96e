"""All modes on one layout with one budget, and the case study's two tables from them.

    python benchmarks/modes_table.py OUT --data DIR --real 300w:PATH ... --test afw=300w:PATH

DIR is labelled with the layout. Modes that need photos learn from all of --real, and the adapter
of every row is fitted on the same. Each run is a folder of OUT; what is trained and scored there is
not done again, and the tables are of the runs that are finished. Faces are read once for all.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from dlm import datasets, landmark_specs
from dlm.cli import console
from dlm.train.data import TrainingData, load
from dlm.train.evaluate import refuse_shared
from dlm.train.many import Advance, ShouldStop, finish, run_all
from dlm.train.modes import MODES
from dlm.train.photo_data import PhotoFaces, Photos, as_training_data
from dlm.train.photos import open_photos
from dlm.train.predictor import Predictor
from dlm.train.run_folder import RunFolder
from dlm.train.settings import Settings
from dlm.train.table import ROWS, Tests, scores_of
from dlm.train.training import open_run, pick_device


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--real", action="append", required=True, help="300w:PATH, repeatable")
    parser.add_argument("--test", action="append", required=True, help="NAME=300w:PATH")
    parser.add_argument("--samples", type=int, default=12_000)
    parser.add_argument("--width", type=int, default=48)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--modes", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after")
    return parser.parse_args()


@dataclass(frozen=True, kw_only=True, eq=False)
class ModeRun:
    """One mode, one seed: a task of `run_all`."""

    folder: RunFolder
    data: TrainingData
    photos: Photos
    tests: Tests

    @property
    def name(self) -> str:
        """What a message calls it."""
        return str(self.folder.path)

    def __call__(self, device: torch.device, advance: Advance, should_stop: ShouldStop) -> None:
        """Train and score what is not yet."""
        run = finish(self.folder, self.data, device, advance, should_stop, self.photos)
        if run.finished:
            scores_of(self.folder.path, Predictor.load(self.folder.path, device), self.tests)


def begin(asked: argparse.Namespace, bar: console.Progress) -> list[ModeRun]:
    """Read all faces and begin or find every run; all compute in the precision of the first."""
    dataset, real = datasets.open(asked.data), [open_photos(source) for source in asked.real]
    columns = {name: open_photos(source) for name, source in map(split_test, asked.test)}
    refuse_shared(list(columns.values()), real)
    tests = Tests(columns, real, dataset)
    tests.cut(asked.size)
    faces = PhotoFaces.read(real, asked.size, lambda _: bar.update())
    renders = load(dataset, dataset.spec, asked.size, lambda _: bar.update())
    photos = as_training_data(faces, landmark_specs.load("68"))
    tasks, like = [], None
    for seed in range(asked.seeds):
        for mode in asked.modes:
            kind = MODES[mode]
            settings = Settings(
                mode=mode, samples=asked.samples, size=asked.size, width=asked.width, seed=seed,
                batch=asked.batch, learning_rate=asked.lr, visibility=kind.labels == "renders",
            )  # fmt: skip
            data = renders if kind.labels == "renders" else photos
            terms = {term.stream for term in kind.terms}
            given = Photos(**{name: faces for name in ("real", "unlabelled") if name in terms})
            folder = RunFolder(asked.out / f"{mode}-seed{seed}")
            run = open_run(folder, settings, data, console.command_line(), pick_device(), like,
                           given)  # fmt: skip
            like = like or run
            tasks.append(ModeRun(folder=folder, data=data, photos=given, tests=tests))
    return tasks


def split_test(word: str) -> tuple[str, str]:
    """Return the name and the source of NAME=300w:PATH."""
    name, _, source = word.partition("=")
    return name, source


def print_tables(asked: argparse.Namespace, folders: Sequence[Path]) -> None:
    """Print the tables of finished runs."""
    words = ["table", *map(str, folders), "--synthetic", str(asked.data)]
    words += [word for test in asked.test for word in ("--real", test)]
    words += [word for source in asked.real for word in ("--adapt-on", source)]
    subprocess.run([sys.executable, "-m", "dlm.cli", *words], check=True)


def main() -> None:
    """Train what is missing, then print the tables."""
    asked, begun = arguments(), time.monotonic()
    total = len(asked.modes) * asked.seeds * -(-asked.samples // asked.batch) * asked.batch
    with console.progress(total, "reading faces", "samples") as bar:
        tasks = begin(asked, bar)
        bar.update(description="training")
        run_all(
            tasks, asked.jobs, asked.out, advance=bar.advance,
            should_stop=lambda: time.monotonic() - begun > 60 * asked.minutes,
        )  # fmt: skip
    folders = [task.folder for task in tasks]
    print_tables(asked, [folder.path for folder in folders if folder.read_run().finished])


if __name__ == "__main__":
    main()
