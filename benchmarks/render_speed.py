"""Images a second of `dlm render`, whole pipeline, beside pyrender as its README shows.

    python benchmarks/render_speed.py [--n 1000] [--size 256]

One run, in turn: the bare pyrender loop (same head, a new mesh a frame, its own shader, nothing
written), then `dlm render` with each host and 1 or 2 workers (sampling to shard on disk, start-up
included and, beside it, left out), then where the time of one worker with the faster host goes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dlm.generator.supervisor import ONE_THREAD

HERE = Path(__file__).parent


def bare_rate(frames: int, size: int, processes: int) -> float:
    """Return images a second of the bare loop: one process has the driver's threads, two none."""
    words = [sys.executable, str(HERE / "bare_pyrender.py"), "--n", str(frames),
             "--size", str(size), "--processes", str(processes)]  # fmt: skip
    environment = dict(os.environ) if processes == 1 else {**os.environ, "LP_NUM_THREADS": "0"}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    return float(json.loads(done.stdout)["images_per_second"])


def render_seconds(n: int, size: int, workers: int, host: str, folder: Path) -> float:
    """Return the seconds `dlm render` takes for `n` images."""
    start = time.monotonic()
    subprocess.run(
        [sys.executable, "-P", "-m", "dlm.cli", "render", "--spec", "68", "--n", str(n),
         "--size", str(size), "--workers", str(workers), "--renderer", host, "-o", str(folder)],
        check=True, capture_output=True,
    )  # fmt: skip
    return time.monotonic() - start


def rates(n: int, size: int, workers: int, host: str) -> tuple[float, float]:
    """Return images a second with start-up, and without it (from a second, short run)."""
    with tempfile.TemporaryDirectory() as scratch:
        whole = render_seconds(n, size, workers, host, Path(scratch) / "whole")
        start_up = render_seconds(workers, size, workers, host, Path(scratch) / "start")
    return n / whole, (n - workers) / (whole - start_up)


class Stopwatch:
    """CPU seconds by name, of functions wrapped where the pipeline looks them up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def watch(self, owner: Any, attribute: str, name: str) -> Iterator[None]:
        """Count the CPU time of `owner.attribute` under `name` while the block runs."""
        inner: Callable[..., Any] = getattr(owner, attribute)

        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.process_time()
            try:
                return inner(*args, **kwargs)
            finally:
                spent = time.process_time() - start
                self.seconds[name] = self.seconds.get(name, 0.0) + spent

        setattr(owner, attribute, timed)
        try:
            yield
        finally:
            setattr(owner, attribute, inner)


def where_time_goes(n: int, size: int) -> list[tuple[str, float]]:
    """Return (stage, milliseconds of CPU a sample) of one worker."""
    from contextlib import ExitStack

    from dlm import landmark_specs
    from dlm.datasets import images, writer
    from dlm.generator import labels, pipeline

    recipe = pipeline.plan(landmark_specs.load("68"), size=size)
    generator = pipeline.Generator(recipe)
    generator.rows(range(8))
    watch = Stopwatch()
    stages = [
        (pipeline, "sample_scene", "sample the scene"),
        (pipeline, "pose_heads", "identity, expression, gaze, neck to vertices"),
        (pipeline, "vertex_normals", "normals"),
        (generator.renderer, "draw", "draw, read back, sensor"),
        (labels, "vertex_visibility", "visibility of all vertices"),
        (images, "encode_jpeg", "encode JPEG"),
        (pipeline, "scene_columns", "columns of numbers"),
    ]
    ids = range(min(n, recipe.shard_size))
    with ExitStack() as stack, tempfile.TemporaryDirectory() as scratch:
        for owner, attribute, name in stages:
            stack.enter_context(watch.watch(owner, attribute, name))
        folder = Path(scratch) / "faces"
        writer.create_or_check(folder, recipe)
        start = time.process_time()
        columns = pipeline.join([generator.rows(part) for part in pipeline.batches(ids)])
        before_writing = time.process_time()
        writer.write_shard(folder, 0, columns, recipe)
        end = time.process_time()
    watch.seconds["write the shard"] = end - before_writing
    watch.seconds["the rest"] = (end - start) - sum(watch.seconds.values())
    return [(name, 1000 * spent / len(ids)) for name, spent in watch.seconds.items()]


def main() -> None:
    """Print the tables of docs/results.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--size", type=int, default=256)
    asked = parser.parse_args()
    frames = min(asked.n, 150)
    bare, two = (bare_rate(frames, asked.size, processes) for processes in (1, 2))
    print("| what | images/s | without start-up | beside the bare loop |\n|---|---|---|---|")
    print(f"| pyrender as its README shows, a bare loop | {bare:.1f} | | 1 |")
    print(f"| the same in 2 processes | {two:.1f} | | {two / bare:.1f} |")
    for host, workers in (("gl", 1), ("gl", 2), ("pyrender", 2)):
        whole, steady = rates(asked.n, asked.size, workers, host)
        what = f"`dlm render --renderer {host}`, {workers} worker{'s' * (workers > 1)}"
        times = f"{whole / bare:.1f}, {steady / bare:.1f}"
        print(f"| {what} | {whole:.1f} | {steady:.1f} | {times} |", flush=True)
    os.environ.update(ONE_THREAD)  # as workers have it; nothing has opened a context here yet
    stages = where_time_goes(asked.n, asked.size)
    total = sum(spent for _, spent in stages)
    print("\n| stage of one worker | ms of CPU a sample | share |\n|---|---|---|")
    for name, spent in sorted(stages, key=lambda stage: -stage[1]):
        print(f"| {name} | {spent:.2f} | {spent / total:.0%} |")
    print(f"| all | {total:.2f} | |")


if __name__ == "__main__":
    main()
