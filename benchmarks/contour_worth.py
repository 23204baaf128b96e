"""What the visible contour is worth against human labels, before a network is trained on it.

    python benchmarks/contour_worth.py RUN FACES 300w:PATH [300w:PATH ...] [--photos 700]

RUN was trained on the fixed contour of a layout of 68 points; FACES is a dataset it fits. A
regression learned on the faces, labelled both ways, moves the jaw of the run's predictions on
photos from the fixed to the visible contour; both are compared with the annotated jaw. In per cent
of the inter-ocular distance; the turn of a head is the tip of the nose off the middle of the eyes
over that distance.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from residuals import in_face_axes, outward

from dlm import datasets
from dlm.generator.relabel import labels
from dlm.train.evaluate import PhotoCrops, predict_photos
from dlm.train.photos import PhotoSet, merge, open_photos
from dlm.train.predictor import Predictor
from dlm.train.protocols import Nearest

Points = NDArray[np.float64]
JAW = slice(0, 17)
MODES, RIDGE, ROWS = 14, 10.0, 4096
TURNS = (-9.0, -0.25, -0.1, 0.1, 0.25, 9.0)


class Frame:
    """Each face's own axes: origin and size of all but its jaw, upright."""

    def __init__(self, points: Points) -> None:
        inner = points[:, 17:]
        self.origin = inner.mean(axis=1, keepdims=True)
        self.size = np.linalg.norm(inner - self.origin, axis=2).mean(axis=1)[:, None, None]
        along = points[:, 45] - points[:, 36]
        cos, sin = (along / np.linalg.norm(along, axis=1)[:, None]).T
        self.turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], axis=1)

    def into(self, points: Points) -> Points:
        """Return (N, Q, 2) points in these axes."""
        return np.einsum("nij,nqj->nqi", self.turn, points - self.origin) / self.size

    def vectors_back(self, vectors: Points) -> Points:
        """Return (N, Q, 2) vectors of these axes in pixels."""
        return np.einsum("nji,nqj->nqi", self.turn, vectors) * self.size


class Mover:
    """Moves a fixed jaw to the visible contour: ridge on points and products of their modes."""

    def __init__(self, fixed: Points, visible: Points) -> None:
        frame = Frame(fixed)
        flat = frame.into(fixed).reshape(len(fixed), -1)
        self.mean = flat.mean(axis=0)
        _, spread, modes = np.linalg.svd(flat - self.mean, full_matrices=False)
        self.modes = modes[:MODES].T / (spread[:MODES] / np.sqrt(len(flat)))
        moved = (frame.into(visible) - frame.into(fixed))[:, JAW].reshape(len(fixed), -1)
        features = self._features(flat)
        kept = np.arange(len(flat)) % 5 == 0
        x, y = features[~kept], moved[~kept]
        self.weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
        left = moved[kept] - features[kept] @ self.weights
        self.explained = 1 - left.var() / moved[kept].var()

    def __call__(self, points: Points) -> Points:
        frame, moved = Frame(points), points.copy()
        shift = self._features(frame.into(points).reshape(len(points), -1)) @ self.weights
        moved[:, JAW] += frame.vectors_back(shift.reshape(len(points), 17, 2))
        return moved

    def _features(self, flat: Points) -> Points:
        modes = (flat - self.mean) @ self.modes
        one, other = np.triu_indices(MODES)
        first = np.clip(modes[:, :3], -3, 3)
        parts = [np.ones((len(flat), 1)), flat - self.mean, modes[:, one] * modes[:, other],
                 first**3, np.abs(first), np.abs(first) * first]  # fmt: skip
        return np.concatenate(parts, axis=1)


def some(photos: PhotoSet, count: int) -> PhotoSet:
    """Return `count` faces drawn by lot."""
    kept = np.random.default_rng(0).permutation(len(photos))[:count]
    paths, names = (tuple(held[k] for k in kept) for held in (photos.paths, photos.photos))
    return PhotoSet(photos.source, paths, photos.points[kept], names)


def print_rows(name: str, predicted: Points, truth: Points) -> None:
    """Print the jaw's error and offset for all heads and by their turn."""
    along = truth[:, 45] - truth[:, 36]
    divisor = np.linalg.norm(along, axis=1)
    tip = truth[:, 30] - (truth[:, 36] + truth[:, 45]) / 2
    turn = (tip * along).sum(axis=1) / divisor**2
    normal = in_face_axes(outward(truth), truth)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    off = 100 * in_face_axes(predicted - truth, truth)[:, JAW]
    out = (off * normal).sum(axis=-1)
    error = np.linalg.norm(off, axis=-1)
    for low, high in ((-9.0, 9.0), *pairwise(TURNS)):
        of = (turn >= low) & (turn < high)
        mean = out[of].mean(axis=0)
        farthest = mean[np.abs(mean).argmax()]
        heads = "all" if high - low > 17 else f"{max(low, -1):+.2f} to {min(high, 1):+.2f}"
        print(f"| {name} | {heads} | {of.sum()} | {error[of].mean():.2f} | {mean.mean():+.1f} | "
              f"{farthest:+.1f} |")  # fmt: skip


def main() -> None:
    """Print the table of docs/results.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("faces")
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--photos", type=int, default=700)
    asked = parser.parse_args()
    predictor = Predictor.load(Path(asked.run), torch.device("cpu"))
    faces = datasets.open(asked.faces)
    rows = np.linspace(0, len(faces) - 1, min(ROWS, len(faces))).astype(int)
    fixed, visible = (
        labels(faces, predictor.spec, rows, contour=contour)[0].astype(np.float64)
        for contour in ("fixed", "visible")
    )
    mover = Mover(fixed, visible)
    photos = some(merge([open_photos(source) for source in asked.sources]), asked.photos)
    crops = PhotoCrops.read([photos], predictor.size, lambda _: None)
    labelled = predict_photos(predictor, crops, flip=False)
    predicted = Nearest(predictor.spec)(labelled.points, labelled.boxes)
    print(f"{len(photos)} faces; the regression explains {mover.explained:.0%} of the movement\n")
    print("| contour | turn | faces | jaw, NME | outside, mean | farthest point |")
    print("|---|---|---|---|---|---|")
    print_rows("fixed", predicted, labelled.truth)
    print_rows("visible", mover(predicted), labelled.truth)


if __name__ == "__main__":
    main()
