"""Images a second of pyrender as its README shows it, drawing the heads that `dlm render` draws.

A new mesh for each picture, OffscreenRenderer, pyrender's own shader, one directional light:
the baseline for docs/results.md. Same head model, identities, expressions and picture size as
dlm's; sampling a face counts in neither figure here, drawing alone is timed.

    python benchmarks/bare_pyrender.py [--n 100] [--size 256] [--processes 2]
"""

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def draw(count: int, size: int, seed: int) -> float:
    """Draw `count` faces in this process and return the seconds it took."""
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    import numpy as np
    import pyglet

    pyglet.options["headless"] = True
    import pyrender
    import trimesh

    from dlm.generator import models
    from dlm.generator.sampling.expression import sample_expression

    head = models.load("makehuman")
    rng = np.random.default_rng(seed)
    rest = np.zeros((1, 2, 2), np.float32), np.zeros((1, 3), np.float32)
    faces = []
    for _ in range(16):  # enough variety; posing faces is not what is timed
        person = head.sample_identity(rng).coefficients[None]
        faces.append(head.vertices(person, sample_expression(rng)[None], *rest)[0])
    renderer = pyrender.OffscreenRenderer(size, size)
    pose = np.eye(4)
    pose[:3, 3] = [0.0, -0.02, 0.8]

    def picture(k: int) -> None:
        mesh = trimesh.Trimesh(faces[k % 16], head.topology.triangles, process=False)
        scene = pyrender.Scene(ambient_light=[0.2, 0.2, 0.2])
        scene.add(pyrender.Mesh.from_trimesh(mesh))
        scene.add(pyrender.DirectionalLight(color=[1.0, 1.0, 1.0], intensity=3.0), pose=pose)
        scene.add(pyrender.PerspectiveCamera(yfov=2 * np.arctan(0.125 / 0.8)), pose=pose)
        renderer.render(scene)

    for k in range(3):
        picture(k)
    start = time.perf_counter()
    for k in range(count):
        picture(k)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100, help="pictures a process")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    jobs = [(asked.n, asked.size, seed) for seed in range(asked.processes)]
    with ProcessPoolExecutor(asked.processes, mp_context=get_context("spawn")) as pool:
        seconds = list(pool.map(draw, *zip(*jobs, strict=True)))
    speed = sum(asked.n / each for each in seconds)
    print(json.dumps({"images_per_second": round(speed, 2), **vars(asked)}))


if __name__ == "__main__":
    main()
