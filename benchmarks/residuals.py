"""Where a network's points lie beside human labels: mean signed residuals, by point and group.

    python benchmarks/residuals.py RUN 300w:PATH [300w:PATH ...] [--points]

In per cent of the inter-ocular distance, in the face's own axes (x to the subject's left along the
line of the eyes, y down), so that a constant offset of the layout against the annotators'
convention shows. Jaw points are given along the normal of the annotated outline too, + outside it.
Then the slope of predicted against annotated eye opening and mouth opening: 1 follows, 0 ignores.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dlm.train.evaluate import PhotoCrops, predict_photos
from dlm.train.metrics import openings_68
from dlm.train.photos import open_photos
from dlm.train.predictor import Predictor
from dlm.train.protocols import Nearest

GROUPS = {
    "jaw": range(17), "brows": range(17, 27), "nose bridge": range(27, 31),
    "nose base": range(31, 36), "eyes": range(36, 48), "outer lips": range(48, 60),
    "inner lips": range(60, 68),
}  # fmt: skip


def in_face_axes(vectors: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N, Q, 2) vectors over the inter-ocular distance, turned to the line of the eyes."""
    along = truth[:, 45] - truth[:, 36]
    length = np.linalg.norm(along, axis=1)
    cos, sin = (along / length[:, None]).T
    turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], axis=1)
    return np.einsum("nij,nqj->nqi", turn, vectors) / length[:, None, None]


def outward(truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N, 17, 2) unit normals of the annotated jaw line, away from the face."""
    along = np.gradient(truth[:, :17], axis=1)
    normal = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    side = np.einsum("nqi,nqi->nq", normal, truth[:, :17] - truth[:, 27:31].mean(1)[:, None])
    return normal * np.sign(side)[..., None]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--points", action="store_true", help="a row a point, not a group")
    asked = parser.parse_args()
    predictor = Predictor.load(Path(asked.run), torch.device("cpu"))
    photos = [open_photos(source) for source in asked.photos]
    faces = PhotoCrops.read(photos, predictor.size, lambda _: None)
    labelled = predict_photos(predictor, faces, flip=False)
    predicted = Nearest(predictor.spec)(labelled.points, labelled.boxes)
    truth = labelled.truth
    off = 100 * in_face_axes(predicted - truth, truth)
    normal = in_face_axes(outward(truth), truth)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    out = np.einsum("nqi,nqi->nq", off[:, :17], normal)
    print(f"{len(truth)} faces; in % of the inter-ocular distance")
    print("| points | x | y | outward | NME |\n|---|---|---|---|---|")
    rows = {str(q): [q] for q in range(68)} if asked.points else GROUPS
    for name, chosen in rows.items():
        x, y = off[:, list(chosen)].mean(axis=(0, 1))
        if not asked.points and name not in ("nose bridge", "nose base"):
            left = [q for q in chosen if truth[:, q, 0].mean() > truth[:, 27, 0].mean()]
            right = [q for q in chosen if q not in left]
            x = (off[:, left, 0].mean() - off[:, right, 0].mean()) / 2
        jaw = [q for q in chosen if q < 17]
        outside = f"{out[:, jaw].mean():+.1f}" if jaw else ""
        error = np.linalg.norm(off[:, list(chosen)], axis=-1).mean()
        print(f"| {name} | {x:+.1f} | {y:+.1f} | {outside} | {error:.2f} |")
    divisor = np.linalg.norm(truth[:, 45] - truth[:, 36], axis=1)
    seen = openings_68(predicted, divisor)
    for name, real in openings_68(truth, divisor).items():
        slope, mean = np.polyfit(real, seen[name], 1)[0], seen[name].mean()
        print(f"{name} opening: slope {slope:.2f}, mean {mean:.3f} of {real.mean():.3f}")


if __name__ == "__main__":
    main()
