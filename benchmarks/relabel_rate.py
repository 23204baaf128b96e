"""Samples a second of relabelling, beside rendering them, on one core of the same machine.

    python benchmarks/relabel_rate.py [--n 512] [--size 256]

Both are whole pipelines in one process without start-up: rendering from the draws to shards on
disk, relabelling from shards to shards. Seconds of CPU, so that other work on the machine counts
little; the best of three for relabelling.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from dlm.generator.supervisor import ONE_THREAD

LAYOUTS = ("68", "490", "1001")


def rendered(folder: Path, n: int, size: int) -> float:
    """Render `n` faces into `folder` and return the seconds of CPU it took."""
    from dlm import landmark_specs
    from dlm.datasets.writer import write_manifest
    from dlm.generator.pipeline import plan
    from dlm.generator.run import RenderJob, prepare

    recipe = plan(landmark_specs.load("68"), size=size)
    todo = prepare(recipe, folder, n)
    draw_shard = RenderJob(recipe, folder, n).start()
    start = time.process_time()
    for shard in todo.shards:
        draw_shard(shard, lambda _: None)
    spent = time.process_time() - start
    write_manifest(folder)
    return spent


def relabelled(source: Path, folder: Path, layout: str, contour: str) -> float:
    """Relabel `source` into `folder` and return the rows a second of CPU after the first shard."""
    from dlm import datasets, landmark_specs
    from dlm.generator.relabel import relabel

    spec = landmark_specs.load(layout)
    dataset = datasets.open(source)
    done: list[tuple[int, float]] = []
    relabel(dataset, spec, folder, lambda rows: done.append((rows, time.process_time())),
            contour=contour)  # fmt: skip
    return sum(rows for rows, _ in done[1:]) / (done[-1][1] - done[0][1])


def main() -> None:
    """Print the table of docs/results.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=512)
    parser.add_argument("--size", type=int, default=256)
    asked = parser.parse_args()
    os.environ.update(ONE_THREAD)
    from dlm.datasets.recipe import CONTOURS

    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "faces"
        drawn = asked.n / rendered(source, asked.n, asked.size)
        print("| layout | contour | samples/s a core | times rendering |\n|---|---|---|---|")
        print(f"| rendering, 68 | fixed | {drawn:.1f} | 1 |")
        for layout in LAYOUTS:
            for contour in CONTOURS:
                target = Path(scratch) / f"{layout}_{contour}"
                runs = [
                    relabelled(source, target.with_suffix(f".{k}"), layout, contour)
                    for k in range(3)
                ]
                rate = max(runs)
                print(f"| {layout} | {contour} | {rate:.0f} | {rate / drawn:.0f} |")


if __name__ == "__main__":
    main()
