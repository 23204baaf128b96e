"""Draw faces with one host and keep what was drawn: python drawing.py HOST MODEL SIZE N FILE."""

import sys

import numpy as np

from dlm.generator import labels, models
from dlm.generator.look import probabilities
from dlm.generator.models.normals import vertex_normals
from dlm.generator.pipeline import pose_heads, sample_scene
from dlm.generator.render import open_renderer


def main(host: str, name: str, size: int, count: int, path: str) -> None:
    """Draw samples 0 to `count` - 1 of seed 3 with all layers into an npz file."""
    model, look = models.load(name), probabilities.default()
    renderer = open_renderer(model, size, layers=True, host=host)
    scenes = [sample_scene(model, look, 3, index, size) for index in range(count)]
    heads = pose_heads(model, scenes)
    frames, visible = [], []
    for scene, head, normals in zip(scenes, heads, vertex_normals(heads, model), strict=True):
        world, outward = labels.to_world(scene, head), labels.to_world(scene, normals)
        frame = renderer.draw(scene, world, outward)
        pixels, depth = labels.project(scene.camera, world)
        facing = labels.facing_camera(scene.camera, world, outward)
        frames.append({"image": frame.image, "depth": frame.depth, **frame.layers})
        visible.append(labels.vertex_visibility(frame, pixels, depth, facing))
    together = {key: np.stack([frame[key] for frame in frames]) for key in frames[0]}
    np.savez(path, host=renderer.host, visible=np.stack(visible), **together)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
