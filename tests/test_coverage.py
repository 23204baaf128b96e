"""Of benchmarks/coverage.py: spreads tells lips that move too little from lips that move enough."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[1] / "benchmarks/coverage.py"


@pytest.fixture(scope="module")
def coverage():
    spec = importlib.util.spec_from_file_location("coverage_of_photos", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def faces(lips: float, seed: int) -> np.ndarray:
    """Return (2000, 68, 2) pixels of a face whose lips move in eight ways, by `lips` of it."""
    fixed, rng = np.random.default_rng(0), np.random.default_rng(seed)
    mean, ways = fixed.uniform(0.2, 0.8, size=(68, 2)), fixed.normal(size=(8, 20, 2))
    mean[[36, 45, 30, 33]] = [[0, 0], [1, 0], [0.5, 0.4], [0.5, 0.55]]
    points = mean + rng.normal(scale=0.01, size=(2000, 68, 2))
    amounts = rng.normal(size=(2000, 8)) * lips / 1.6 ** np.arange(8)
    points[:, 48:68] += np.einsum("nk,kpq->npq", amounts, ways)
    return 100 * points + rng.uniform(0, 200, size=(2000, 1, 2))


def test_the_same_spread_is_one_and_half_of_it_a_quarter(coverage):
    same = coverage.spreads(faces(0.1, seed=1), faces(0.1, seed=2))
    less = coverage.spreads(faces(0.05, seed=1), faces(0.1, seed=2))
    np.testing.assert_allclose(same["lips"], 1, atol=0.2)
    assert len(same["lids"]) == coverage.COMPONENTS
    np.testing.assert_allclose(less["lips"], 0.25, atol=0.06)
