"""Make a finished run a network that comes with dlm: half the bytes, nothing of the machine.

    python tools/ship_network.py RUN train/shipped/68

Only networks that learned from renders alone are taken: any other carries its photos' licence.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from dlm.errors import DlmError
from dlm.train.run_folder import MODEL_FILE, RunFolder
from dlm.train.training import RENDERS_ONLY


def ship(run: Path, out: Path) -> None:
    """Write the network of folder `run` to the folder `out`; DlmError if photos were learned."""
    source, target = RunFolder(run), RunFolder(out)
    file = source.read_run()
    if file.licence != RENDERS_ONLY:
        raise DlmError(f"is not free: {file.licence}", str(run), "ship one of renders alone")
    weights = source.read_tensors(MODEL_FILE, torch.device("cpu"))
    halved = {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}
    dataset = {key: value for key, value in file.dataset.items() if key != "path"}
    asked = file.settings
    command = (
        f"dlm train --spec {file.spec_name}{' --fine' * asked.fine} --width {asked.width} "
        f"--batch {asked.batch} --samples {asked.samples} --seed {asked.seed}"
    )
    target.create(replace(file, dataset=dataset, command=command))
    target.write_tensors(MODEL_FILE, halved)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="a folder that 'dlm train' made")
    parser.add_argument("out", type=Path, help="a new folder: train/shipped/NAME")
    asked = parser.parse_args()
    try:
        ship(asked.run, asked.out)
    except DlmError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
