"""The nuclear norm and what is built on it: values, gradients, signs, blind spots, a toy shift."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from dlm.train.modes.gradients import WarmUp, scale_gradient
from dlm.train.modes.nuclear import EPSILON, batch_norm_of, entropy, nuclear_norm, trace_of_root
from tests.train.blobs import accuracy


def one_hot(cells, count):
    return nn.functional.one_hot(torch.as_tensor(cells), count).double()


def norm(matrix):
    return float(nuclear_norm(matrix, epsilon=0.0))


def test_its_extremes_are_those_of_the_literature():
    uniform = torch.full((12, 30), 1 / 30, dtype=torch.float64)
    assert norm(uniform) == pytest.approx(math.sqrt(12 / 30), abs=1e-6)
    counts = [1, 4, 7]
    cells = np.repeat(range(3), counts)
    assert norm(one_hot(cells, 9)) == pytest.approx(sum(map(math.sqrt, counts)), abs=1e-5)
    assert norm(one_hot(range(8), 30)) == pytest.approx(8, abs=1e-6)


def test_one_pixel_and_mean_face_collapse_are_low():
    faces, points, cells = 16, 5, 64
    one_pixel = one_hot(np.zeros(faces * points, int), cells)
    assert norm(one_pixel) == pytest.approx(math.sqrt(faces * points), abs=1e-5)
    mean_face = one_hot(np.tile(range(points), faces), cells).view(faces, points, cells)
    assert norm(mean_face.flatten(0, 1)) == pytest.approx(points * math.sqrt(faces), abs=1e-5)
    # Of each point alone, sure answers that do not depend on the picture are the least there is.
    spread = one_hot(torch.randint(cells, (faces * points,)), cells).view(faces, points, cells)
    collapsed, alive = (float(batch_norm_of(z, "points")) for z in (mean_face, spread))
    assert collapsed == pytest.approx(1 / math.sqrt(faces), abs=1e-3)
    assert alive > 3 * collapsed
    assert float(entropy(mean_face)) == float(entropy(spread)) == 0  # sureness does not tell


@pytest.mark.parametrize("matrix", ["points", "all"])
def test_swapped_points_are_not_seen(matrix):
    chances = torch.rand(6, 5, 12, dtype=torch.float64).softmax(-1)
    swapped = chances[:, torch.tensor([3, 0, 4, 2, 1])]
    assert float(batch_norm_of(chances, matrix)) == pytest.approx(
        float(batch_norm_of(swapped, matrix)), rel=1e-9
    )


@pytest.mark.parametrize("shape", [(5, 9), (9, 5), (3, 4, 7)])
def test_its_gradient_is_that_of_finite_differences(shape):
    matrix = torch.rand(shape, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: nuclear_norm(z).sum(), matrix, atol=1e-7)


@pytest.mark.parametrize("sharpness", [0.1, 3.0, 30.0])  # of answers: near rank one, or one-hot
@pytest.mark.parametrize("rows", [12, 40])
def test_products_alone_give_what_eigenvalues_give(rows, sharpness):
    logits = torch.randn(3, rows, 20, dtype=torch.float64) * sharpness
    chances = logits.softmax(-1).requires_grad_()
    gram = chances @ chances.mT if rows <= 20 else chances.mT @ chances
    ours, theirs = trace_of_root(gram, EPSILON, rows), nuclear_norm(chances)
    torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=0)
    gradients = [torch.autograd.grad(each.sum(), chances, retain_graph=True)[0]
                 for each in (ours, theirs)]  # fmt: skip
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("matrix", ["points", "all"])
def test_the_discrepancy_of_two_batches_has_the_right_gradient(matrix):
    source, target = (
        torch.randn(4, 3, 6, dtype=torch.float64, requires_grad=True) for _ in range(2)
    )

    def discrepancy(s, t):
        return batch_norm_of(s.softmax(-1), matrix) - batch_norm_of(t.softmax(-1), matrix)

    assert torch.autograd.gradcheck(discrepancy, (source, target), atol=1e-7)


def test_the_critic_climbs_the_discrepancy_and_the_features_descend_it():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        features, last = nn.Linear(3, 4).double(), nn.Linear(4, 5).double()
        source, target = (torch.randn(8, 3, dtype=torch.float64) for _ in range(2))
    coefficient, weight = 0.3, 0.7

    def discrepancy(factor):
        norms = [
            batch_norm_of(last(scale_gradient(features(x), factor)).softmax(-1)[:, None], "points")
            for x in (source, target)
        ]
        return norms[0] - norms[1]

    plain = torch.autograd.grad(discrepancy(1.0), [last.weight, features.weight])
    seen = torch.autograd.grad(-weight * discrepancy(-coefficient), [last.weight, features.weight])
    torch.testing.assert_close(seen[0], -weight * plain[0])
    torch.testing.assert_close(seen[1], coefficient * weight * plain[1])


def test_the_warm_up_follows_its_published_values_and_is_saved():
    warm_up = WarmUp(1000)
    values = {0: 0.0, 500: 0.245, 1000: 0.462, 2000: 0.762, 5000: 0.987}
    for steps, value in values.items():
        warm_up.steps.fill_(steps)
        assert float(warm_up.coefficient) == pytest.approx(value, abs=1e-3)
    again = WarmUp(1000)
    again.load_state_dict(warm_up.state_dict())
    assert again.coefficient == warm_up.coefficient
    again.eval()
    assert again.coefficient == warm_up.coefficient


def test_a_wrong_sign_shows_on_a_small_shift():
    assert accuracy("daln", 0, 400)[1] > accuracy("flipped", 0, 400)[1]


@pytest.mark.slow
def test_daln_beats_the_source_alone_on_a_shift():
    found = {
        method: np.mean([accuracy(method, seed, 1500) for seed in range(5)], axis=0)
        for method in ("source", "daln", "flipped", "dann")
    }
    assert min(scores[0] for scores in found.values()) > 0.98  # all are as good on the source
    assert found["daln"][1] > found["source"][1] > found["flipped"][1]
