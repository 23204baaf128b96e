"""Where a network's points lie beside human labels: mean signed residuals, by point and group.

    python benchmarks/residuals.py RUN 300w:PATH ... [--before RUN] [--points] [--mirror]

In per cent of the inter-ocular distance, in the face's own axes (x to the subject's left along the
line of the eyes, y down), so that a constant offset of the layout against the annotators'
convention shows. Jaw points are given along the normal of the annotated outline too, + outside it.
Then the slope of predicted against annotated eye opening and mouth opening: 1 follows, 0 ignores.
`--before` puts another run's figures beside them. `--mirror` tells the mean offset in pixels of the
photos, of them and of their mirror images with mirrored labels: an offset of the labels changes its
sign, one of reading and predicting keeps it.
"""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlm.landmark_specs import load
from dlm.train import crops
from dlm.train.evaluate import PhotoCrops, predict_photos
from dlm.train.metrics import openings_68
from dlm.train.photos import PhotoSet, open_photos, read_picture
from dlm.train.predictor import Predictor
from dlm.train.protocols import Nearest
from dlm.train.training import pick_device

Float = NDArray[np.float64]
Off = tuple[float, float, float, float]  # x, y, outward (NaN but for the jaw), mean error

GROUPS = {
    "jaw": range(17), "brows": range(17, 27), "nose bridge": range(27, 31),
    "nose base": range(31, 36), "eyes": range(36, 48), "outer lips": range(48, 60),
    "inner lips": range(60, 68),
}  # fmt: skip


def in_face_axes(vectors: Float, truth: Float) -> Float:
    """Return (N, Q, 2) vectors over the inter-ocular distance, turned to the line of the eyes."""
    along = truth[:, 45] - truth[:, 36]
    length = np.linalg.norm(along, axis=1)
    cos, sin = (along / length[:, None]).T
    turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], axis=1)
    return np.einsum("nij,nqj->nqi", turn, vectors) / length[:, None, None]


def outward(truth: Float) -> Float:
    """Return (N, 17, 2) unit normals of the annotated jaw line, away from the face."""
    along = np.gradient(truth[:, :17], axis=1)
    normal = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    side = np.einsum("nqi,nqi->nq", normal, truth[:, :17] - truth[:, 27:31].mean(1)[:, None])
    return normal * np.sign(side)[..., None]


@dataclass(frozen=True, eq=False)
class Found:
    """Where the 68 of one run lie beside the labels of N faces."""

    predicted: Float  # (N, 68, 2) pixels of the photos
    truth: Float  # (N, 68, 2)

    def rows(self, points: bool) -> dict[str, Off]:
        """Return a row a group, or a row a point, in per cent of the inter-ocular distance."""
        off = 100 * in_face_axes(self.predicted - self.truth, self.truth)
        normal = in_face_axes(outward(self.truth), self.truth)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        out = np.full(off.shape[:2], np.nan)
        out[:, :17] = np.einsum("nqi,nqi->nq", off[:, :17], normal)
        across = in_face_axes(self.truth - self.truth[:, 27:28], self.truth)[..., 0].mean(axis=0)
        side = np.where(load("68").mirror == np.arange(68), 0, np.sign(across))
        found = {}
        for name, chosen in {str(q): [q] for q in range(68)}.items() if points else GROUPS.items():
            x, y = off[:, list(chosen)].mean(axis=(0, 1))
            if not points and name not in ("nose bridge", "nose base"):  # away from the middle
                left = [q for q in chosen if side[q] > 0]
                right = [q for q in chosen if side[q] < 0]
                x = (off[:, left, 0].mean() - off[:, right, 0].mean()) / 2
            error = np.linalg.norm(off[:, list(chosen)], axis=-1).mean()
            found[name] = (float(x), float(y), float(out[:, list(chosen)].mean()), float(error))
        return found

    def openings(self) -> Iterable[str]:
        """Return a line of eyes and a line of mouths."""
        divisor = np.linalg.norm(self.truth[:, 45] - self.truth[:, 36], axis=1)
        seen = openings_68(self.predicted, divisor)
        for name, real in openings_68(self.truth, divisor).items():
            slope, mean = np.polyfit(real, seen[name], 1)[0], seen[name].mean()
            yield f"{name} opening: slope {slope:.2f}, mean {mean:.3f} of {real.mean():.3f}"

    def pixels(self) -> str:
        """Return the mean offset of all points."""
        x, y = (self.predicted - self.truth).mean(axis=(0, 1))
        return f"{x:+.2f} px to the right, {y:+.2f} px down"


def mirrored(faces: PhotoCrops) -> PhotoCrops:
    """Return what a mirror shows: photos turned about before they are cut, labels with them."""
    pictures = [read_picture(path)[:, ::-1] for path in faces.photos.paths]
    mirror = load("68").mirror
    points = np.stack([
        crops.flip_points(labels, mirror, picture.shape[1])
        for labels, picture in zip(faces.photos.points, pictures, strict=True)
    ])  # fmt: skip
    boxes = crops.square_box(points)
    images = crops.crop_all(pictures, boxes, faces.images.shape[1])
    return PhotoCrops(replace(faces.photos, points=points), boxes, images, faces.sources)


def find(predictor: Predictor, faces: PhotoCrops) -> Found:
    """Predict all faces, each in the crop of its labels."""
    labelled = predict_photos(predictor, faces, flip=False)
    return Found(Nearest(predictor.spec)(labelled.points, labelled.boxes), labelled.truth)


def read(sets: Sequence[PhotoSet], size: int) -> PhotoCrops:
    """Cut all faces at `size` pixels."""
    return PhotoCrops.read(sets, size, lambda _: None)


def cells(row: Off) -> str:
    """Return the cells of one run."""
    x, y, out, error = row
    return f" {x:+.1f} | {y:+.1f} | {'' if np.isnan(out) else f'{out:+.1f}'} | {error:.2f} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--before", type=Path, help="another run, its figures first")
    parser.add_argument("--points", action="store_true", help="a row a point, not a group")
    parser.add_argument("--mirror", action="store_true", help="offsets in mirrored photos, too")
    asked = parser.parse_args()
    sets = [open_photos(source) for source in asked.photos]
    runs = [asked.before, asked.run] if asked.before else [asked.run]
    predictors = [Predictor.load(run, pick_device()) for run in runs]
    faces = {size: read(sets, size) for size in {predictor.size for predictor in predictors}}
    found = [find(predictor, faces[predictor.size]) for predictor in predictors]
    titles = ": before, after" if asked.before else ""
    print(f"{len(found[0].truth)} faces; in % of the inter-ocular distance{titles}")
    print("| points |" + " x | y | outward | NME |" * len(found))
    print("|---|" + "---|---|---|---|" * len(found))
    tables = [each.rows(asked.points) for each in found]
    for name in tables[0]:
        print(f"| {name} |" + "".join(cells(table[name]) for table in tables))
    for run, predictor, each in zip(runs, predictors, found, strict=True):
        print(f"{run}:", *each.openings(), sep="\n  ")
        if asked.mirror:
            turned = find(predictor, mirrored(faces[predictor.size]))
            print(f"  off by {each.pixels()}; mirrored by {turned.pixels()}")


if __name__ == "__main__":
    main()
