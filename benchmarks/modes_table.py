"""All modes on one layout with one budget, and the case study's two tables from them.

    python benchmarks/modes_table.py OUT --data DIR --real 300w:PATH ... --test afw=300w:PATH

DIR is labelled with the layout. Modes that need photos learn from all of --real, and the adapter
of every row is fitted on the same. Each run is a folder of OUT and goes on where it stopped; a
finished one costs nothing, so that the same command can be called until all rows are there. After
--minutes no further run is begun.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from dlm.train.modes import MODES
from dlm.train.run_folder import RunFolder

MODES_OF_THE_TABLE = ("synthetic", "transfer", "dann", "daln", "daln-transfer", "real")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--real", action="append", required=True, help="300w:PATH, repeatable")
    parser.add_argument("--test", action="append", required=True, help="NAME=300w:PATH")
    parser.add_argument("--spec", default="490")
    parser.add_argument("--samples", type=int, default=12_000)
    parser.add_argument("--width", type=int, default=48)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--modes", nargs="+", default=list(MODES_OF_THE_TABLE), choices=MODES)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after")
    return parser.parse_args()


def train(asked: argparse.Namespace, mode: str, seed: int) -> Path:
    """Train one run, or find it finished; return its folder."""
    folder = asked.out / f"{mode}-seed{seed}"
    needs = MODES[mode].needs
    words = ["train", "--mode", mode, "-o", str(folder), "--samples", str(asked.samples),
             "--width", str(asked.width), "--size", str(asked.size), "--batch", str(asked.batch),
             "--seed", str(seed)]  # fmt: skip
    photos_alone = MODES[mode].labels == "photos"
    words += ["--spec", "68"] if photos_alone else ["--spec", asked.spec, "--data", str(asked.data)]
    for stream in sorted(needs):
        words += [word for source in asked.real for word in (f"--{stream}", source)]
    subprocess.run([sys.executable, "-m", "dlm.cli", *words], check=True)
    return folder


def finished(folder: Path) -> bool:
    """Say whether a run needs no more training."""
    return RunFolder(folder).exists and RunFolder(folder).read_run().finished


def main() -> None:
    """Train what is missing, then print the tables."""
    asked, begun = arguments(), time.monotonic()
    runs = []
    for seed in range(asked.seeds):
        for mode in asked.modes:
            folder = asked.out / f"{mode}-seed{seed}"
            if finished(folder) or time.monotonic() - begun < 60 * asked.minutes:
                runs.append(train(asked, mode, seed) if not finished(folder) else folder)
    words = ["table", *map(str, runs), "--synthetic", str(asked.data)]
    words += [word for test in asked.test for word in ("--real", test)]
    words += [word for source in asked.real for word in ("--adapt-on", source)]
    subprocess.run([sys.executable, "-m", "dlm.cli", *words], check=True)


if __name__ == "__main__":
    main()
