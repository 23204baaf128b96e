"""How many faces the detector finds on 300-W, and what else it takes for one.

    python benchmarks/detector.py 300w:PATH ... [--empty FOLDER] [--run RUN]

A face counts as found where a box meets that of its 68 labels with an intersection over union of
0.5 (0.4 beside it). 'Other boxes' touch no labelled face: false alarms, and people without labels,
who are many. With `--run` boxes are dropped as `dlm predict` drops them, by the run's own doubt.
`--empty` is a folder of pictures without any face: there each box is a false alarm.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from dlm.train.confidence import DOUBT, THRESHOLD
from dlm.train.detector import Detections, Detector, intersections, shipped
from dlm.train.detector_network import DetectorNetwork
from dlm.train.photos import SUFFIXES, open_photos, read_picture
from dlm.train.predict import predict_faces, trusted
from dlm.train.predictor import Predictor


def overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return the intersections over union of a box (4,) and (F, 4) boxes."""
    shared = intersections(box, boxes)
    return shared / (np.prod(box[2:]) + np.prod(boxes[:, 2:], axis=1) - shared)


class Trusting:
    """A detector of which a landmark network drops the boxes that it doubts."""

    def __init__(self, detector: Detector, run: Path) -> None:
        self.detector, self.predictor = detector, Predictor.load(run, torch.device("cpu"))

    def __call__(self, image: np.ndarray, threshold: float) -> Detections:
        found = self.detector(image, threshold)
        if not len(found):
            return found
        points, sigma = predict_faces(self.predictor, image, found.boxes, flip=False)
        kept = trusted(points, sigma, found.scores, DOUBT)
        return Detections(found.boxes[kept], found.scores[kept])


Detect = Callable[[np.ndarray, float], Detections]


def score(source: str, detector: Detect, thresholds: list[float], every: int) -> None:
    photos = open_photos(source)
    faces = list(zip(photos.paths, photos.points, strict=True))[::every]
    best = np.zeros((len(thresholds), len(faces)))
    other = np.zeros(len(thresholds), int)
    seconds = 0.0
    for k, (path, points) in enumerate(faces):
        image = read_picture(path)
        begun = time.perf_counter()
        found = detector(image, min(thresholds))
        seconds += time.perf_counter() - begun
        low = points.min(axis=0)
        met = overlaps(np.array([*low, *(points.max(axis=0) - low)]), found.boxes)
        for t, threshold in enumerate(thresholds):
            mine = met[found.scores >= threshold]
            best[t, k] = mine.max(initial=0)
            other[t] += (mine < 0.1).sum()
    for t, threshold in enumerate(thresholds):
        recall = [100 * (best[t] >= least).mean() for least in (0.4, 0.5)]
        print(f"{source} >= {threshold}: {len(faces)} faces, recall {recall[0]:.1f} % at IoU 0.4, "
              f"{recall[1]:.1f} % at 0.5, {other[t]} other boxes, mean IoU {best[t].mean():.3f}, "
              f"{1e3 * seconds / len(faces):.0f} ms a picture", flush=True)  # fmt: skip


def alarms(folder: Path, detector: Detect, thresholds: list[float]) -> None:
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    found = {path: detector(read_picture(path), min(thresholds)).scores for path in paths}
    for threshold in thresholds:
        count = sum(int((scores >= threshold).sum()) for scores in found.values())
        worst = [p.name for p, scores in found.items() if (scores >= threshold).any()]
        print(f"{folder} >= {threshold}: {len(paths)} pictures, {count} false alarms {worst[:8]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sources", nargs="*")
    parser.add_argument("--empty", type=Path, action="append", default=[])
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--every", type=int, default=1, help="score every so many faces")
    parser.add_argument("--threshold", type=float, action="append")
    asked = parser.parse_args()
    if asked.weights is None:
        detector = shipped()
    else:
        network = DetectorNetwork()
        tensors = {name: value.float() for name, value in load_file(asked.weights).items()}
        network.load_state_dict(tensors, strict=False)
        detector = Detector(network)
    if asked.run is not None:
        detector = Trusting(detector, asked.run)
    for source in asked.sources:
        score(source, detector, asked.threshold or [THRESHOLD], asked.every)
    for folder in asked.empty:
        alarms(folder, detector, asked.threshold or [THRESHOLD])


if __name__ == "__main__":
    main()
