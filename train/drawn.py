"""Training data that is drawn while it is learned: from a recipe, and stored nowhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import dlm
from dlm.datasets import Recipe
from dlm.datasets.recipe import CONTOURS, parse_recipe, read_recipe
from dlm.errors import TrainError
from dlm.generator.backgrounds import Backgrounds
from dlm.generator.relabel import Relabeller
from dlm.landmark_specs import LandmarkSpec, parse
from dlm.train.data import TrainingData, describe_recipe
from dlm.train.faces import VALIDATION_FACES, Report, cache_size, require_memory
from dlm.train.rolling import drawn_beside
from dlm.train.schedule import Schedule
from dlm.train.settings import Settings

DEFAULT_BUFFER = 2_000_000_000  # bytes of pictures: a GPU's or a laptop's memory holds them


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """How faces are drawn beside a run. Workers alone do not change its curve."""

    path: str  # of the recipe, for the run file
    workers: int
    reuse: int = 4  # samples a face
    buffer: int | None = None  # faces that are kept; None: as many as DEFAULT_BUFFER holds
    held_out: int = VALIDATION_FACES

    def schedule(self, settings: Settings) -> Schedule:
        """Return which faces each step of a run sees; TrainError for impossible wishes."""
        buffer = DEFAULT_BUFFER // (cache_size(settings.size) ** 2 * 3)
        if self.reuse < 1:
            raise TrainError(f"{self.reuse} is not possible", "--reuse", "it must be 1 or more")
        if self.buffer is not None and self.buffer < settings.batch:
            raise TrainError(
                f"{self.buffer} faces are fewer than a step's", "--buffer",
                f"give at least {settings.batch}, the --batch",
            )  # fmt: skip
        return Schedule(
            batch=settings.batch, steps=settings.steps, reuse=self.reuse,
            buffer=buffer if self.buffer is None else self.buffer,
        )  # fmt: skip


@contextmanager
def draw(
    recipe: Recipe,
    settings: Settings,
    wish: Drawing,
    *,
    backgrounds: Backgrounds | None = None,
    report: Report = lambda count: None,
) -> Iterator[TrainingData]:
    """Start drawing the faces of a recipe and yield training data that comes of it as it is drawn.

    The recipe is labelled with the layout to learn (`rolling.open_recipe`). `report` counts the
    held-out faces, which come first. The workers are gone afterwards.
    """
    schedule = wish.schedule(settings)
    require_memory(schedule.capacity * cache_size(settings.size) ** 2 * 3, "--buffer", "give fewer")
    described = {
        "path": wish.path,
        **describe_recipe(recipe, schedule.total, wish.held_out),
        "reuse": schedule.reuse,
        "buffer": schedule.buffer,
        "workers": wish.workers,
    }
    spec = parse(recipe.spec_text, f"layout {recipe.spec_name!r}")
    drawing = drawn_beside(
        recipe, schedule, size=settings.size, workers=wish.workers, held_out=wish.held_out,
        backgrounds=backgrounds, report=report,
    )  # fmt: skip
    with drawing as (rolling, validation):
        yield TrainingData(spec, rolling, validation, described)


def open_recipe(path: Path, spec: LandmarkSpec, backgrounds: Backgrounds | None) -> Recipe:
    """Return the recipe of a dataset's folder, or in a dataset.json, labelled with `spec`.

    Raises DatasetError where there is none, SpecError where the layout does not fit its head,
    TrainError for other backgrounds than it was made with.
    """
    text = path.read_text(encoding="utf-8") if path.is_file() else None
    recipe = read_recipe(path) if text is None else parse_recipe(text, str(path))
    given = backgrounds.digest if backgrounds else ""
    if recipe.backgrounds != given:
        made = "pictures" if recipe.backgrounds else "no pictures"
        raise TrainError(
            f"was made with {made} of yours behind the heads, or with others", str(path),
            "give the same --backgrounds or --environment as to 'dlm render'",
        )  # fmt: skip
    contour = recipe.contour if spec.contour else CONTOURS[0]  # some have none to slide
    recipe = Relabeller(recipe, spec, contour).recipe
    return replace(recipe, versions={"dlm": dlm.__version__}, layers=())
