"""One head and one renderer for all tests of this folder: a process has one GL context."""

import numpy as np
import pytest

from dlm.generator import models
from dlm.generator.models.base import FaceModel
from dlm.generator.render import Renderer, open_renderer


@pytest.fixture(scope="session")
def head() -> FaceModel:
    return models.load("makehuman")


@pytest.fixture(scope="session")
def renderer(head: FaceModel) -> Renderer:
    return open_renderer(head, 256)


@pytest.fixture(scope="session")
def neutral(head: FaceModel) -> np.ndarray:
    """(V, 3) of the mean head, looking ahead."""
    shapes = ((head.identity_size,), (52,), (2, 2), (3,))
    return head.vertices(*[np.zeros((1, *shape), np.float32) for shape in shapes])[0]
