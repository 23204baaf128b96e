"""Milliseconds of CPU that each layer adds to a rendered face.

    python benchmarks/layers_cost.py [--n 128] [--size 256]

One process a row; sampling, drawing and encoding count, start-up and writing do not. The best of
three.
"""

import argparse
import os
import subprocess
import sys
import time

from dlm.generator.supervisor import ONE_THREAD

ROWS = ("", "depth", "segmentation", "segmentation,depth", "segmentation,depth,normals,uv")


def milliseconds(layers: str, n: int, size: int) -> float:
    """Return the CPU time of a face in this process."""
    from dlm import landmark_specs
    from dlm.generator.pipeline import Generator, batches, plan

    asked = [name for name in layers.split(",") if name]
    generator = Generator(plan(landmark_specs.load("68"), size=size, layers=asked))
    generator.rows(range(8))
    runs = []
    for _ in range(3):
        start = time.process_time()
        for ids in batches(range(n)):
            generator.rows(ids)
        runs.append(1000 * (time.process_time() - start) / n)
    return min(runs)


def main() -> None:
    """Print the table of docs/results.md, or one figure with --layers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=128)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--layers", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.layers is not None:
        print(milliseconds(asked.layers, asked.n, asked.size))
        return
    print("| layers | ms of CPU a face |\n|---|---|")
    for layers in ROWS:
        words = [sys.executable, __file__, "--layers", layers, "--n", str(asked.n),
                 "--size", str(asked.size)]  # fmt: skip
        done = subprocess.run(words, check=True, capture_output=True, text=True,
                              env={**os.environ, **ONE_THREAD})  # fmt: skip
        print(f"| {layers or 'none'} | {float(done.stdout):.1f} |")


if __name__ == "__main__":
    main()
