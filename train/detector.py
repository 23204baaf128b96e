"""Find faces on whole photos: dlm's own detector, learned from renders alone, free for any use.

`python tools/train_detector.py` makes the weights that are shipped.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load as load_tensors
from torch.nn import functional as F

from dlm.train.confidence import THRESHOLD
from dlm.train.crops import Float64, UInt8
from dlm.train.detector_network import LARGEST, STRIDE, DetectorNetwork, boxes_of

LICENCE = "CC0-1.0"  # learned from renders of a CC0 head, no photograph
LONGEST = 640  # pixels of the longer side that a photo is searched at first
PAD = 24  # pixels of grey around it: faces at the edge keep their surroundings
OVERLAP = 0.4  # of two boxes that are one face


@dataclass(frozen=True, eq=False)
class Detections:
    """F faces of one photo, the surest first."""

    boxes: Float64  # (F, 4) x, y of the top-left corner, width, height, in pixels of the photo
    scores: Float64  # (F,) 0 to 1

    def __len__(self) -> int:
        return len(self.scores)


class Detector:
    """The shipped network over a pyramid of resolutions."""

    def __init__(self, network: DetectorNetwork) -> None:
        self._network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def __call__(self, image: UInt8, threshold: float = THRESHOLD) -> Detections:
        """Return the faces of an (H, W, 3) picture: boxes as tight as those of the 68 points.

        A face is found from 4 % of the picture's longer side upwards.
        """
        found = [self._level(image, longest, threshold) for longest in _sides(image)]
        boxes, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
        kept = suppress(boxes, scores)
        return Detections(boxes[kept], scores[kept])

    @torch.no_grad()
    def _level(self, image: UInt8, longest: int, threshold: float) -> tuple[Float64, Float64]:
        height, width = image.shape[:2]
        scale = longest / max(height, width)
        small = max(1, round(width * scale)), max(1, round(height * scale))
        drawn = np.asarray(Image.fromarray(image).resize(small, Image.Resampling.BILINEAR))
        pixels = torch.from_numpy(drawn.copy()).permute(2, 0, 1)[None].float() / 255
        right, below = (-(side + 2 * PAD) % STRIDE for side in small)
        padded = F.pad(pixels, (PAD, PAD + right, PAD, PAD + below), value=0.5)
        answers = self._network(padded.contiguous(memory_format=torch.channels_last))
        scores = torch.sigmoid(answers[:, :1])
        peaks = (scores == F.max_pool2d(scores, 3, 1, 1)) & (scores > threshold)
        chosen = boxes_of(answers)[0][:, peaks[0, 0]].T.double().numpy()
        sides = np.array([width / small[0], height / small[1]])
        centres = (chosen[:, :2] - PAD + 0.5) * sides - 0.5
        sizes = chosen[:, 2:] * sides
        boxes = np.concatenate([centres - sizes / 2, sizes], axis=1)
        return boxes, scores[peaks].double().numpy()


@cache
def shipped() -> Detector:
    """Return the detector that comes with dlm."""
    network = DetectorNetwork()
    data = resources.files("dlm.train").joinpath("detector.safetensors").read_bytes()
    network.load_state_dict({k: v.float() for k, v in load_tensors(data).items()}, strict=False)
    return Detector(network)


def suppress(boxes: Float64, scores: Float64) -> NDArray[np.intp]:
    """Return which of (F, 4) boxes are faces of their own, the surest first.

    A box goes where a surer one covers it: by intersection over union, or by the share of the
    smaller one, for an eye is no face.
    """
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        shared = intersections(boxes[index], boxes[kept])
        areas, area = np.prod(boxes[kept, 2:], axis=1), np.prod(boxes[index, 2:])
        union = areas + area - shared
        if not ((shared > OVERLAP * union) | (shared > 0.7 * np.minimum(areas, area))).any():
            kept.append(index)
    return np.array(kept, dtype=np.intp)


def intersections(box: Float64, boxes: Float64) -> Float64:
    """Return the areas (F,) that a box (4,) shares with (F, 4) boxes x, y, width, height."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    return np.asarray(np.prod(np.clip(high - low, 0, None), axis=1))


def _sides(image: UInt8) -> list[int]:
    """Return the longer sides at which a picture is searched, halved until a face fills it."""
    sides = [min(LONGEST, max(image.shape[:2]))]
    while sides[-1] > LARGEST:
        sides.append(sides[-1] // 2)
    return sides
