"""Where the camera stands: a face fills the picture alike, whoever's it is."""

from dataclasses import replace

import numpy as np
import pytest

from dlm.generator import labels, models
from dlm.generator.look import probabilities
from dlm.generator.pipeline import pose_heads, sample_scene
from dlm.landmark_specs import load

SIZE = 256


@pytest.fixture(scope="module")
def shares():
    """{child or adult: (n,) longer side of the face's points as a share of the picture}."""
    head, look, spec = models.load("makehuman"), probabilities.default(), load("68")
    scenes = [sample_scene(head, look, 4, index, SIZE) for index in range(160)]
    ahead = [replace(scene, head=0 * scene.head, neck=0 * scene.neck) for scene in scenes]
    points = pose_heads(head, ahead)
    vertices = spec.vertex_indices(head.name, head.topology.hash, head.topology.vertex_count)
    boxes = [labels.project(scene.camera, labels.to_world(scene, shape[vertices]))[0]
             for scene, shape in zip(ahead, points, strict=True)]  # fmt: skip
    found = np.array([np.ptp(box, axis=0).max() / SIZE for box in boxes])
    young = np.array([scene.traits["age"] < 12 for scene in scenes])
    return {"child": found[young], "adult": found[~young]}


def test_a_childs_face_fills_the_picture_as_an_adults_does(shares):
    assert len(shares["child"]) >= 5
    assert np.median(shares["child"]) == pytest.approx(np.median(shares["adult"]), rel=0.08)
