"""What `dlm train` learns from: a dataset, a recipe that is drawn meanwhile, photos."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dlm import cores
from dlm.cli import console
from dlm.cli.render import WORKERS_LOAD, open_behind
from dlm.train.settings import Settings

if TYPE_CHECKING:
    from dlm.landmark_specs import LandmarkSpec
    from dlm.train.data import TrainingData
    from dlm.train.drawn import Drawing
    from dlm.train.photo_data import Photos


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The options of `dlm train` that say where faces come from."""

    spec: str
    data: Path | None
    render: Path | None
    real: Sequence[str]
    unlabelled: Sequence[str]
    workers: int | None
    reuse: int
    buffer: int | None
    backgrounds: Path | None
    environment: Path | None

    @contextmanager
    def opened(self, settings: Settings) -> Iterator["tuple[TrainingData, Photos]"]:
        """Yield the faces to learn and the photos that the mode needs beside them.

        Those who draw faces are gone afterwards.
        """
        if self.render is not None:
            from dlm.generator.supervisor import load_early

            load_early(*WORKERS_LOAD, "dlm.train.drawing")
        from dlm import landmark_specs

        layout = landmark_specs.load(self.spec)
        self._check(settings)
        if self.render is not None:
            with self._drawn(self.render, layout, settings) as faces:
                yield faces
        else:
            yield self._read(layout, settings)

    def _check(self, settings: Settings) -> None:
        """Refuse what does not go together."""
        from dlm.train.modes import mode

        learns = mode(settings.mode).labels == "renders"
        if self.data is not None and self.render is not None:
            raise typer.BadParameter("--data and --render exclude each other")
        if (self.data is None and self.render is None) == learns:
            wish = "learns from --data DIR or --render RECIPE" if learns else "takes no renders"
            raise typer.BadParameter(f"mode {settings.mode} {wish}")
        if not learns and not self.real:
            raise typer.BadParameter(f"mode {settings.mode} learns from --real 300w:PATH")
        if self.render is not None and int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise typer.BadParameter("--render draws for one process: leave out torchrun")

    def _read(self, layout: "LandmarkSpec", settings: Settings) -> "tuple[TrainingData, Photos]":
        """Read a dataset and photos, or photos as what is learned itself."""
        from dlm import datasets
        from dlm.train.data import load
        from dlm.train.photo_data import Photos, as_training_data

        dataset = None if self.data is None else datasets.open(self.data)
        if dataset is not None:
            dataset.require_spec(layout)
        photos = self._photos(settings)
        if dataset is None:
            assert photos.real is not None
            return as_training_data(photos.real, layout), Photos(unlabelled=photos.unlabelled)
        with console.progress(len(dataset), "reading faces", "faces") as bar:
            return load(dataset, layout, settings.size, bar.advance), photos

    def _photos(self, settings: Settings) -> "Photos":
        from dlm.train.photo_data import PhotoFaces, Photos
        from dlm.train.photos import open_photos

        given = [[open_photos(source) for source in each] for each in (self.real, self.unlabelled)]
        count = sum(len(each) for sets in given for each in sets)
        if not count:
            return Photos()
        with console.progress(count, "reading photos", "faces") as bar:
            return Photos(
                *(PhotoFaces.read(sets, settings.size, bar.advance) if sets else None
                  for sets in given)
            )  # fmt: skip

    @contextmanager
    def _drawn(
        self, path: Path, layout: "LandmarkSpec", settings: Settings
    ) -> Iterator["tuple[TrainingData, Photos]"]:
        """Read photos, start drawing, and wait for the held-out faces."""
        from dlm.train.drawn import draw, open_recipe

        wish = self._wish(path)
        wish.schedule(settings)  # refuses what is impossible before anything is read
        behind = open_behind(self.backgrounds, self.environment)
        recipe = open_recipe(path, layout, behind)
        photos = self._photos(settings)
        with ExitStack() as stack:
            with console.progress(wish.held_out, "drawing held-out faces", "faces") as bar:
                drawing = draw(recipe, settings, wish, backgrounds=behind, report=bar.advance)
                faces = stack.enter_context(drawing)
            yield faces, photos

    def _wish(self, path: Path) -> "Drawing":
        from dlm.train.drawn import Drawing
        from dlm.train.training import pick_device

        available, on_gpu = cores.count(), pick_device().type == "cuda"
        free = available - 1 if on_gpu else available // 4  # torch has the others
        return Drawing(
            path=str(path.resolve()), workers=self.workers or max(1, free), reuse=self.reuse,
            buffer=self.buffer,
        )  # fmt: skip
