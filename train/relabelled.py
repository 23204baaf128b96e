"""Labels of one dataset in several layouts, in memory; several processes share the work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from dlm.datasets import Dataset
from dlm.datasets.recipe import CONTOURS
from dlm.generator.relabel import labels
from dlm.landmark_specs import LandmarkSpec
from dlm.train.faces import Float32, Int64, Report, UInt8
from dlm.train.many import in_processes

ROWS = 4096  # labelled at a time by one process

Labels = tuple[Float32, UInt8]  # (N, P, 2) points and (N, P) visibility


def labels_of(dataset: Dataset, spec: LandmarkSpec, rows: Int64 | None = None) -> Labels:
    """Return the labels of `rows`, all by default, in `spec`.

    They are relabelled where the dataset has another layout, with the dataset's own contour.
    """
    if dataset.recipe.spec_hash == spec.hash:
        held = dataset.columns(["points", "visibility"], rows)
        return held["points"], held["visibility"]
    contour = dataset.recipe.contour if spec.contour else CONTOURS[0]  # some have none to slide
    return labels(dataset, spec, rows, contour=contour)


def labels_of_all(
    dataset: Dataset, specs: Sequence[LandmarkSpec], jobs: int, report: Report
) -> list[Labels]:
    """Return the labels of every row in each of `specs`, computed by `jobs` processes."""
    if jobs == 1:
        return [labels_of(dataset, spec) for spec in specs]
    starts = range(0, len(dataset), ROWS)
    with TemporaryDirectory() as folder:
        job = _Job(dataset, specs, Path(folder))
        in_processes(job, len(specs) * len(starts), jobs, report, lambda _: f"labels of {dataset}")
        return [job.joined(which) for which in range(len(specs))]


@dataclass(frozen=True)
class _Job:
    """Its tasks are parts of ROWS rows, those of the first layout first."""

    dataset: Dataset
    specs: Sequence[LandmarkSpec]
    folder: Path

    @property
    def _parts(self) -> int:
        return -(-len(self.dataset) // ROWS)

    def start(self) -> Callable[[int, Report], None]:
        """Return the task that labels one part."""

        def label(number: int, advance: Report) -> None:
            which, part = divmod(number, self._parts)
            rows = np.arange(part * ROWS, min((part + 1) * ROWS, len(self.dataset)))
            points, visibility = labels_of(self.dataset, self.specs[which], rows)
            np.savez(self.folder / f"{number}.npz", points=points, visibility=visibility)
            advance(len(rows))

        return label

    def joined(self, which: int) -> Labels:
        """Return the labels of a layout from its parts."""
        first = which * self._parts
        parts = [np.load(self.folder / f"{first + k}.npz") for k in range(self._parts)]
        points, visibility = (
            np.concatenate([part[name] for part in parts]) for name in ("points", "visibility")
        )
        return points, visibility
