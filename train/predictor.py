"""A trained network at work: crops in, points out, in float32."""

from pathlib import Path

import numpy as np
import torch

from dlm.train.faces import Float32, UInt8
from dlm.train.networks.landmark import LandmarkNetwork, build
from dlm.train.precision import Precision
from dlm.train.run_folder import MODEL_FILE, RunFile, RunFolder
from dlm.train.trainer import predict

BATCH = 64


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
    def load(cls, path: Path, device: torch.device) -> "Predictor":
        """Return the network of the run in folder `path`; TrainError where there is none."""
        folder = RunFolder(path)
        run = folder.read_run()
        network = build(run.settings, run.spec.size)
        network.load_state_dict(folder.read_tensors(MODEL_FILE, torch.device("cpu")))
        return cls(run, network, device)

    def points(self, crops: UInt8, *, flip: bool = False) -> Float32:
        """Return (N, P, 2) points in pixels of (N, S, S, 3) crops.

        With `flip` the mean of a crop's points and those of its mirror image, mirrored back.
        """
        straight = self._predict(crops)
        if not flip:
            return straight
        mirrored = self._predict(np.ascontiguousarray(crops[:, :, ::-1]))[:, self.spec.mirror]
        mirrored[..., 0] = self.size - 1 - mirrored[..., 0]
        return np.asarray((straight + mirrored) / 2, dtype=np.float32)

    def _predict(self, crops: UInt8) -> Float32:
        return predict(self.network, crops, self._precision, self.device, BATCH)
