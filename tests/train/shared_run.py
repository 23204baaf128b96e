"""Three steps of a toy run in one or more processes; the first prints losses and gradients.

torchrun --nproc-per-node 2 tests/train/shared_run.py DATA
"""

import sys
from pathlib import Path

import numpy as np
import torch

from dlm import datasets
from dlm.train.augment import PLAIN
from dlm.train.data import load
from dlm.train.parallel import started
from dlm.train.precision import by_name
from dlm.train.settings import Settings
from dlm.train.trainer import Trainer

with started() as ranks:
    dataset = datasets.open(Path(sys.argv[1]))
    data = load(dataset, dataset.spec, 32, lambda count: None)
    # Flat pictures have ties in every max-pooling, which the last bit of a mean decides.
    pixels = data.training.images
    pixels[:] = np.random.default_rng(0).integers(0, 256, pixels.shape, dtype=np.uint8)
    settings = Settings(samples=240, size=32, width=16, batch=8, learning_rate=3e-3)
    run = Trainer(
        settings, data, by_name("float32 channels_last"), torch.device("cpu"), PLAIN, ranks=ranks
    )
    losses = [float(run.advance())]
    moments = [run.optimiser.state[p]["exp_avg"].clone() for p in run.network.parameters()]
    first = torch.cat([moment.flatten() for moment in moments])  # a tenth of the first gradients
    losses += [float(run.advance()) for _ in range(2)]
    if ranks.first:
        print(*losses, *first[::7].tolist())
