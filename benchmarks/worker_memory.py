"""Memory of the workers of `dlm render` over a long run: flat, or growing with the images?

    python benchmarks/worker_memory.py OUT [--n 5000] [--size 256] [--workers 2]

Renders into OUT and reads the resident memory of every worker twice a second. The dataset stays,
for whatever else wants so many faces.
"""

import argparse
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from dlm.datasets import Recipe

EVERY = 500  # images between two rows of the table
PAUSE = 0.5  # seconds between two looks


def children(pid: int) -> list[int]:
    """Return the processes that `pid` started and that live."""
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in told.split()]


def workers(command: int) -> list[int]:
    """Return the workers of a `dlm render`: grandchildren, forked from its server."""
    return [worker for server in children(command) for worker in children(server)]


def resident(pid: int) -> float:
    """Return the MB of memory that a process has in use, what it shares with others included."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    sizes = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(sizes[0]) / 1024 if sizes else 0.0


def main() -> None:
    """Print the most that a worker held in each span of images, and the seconds it all took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--n", type=int, default=5000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    words = [sys.executable, "-P", "-m", "dlm.cli", "render", "--spec", "68", "--n", str(asked.n),
             "--size", str(asked.size), "--workers", str(asked.workers),
             "-o", str(asked.out)]  # fmt: skip
    start, most = time.monotonic(), defaultdict[int, float](float)
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as run:
        while run.poll() is None:
            done = Recipe.shard_size * len(list(asked.out.glob("data/shard-*.parquet")))
            for worker in workers(run.pid):
                most[done // EVERY] = max(most[done // EVERY], resident(worker))
            time.sleep(PAUSE)
    seconds = time.monotonic() - start
    print("| images written | MB of the largest worker |\n|---|---|")
    for span, held in sorted(most.items()):
        print(f"| {span * EVERY} to {min((span + 1) * EVERY, asked.n)} | {held:.0f} |")
    print(f"\n{asked.n} images in {seconds:.0f} s")


if __name__ == "__main__":
    main()
