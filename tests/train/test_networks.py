"""Maps, points and losses: coordinates that cannot drift by half a cell."""

import pytest
import torch

from dlm.train.losses import landmark_loss, separable_kl
from dlm.train.networks.cells import cells_to_pixels, pixels_to_cells, soft_argmax
from dlm.train.networks.landmark import build
from tests.train.builders import settings


def log_gaussian(centres: torch.Tensor, side: int = 32, sigma: float = 1.0) -> torch.Tensor:
    """(B, P, side, side) logits of Gaussians around (B, P, 2) cells."""
    axis = torch.arange(side, dtype=torch.float32)
    x = (axis - centres[..., :1]) ** 2
    y = (axis - centres[..., 1:]) ** 2
    return -(y[..., :, None] + x[..., None, :]) / (2 * sigma**2)


def test_a_gaussian_map_decodes_to_its_centre():
    centres = 6 + 20 * torch.rand(4, 50, 2)
    found = soft_argmax(log_gaussian(centres))
    torch.testing.assert_close(found, centres, atol=1e-3, rtol=0)


def test_cells_are_centred_on_the_pixels_they_cover():
    assert cells_to_pixels(torch.tensor(0.0)) == 1.5  # pixels 0 to 3
    pixels = torch.rand(9) * 128
    torch.testing.assert_close(cells_to_pixels(pixels_to_cells(pixels)), pixels)


def test_points_stay_exact_under_bfloat16_autocast():
    centres = 6 + 20 * torch.rand(2, 30, 2)
    with torch.autocast("cpu", torch.bfloat16):
        found = cells_to_pixels(soft_argmax(log_gaussian(centres)))
    torch.testing.assert_close(found, cells_to_pixels(centres), atol=1e-2, rtol=0)


def test_kl_equals_the_one_over_a_drawn_map():
    centres, logits = 4 + 20 * torch.rand(3, 5, 2), torch.randn(3, 5, 32, 32)
    target = torch.softmax(log_gaussian(centres).flatten(2), -1)
    expected = (target * (target.clamp_min(1e-38).log() - logits.flatten(2).log_softmax(-1))).sum(
        -1
    )
    torch.testing.assert_close(separable_kl(logits, centres), expected, atol=1e-4, rtol=1e-4)


def test_a_perfect_map_costs_nothing():
    points = 30 + 60 * torch.rand(2, 7, 2)
    assert landmark_loss(log_gaussian(pixels_to_cells(points)), points) < 1e-3


def test_points_outside_the_crop_teach_nothing():
    points = 30 + 60 * torch.rand(1, 4, 2)
    logits = torch.randn(1, 4, 32, 32)
    moved = points.clone()
    moved[0, 3] = torch.tensor([-40.0, 500.0])
    torch.testing.assert_close(
        landmark_loss(logits, moved), landmark_loss(logits[:, :3], points[:, :3])
    )


def test_moving_the_picture_by_one_cell_moves_the_points_by_four_pixels():
    torch.manual_seed(0)
    network = build(settings(), 4).eval()
    axis = torch.arange(128.0)
    blob = torch.exp(-((axis - 62) ** 2) / 50)[:, None] * torch.exp(-((axis - 60) ** 2) / 50)
    image = blob.expand(1, 3, -1, -1)
    # Only an hourglass without its halvings is exactly equivariant to one cell; at eight cells,
    # the coarsest level's step, the whole one is, away from the border.
    one, _ = network.backbone.stem((image - 0.5) * 4)
    moved, _ = network.backbone.stem((image.roll((0, 4), (2, 3)) - 0.5) * 4)
    torch.testing.assert_close(moved[..., 8:24, 9:25], one[..., 8:24, 8:24], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("stacks", [1, 4])
def test_every_stack_answers_with_a_map_a_point(stacks):
    network = build(settings(stacks=stacks), 9)
    outputs = network(torch.rand(2, 3, 64, 64))
    assert [tuple(output.maps.shape) for output in outputs] == [(2, 9, 16, 16)] * stacks
    assert network.points(torch.rand(2, 3, 64, 64)).shape == (2, 9, 2)
