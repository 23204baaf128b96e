"""The case study's two tables, from finished runs: rows are modes, columns are test sets.

Each run is scored once for each column and protocol; the numbers stay in RUN/table.json and are
read from there while the run and what it is scored on are the same.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dlm.datasets import Dataset
from dlm.train.evaluate import PhotoCrops, Scores, protocol_for, score_photos, score_renders
from dlm.train.photos import PhotoSet
from dlm.train.predictor import Predictor
from dlm.train.protocols import PROTOCOLS
from dlm.train.result import write_json

TABLE_FILE = "table.json"
SYNTHETIC = "synthetic test"
ROWS = {
    "synthetic": "synthetic only",
    "transfer": "label transfer",
    "dann": "discriminator",
    "daln": "DALN",
    "daln-transfer": "DALN + label transfer",
    "bnm": "target nuclear norm",
    "regda": "RegDA",
    "mean-teacher": "mean teacher",
    "real": "real only",
}
# Synthesis AI, "Facial Landmark Detection with Synthetic Data: Case Study", 2022: NME in per cent
# of a normaliser that is not named beyond doubt, on its own renders and on 300-W.
PUBLISHED: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "nearest": {
        "synthetic": {SYNTHETIC: 3.61, "common": 8.438, "challenging": 20.127},
        "transfer": {SYNTHETIC: 3.278, "common": 5.033, "challenging": 9.595},
        "dann": {SYNTHETIC: 3.755, "common": 6.642, "challenging": 14.947},
        "real": {"common": 3.07, "challenging": 6.525},
    },
    "adapter": {
        "synthetic": {"common": 4.777, "challenging": 13.115},
        "transfer": {"common": 3.825, "challenging": 7.53},
        "dann": {"common": 5.008, "challenging": 11.834},
    },
}
PUBLISHED_COLUMNS = (SYNTHETIC, "common", "challenging")

Numbers = dict[str, float | None]  # normaliser -> NME in per cent


@dataclass(frozen=True)
class Tests:
    """What runs are scored on."""

    real: Mapping[str, PhotoSet]  # column -> photos
    adapt_on: Sequence[PhotoSet] = ()
    synthetic: Dataset | None = None
    flip: bool = False
    _cut: dict[int, "_Cut"] = field(default_factory=dict)  # by the size of a network's input

    def cut(self, size: int) -> "_Cut":
        """Return the photos' faces for networks of `size` pixels, read when first asked for."""
        if size not in self._cut:
            columns = {name: PhotoCrops.read([each], size, _silent)
                       for name, each in self.real.items()}  # fmt: skip
            adapt_on = PhotoCrops.read(self.adapt_on, size, _silent) if self.adapt_on else None
            self._cut[size] = _Cut(columns, adapt_on)
        return self._cut[size]


@dataclass(frozen=True)
class _Cut:
    columns: Mapping[str, PhotoCrops]
    adapt_on: PhotoCrops | None


@dataclass(frozen=True)
class Row:
    """The runs of one mode on one layout, one a seed."""

    mode: str
    layout: str
    samples: int
    scores: Sequence[Mapping[str, Mapping[str, Numbers]]]  # protocol -> column -> numbers

    @property
    def name(self) -> str:
        """How the case study calls it."""
        return ROWS.get(self.mode, self.mode)

    def mean(self, protocol: str, column: str, normaliser: str) -> float | None:
        """Return the mean over the seeds, None where it was not scored."""
        found = [score[protocol].get(column, {}).get(normaliser) for score in self.scores]
        known = [value for value in found if value is not None]
        return float(np.mean(known)) if len(known) == len(found) else None

    def published(self, protocol: str, column: str) -> float | None:
        """Return the case study's figure for this row."""
        return PUBLISHED[protocol].get(self.mode, {}).get(column)


def rows_of(
    folders: Sequence[Path],
    tests: Tests,
    device: torch.device,
    said: Callable[[str], None] = lambda text: None,
) -> list[Row]:
    """Return a row for each mode and layout among the runs, in the case study's order."""
    groups: dict[tuple[str, str, int], list[Mapping[str, Mapping[str, Numbers]]]] = {}
    for folder in folders:
        said(str(folder))
        predictor = Predictor.load(folder, device)
        run = predictor.run
        key = (run.settings.mode, run.spec_name, run.samples_seen)
        groups.setdefault(key, []).append(scores_of(folder, predictor, tests))
    order = list(ROWS)
    rows = [Row(*key, scores) for key, scores in groups.items()]
    return sorted(rows, key=lambda row: (row.layout, order.index(row.mode), row.samples))


def scores_of(
    folder: Path, predictor: Predictor, tests: Tests
) -> Mapping[str, Mapping[str, Numbers]]:
    """Return protocol -> column -> numbers of a run, from its file where nothing has changed."""
    path, wanted = folder / TABLE_FILE, _made_from(predictor, tests)
    if path.exists():
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["made_from"] == wanted:
            scores: Mapping[str, Mapping[str, Numbers]] = held["scores"]
            return scores
    scores = {name: _of_protocol(predictor, name, tests) for name in PROTOCOLS}
    write_json(path, {"made_from": wanted, "scores": scores, "licence": predictor.run.licence})
    return scores


def _of_protocol(predictor: Predictor, protocol: str, tests: Tests) -> dict[str, Numbers]:
    if protocol == "adapter" and not tests.adapt_on:
        return {}
    cut = tests.cut(predictor.size)
    fitted = cut.adapt_on if protocol == "adapter" else None
    answer, _ = protocol_for(predictor, fitted, flip=tests.flip)
    columns = {
        name: _numbers(score_photos(predictor, faces, answer, flip=tests.flip))
        for name, faces in cut.columns.items()
    }
    renders = tests.synthetic
    if protocol == "nearest" and renders and renders.recipe.spec_hash == predictor.spec.hash:
        scores = score_renders(predictor, renders, flip=tests.flip, report=_silent)
        columns[SYNTHETIC] = _numbers(scores)
    return columns


def _numbers(scores: Scores) -> Numbers:
    return {name: round(100 * float(errors.mean()), 4) for name, errors in scores.errors.items()}


def _made_from(predictor: Predictor, tests: Tests) -> dict[str, Any]:
    run = predictor.run
    return {
        "samples_seen": run.samples_seen,
        "kept": run.kept,
        "real": {name: photos.source for name, photos in tests.real.items()},
        "adapt_on": [photos.source for photos in tests.adapt_on],
        "synthetic": None if tests.synthetic is None else str(tests.synthetic.path),
        "flip": tests.flip,
    }


def _silent(count: int) -> None:
    pass
