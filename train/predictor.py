"""A trained network at work: crops in, points out, in float32."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from dlm.errors import TrainError
from dlm.train.crops import CROP_RULE
from dlm.train.faces import Float32, UInt8
from dlm.train.networks.landmark import LandmarkNetwork, build, to_unit
from dlm.train.precision import Precision
from dlm.train.run_folder import MODEL_FILE, RunFile
from dlm.train.shipped import run_folder

BATCH = 64


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a network says of N crops."""

    points: Float32  # (N, P, 2) pixels of the crops
    sigma: Float32  # (N, P) standard deviation along either axis, pixels of the crops
    visibility: Float32 | None  # (N, P) probability to be seen; None where it was not learned


class Predictor:
    """The averaged network of a run."""

    def __init__(self, run: RunFile, network: LandmarkNetwork, device: torch.device) -> None:
        self.run, self.device = run, device
        self.spec = run.spec
        self.size = run.settings.size
        self.network = network.to(device).eval()
        self._precision = Precision(bfloat16=False, channels_last=True)
        self._precision.lay_out_network(self.network)

    @classmethod
    def load(cls, path: Path, device: torch.device) -> Self:
        """Return the network of the run in folder `path`, or of the shipped one of that name.

        TrainError where there is neither.
        """
        folder = run_folder(path)
        run = folder.read_run()
        if (learned := run.dataset.get("crop", CROP_RULE)) != CROP_RULE:
            raise TrainError(
                f"learned faces cropped as {learned}, this dlm crops them as {CROP_RULE}",
                str(path), "train it again, or use the dlm that trained it",
            )  # fmt: skip
        network = build(run.settings, run.spec.size)
        network.load_state_dict(folder.read_tensors(MODEL_FILE, torch.device("cpu")))
        return cls(run, network, device)

    def points(self, crops: UInt8, *, flip: bool = False) -> Float32:
        """Return (N, P, 2) points in pixels of (N, S, S, 3) crops; `flip` as for `predict`."""
        return self.predict(crops, flip=flip).points

    def predict(self, crops: UInt8, *, flip: bool = False) -> Predicted:
        """Return all that the network says of (N, S, S, 3) crops.

        With `flip` the mean of what it says of a crop and of its mirror image, mirrored back.
        """
        straight = self._predict(crops)
        if not flip:
            return straight
        turned = self._predict(np.ascontiguousarray(crops[:, :, ::-1]))
        mirror = self.spec.mirror
        points = turned.points[:, mirror]
        points[..., 0] = self.size - 1 - points[..., 0]
        seen = None
        if straight.visibility is not None and turned.visibility is not None:
            seen = _mean(straight.visibility, turned.visibility[:, mirror])
        return Predicted(
            _mean(straight.points, points), _mean(straight.sigma, turned.sigma[:, mirror]), seen
        )

    @torch.no_grad()
    def _predict(self, crops: UInt8) -> Predicted:
        parts = []
        for start in range(0, len(crops), BATCH):
            pixels = torch.from_numpy(crops[start : start + BATCH]).to(self.device)
            parts.append(self.network.predict(self._precision.lay_out(to_unit(pixels))))
        seen = [part.visibility for part in parts if part.visibility is not None]
        return Predicted(
            _joined([part.points for part in parts]),
            _joined([part.sigma for part in parts]),
            _joined(seen) if seen else None,
        )


def _mean(first: Float32, second: Float32) -> Float32:
    return np.asarray((first + second) / 2, dtype=np.float32)


def _joined(parts: list[Tensor]) -> Float32:
    return torch.cat(parts).cpu().numpy()
