"""Render a dataset: shards dealt to worker processes, resumed where an earlier run stopped."""

import fcntl
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dlm.datasets import Recipe
from dlm.datasets.manifest import MANIFEST_FILE
from dlm.datasets.recipe import RECIPE_FILE
from dlm.datasets.writer import create_or_check, missing_shards, write_manifest, write_shard
from dlm.errors import DatasetError, RenderError
from dlm.generator.render.hosts import AUTO, Host
from dlm.generator.supervisor import Outcome, run_tasks

if TYPE_CHECKING:
    from dlm.generator.backgrounds import Backgrounds


@dataclass(frozen=True)
class RenderJob:
    """What a worker needs to draw shards; its tasks are shard numbers."""

    recipe: Recipe
    folder: Path
    n: int
    backgrounds: "Backgrounds | None" = None
    host: Host = AUTO

    def start(self) -> Callable[[int, Callable[[int], None]], str]:
        """Open the model and a GL context, and return the task: draw a shard, say what drew it."""
        from dlm.generator.pipeline import Generator, batches, join

        generator = Generator(self.recipe, self.backgrounds, self.host)
        gc.freeze()  # what is open now lives as long as the worker: no use in looking at it again

        def draw_shard(shard: int, advance: Callable[[int], None]) -> str:
            parts = []
            for ids in batches(self.recipe.shard_ids(shard, self.n)):
                parts.append(generator.rows(ids))
                advance(len(ids))
            write_shard(self.folder, shard, join(parts), self.recipe)
            return f"{generator.renderer.host} on {generator.renderer.driver}"

        return draw_shard


@dataclass(frozen=True)
class Plan:
    """What a render would do: shards to draw, rows that are there."""

    shards: list[int]
    done: int
    complete: bool  # nothing is missing, the manifest included


def prepare(recipe: Recipe, folder: Path, n: int) -> Plan:
    """Make `folder` ready and return what is missing; DatasetError for another recipe's folder."""
    create_or_check(folder, recipe)
    shards = missing_shards(folder, recipe, n)
    done = n - sum(len(recipe.shard_ids(shard, n)) for shard in shards)
    return Plan(shards, done, not shards and (folder / MANIFEST_FILE).exists())


def render(
    recipe: Recipe,
    folder: Path,
    n: int,
    workers: int,
    advance: Callable[[int], None],
    backgrounds: "Backgrounds | None" = None,
    host: Host = AUTO,
) -> Outcome:
    """Draw the missing shards of a dataset of `n` rows in `folder`, which `prepare` made ready.

    The notes of the Outcome name what drew: host and driver.

    Raises DatasetError where another process writes there or the disk refuses, RenderError where
    there is no GL or shards kill every worker that draws them; whole shards stay on any way out.
    """
    create_or_check(folder, recipe)
    with _only_writer(folder):
        shards = missing_shards(folder, recipe, n)
        outcome = Outcome()
        if shards:
            job = RenderJob(recipe, folder, n, backgrounds, host)
            outcome = run_tasks(job, shards, workers, advance)
        if outcome.given_up:
            shard, end = next(iter(outcome.given_up.items()))
            ids = recipe.shard_ids(shard, n)
            raise RenderError(
                f"{len(outcome.given_up)} shards could not be drawn; ids {ids.start} to "
                f"{ids.stop - 1}: the worker was {end} three times",
                str(folder),
                "all others are there; run the same command again, with fewer workers "
                "if memory ran out",
            )
        write_manifest(folder)
    return outcome


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Hold the lock of a dataset's folder; it goes with the process, however that ends."""
    with (folder / RECIPE_FILE).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DatasetError(
                "another process is writing here", str(folder), "wait for it or stop it"
            ) from None
        yield
