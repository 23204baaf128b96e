"""CPU that a face costs one worker, in two states of the code, even beside other work.

    python benchmarks/cpu_beside.py BEFORE AFTER [--n 128] [--rounds 4]

BEFORE and AFTER are checkouts (`git worktree add`). Both draw the same few faces in turn, each in
its own process on one core; of every few the quickest round counts.
"""

import argparse
import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from dlm.generator.supervisor import ONE_THREAD

FEW = 4  # faces drawn at a time
PACKAGES = ("landmark_specs", "datasets", "generator", "train")


class Worker:
    """One state of the code in a process of its own, which draws when told."""

    def __init__(self, checkout: Path, scratch: Path) -> None:
        package = scratch / "dlm"
        package.mkdir(parents=True)
        for entry in [*(checkout / "dlm").iterdir(), *(checkout / name for name in PACKAGES)]:
            (package / entry.name).symlink_to(entry.resolve())
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(scratch)}
        words = [sys.executable, "-P", __file__, "--draw"]
        self._process = subprocess.Popen(words, env=environment, text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
        self.opening = self._said()

    def milliseconds(self, first: int) -> float:
        """Return the CPU that a face of the few from `first` on takes."""
        assert self._process.stdin
        print(first, file=self._process.stdin, flush=True)
        return self._said() / FEW

    def leave(self) -> None:
        """End the process."""
        self._process.communicate()

    def _said(self) -> float:
        assert self._process.stdout
        return float(self._process.stdout.readline())


def draw() -> None:
    """Say the milliseconds of CPU of opening and the first face, then of the few asked for."""
    from dlm import landmark_specs
    from dlm.cli.render import WORKERS_LOAD
    from dlm.generator.pipeline import Generator, plan

    for module in WORKERS_LOAD:  # before a worker is forked
        import_module(module)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    recipe = plan(landmark_specs.load("68"))
    start = time.process_time()
    generator = Generator(recipe)
    generator.rows([0])
    print(1000 * (time.process_time() - start), flush=True)
    generator.rows(range(64))
    for line in sys.stdin:
        start = time.process_time()
        generator.rows(range(int(line), int(line) + FEW))
        print(1000 * (time.process_time() - start), flush=True)


def main() -> None:
    """Print the figures of docs/results.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--n", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=4)
    asked = parser.parse_args()
    with TemporaryDirectory() as scratch:
        folders = ((asked.before, Path(scratch) / "before"), (asked.after, Path(scratch) / "after"))
        workers = [Worker(*folder) for folder in folders]
        least: list[dict[int, float]] = [{}, {}]
        for turn in range(asked.rounds):
            for first in range(0, asked.n, FEW):
                for which in (0, 1) if (first // FEW + turn) % 2 else (1, 0):
                    spent = workers[which].milliseconds(first)
                    least[which][first] = min(spent, least[which].get(first, spent))
        before, after = (sum(some.values()) / len(some) for some in least)
        for worker in workers:
            worker.leave()
    print(f"a face: {before:.2f} ms before, {after:.2f} after: {after / before:.3f}")
    opening = [worker.opening for worker in workers]
    print(f"opening and first face: {opening[0]:.0f} ms before, {opening[1]:.0f} after")


if __name__ == "__main__":
    draw() if sys.argv[1:] == ["--draw"] else main()
