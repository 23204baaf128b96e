"""What every head promises: points, doubt in pixels, visibility, classes, a loss that learns."""

import math

import numpy as np
import pytest
import torch

from dlm.errors import TrainError
from dlm.train.losses import landmark_loss
from dlm.train.networks.cells import pixels_to_cells
from dlm.train.networks.head import CLASSES_ACROSS, Output
from dlm.train.networks.heads import HEADS, head_of
from dlm.train.networks.landmark import build, with_coordinates
from dlm.train.networks.sigma import SPAN, START
from dlm.train.settings import Settings
from tests.train.builders import settings

SIZE, POINTS = 64, 5


def head_and_answer(name: str, points: torch.Tensor, sigma: float, *, fine: bool = False):
    """Return a head and the Output with which it should say `points` (B, P, 2) and `sigma` px."""
    head = head_of(settings(head=name, size=SIZE, fine=fine), points.shape[1])
    if name == "sigma":
        raw = ((points + 0.5) / SIZE - 0.5) / SPAN
        doubt = torch.full((*points.shape[:2], 1), math.log(sigma / 4 / START))
        return head, Output(torch.cat([raw, doubt], dim=-1))
    blur = 2.0 if fine else 4.0  # pixels: a cell
    stride = int(blur) if name == "heatmap" else int(blur) // 2
    cells = pixels_to_cells(points, stride)
    axis = torch.arange(SIZE / stride)
    rows = -((axis - cells[..., None]) ** 2) / (2 * (blur**2 + sigma**2) / stride**2)
    if name == "simcc":
        return head, Output(rows)
    return head, Output(rows[:, :, 1, :, None] + rows[:, :, 0, None, :])


@pytest.mark.parametrize("fine", [False, True])
@pytest.mark.parametrize("name", HEADS)
def test_points_and_doubt_are_read_in_pixels(name, fine):
    points = 25 + 14 * torch.rand(3, POINTS, 2)
    head, output = head_and_answer(name, points, sigma=3.0, fine=fine)
    torch.testing.assert_close(head.points(output), points, atol=0.05, rtol=0)
    np.testing.assert_allclose(head.sigma(output), 3.0, rtol=0.05)


@pytest.mark.parametrize("name", HEADS)
def test_the_right_answer_costs_least_and_points_outside_cost_nothing(name):
    points = 25 + 14 * torch.rand(2, POINTS, 2)
    head, output = head_and_answer(name, points, sigma=0.4)
    right = head.loss(output, points)
    assert right < head.loss(output, points + 3)
    moved = points.clone()
    moved[:, 0] = -9.0
    kept = Output(output.maps[:, 1:])
    torch.testing.assert_close(head.loss(output, moved), head.loss(kept, points[:, 1:]))


@pytest.mark.parametrize("name", HEADS)
def test_the_likeliest_class_is_the_region_of_the_point(name):
    points = 20 + 24 * torch.rand(4, POINTS, 2)
    head, output = head_and_answer(name, points, sigma=0.4)
    side = SIZE / CLASSES_ACROSS
    regions = ((points + 0.5) / side).floor().long()
    distance = ((points + 0.5) / side - regions - 0.5).abs().amax(dim=-1)
    logits = head.class_logits(output)
    assert logits.shape == (4, POINTS, CLASSES_ACROSS**2)
    clear = distance < 0.4  # nearer to an edge two regions are about as likely
    found = logits.argmax(dim=-1)
    assert torch.equal(found[clear], (regions[..., 1] * CLASSES_ACROSS + regions[..., 0])[clear])


@pytest.mark.parametrize("name", HEADS)
def test_classes_are_learned_from_without_moving_what_they_stand_on(name):
    head, output = head_and_answer(name, 30 * torch.ones(2, POINTS, 2), sigma=1.0)
    maps = output.maps.clone().requires_grad_()
    torch.softmax(head.class_logits(Output(maps)), dim=-1).square().sum().backward()
    assert maps.grad is not None
    assert torch.isfinite(maps.grad).all()
    assert maps.grad.abs().sum() > 0


def test_pooled_classes_hold_the_summed_mass_of_the_map():
    head = head_of(settings(head="heatmap", size=128), 2)
    logits = 3 * torch.randn(2, 2, 32, 32)
    mass = torch.softmax(logits.flatten(2), dim=-1).view(2, 2, 16, 2, 16, 2).sum(dim=(3, 5))
    found = torch.softmax(head.class_logits(Output(logits)), dim=-1)
    torch.testing.assert_close(found, mass.flatten(2))


def test_the_likelihood_is_least_where_sigma_squared_is_half_the_squared_error():
    head = head_of(settings(head="sigma", size=SIZE), 1)
    points, error = torch.full((1, 1, 2), 30.0), torch.tensor([3.0, 4.0])
    _, output = head_and_answer("sigma", points, sigma=5 / math.sqrt(2))
    maps = output.maps.requires_grad_()
    head.loss(Output(maps), points + error).backward()
    assert maps.grad is not None
    assert maps.grad[0, 0, 2].abs() < 1e-5
    assert maps.grad[0, 0, :2].abs().min() > 0.01


@pytest.mark.parametrize("network", ["hourglass", "light"])
@pytest.mark.parametrize("name", HEADS)
def test_every_network_carries_every_head(name, network):
    asked = settings(head=name, network=network, size=SIZE, coord_conv=True)
    network_ = build(asked, POINTS).train()
    outputs = network_(torch.rand(4, 3, SIZE, SIZE))
    loss = network_.head.loss(outputs[-1], 30 * torch.rand(4, POINTS, 2), torch.ones(4, POINTS))
    loss.backward()
    still = [name for name, weight in network_.named_parameters() if weight.grad is None]
    assert not still
    said = network_.eval().predict(torch.rand(2, 3, SIZE, SIZE))
    assert said.points.shape == (2, POINTS, 2)
    assert said.sigma.shape == said.visibility.shape == (2, POINTS)
    assert said.sigma.min() > 0
    assert ((said.visibility > 0) & (said.visibility < 1)).all()


@pytest.mark.parametrize("name", HEADS)
def test_a_fine_network_answers_at_half_of_the_resolution(name):
    network = build(settings(head=name, size=SIZE, width=16, fine=True), POINTS).eval()
    assert network.last_features(torch.zeros(1, 3, SIZE, SIZE))[1].shape[-2:] == (32, 32)
    assert network.points(torch.rand(2, 3, SIZE, SIZE)).shape == (2, POINTS, 2)


def test_coordinates_are_no_bfloat16_numbers_whatever_computes_the_features():
    network = build(settings(head="sigma", size=SIZE), POINTS).eval()
    with torch.autocast("cpu", torch.bfloat16):
        maps = network.answer(torch.rand(2, 16, SIZE // 4, SIZE // 4)).maps
    assert maps.dtype == torch.float32
    assert not torch.equal(maps, maps.bfloat16().float())


@pytest.mark.parametrize("name", HEADS)
def test_what_is_seen_is_learned_beside_the_points_and_does_not_move_them(name):
    network = build(settings(head=name, size=SIZE), POINTS)
    outputs = network(torch.rand(4, 3, SIZE, SIZE))[-1]
    points, seen = 10 + 40 * torch.rand(4, POINTS, 2), torch.full((4, POINTS), 2)
    head = network.head
    torch.testing.assert_close(head.loss(outputs, points), head.points_loss(outputs, points))
    extra = head.loss(outputs, points, seen) - head.points_loss(outputs, points)
    torch.testing.assert_close(extra, torch.tensor(0.1 * math.log(2)), atol=0.01, rtol=0)
    assert outputs.visible is not None
    (moved,) = torch.autograd.grad(outputs.visible.sum(), outputs.maps, allow_unused=True)
    assert moved is None  # what is seen is no reason to say another place
    hidden = Output(outputs.maps, torch.full((4, POINTS), 9.0))
    assert head.loss(hidden, points, 1 + 0 * seen) > head.loss(hidden, points, seen)


def test_without_visibility_the_weights_are_those_of_older_runs():
    asked = Settings.from_dict({"size": SIZE, "width": 16, "stacks": 2})
    network = build(asked, POINTS)
    names = [name for name in network.state_dict() if ".maps." in name]
    assert names == [f"backbone.maps.{k}.{what}" for k in (0, 1) for what in ("weight", "bias")]
    assert network.predict(torch.rand(1, 3, SIZE, SIZE)).visibility is None


def test_the_heatmap_head_costs_what_its_loss_says():
    logits, points = torch.randn(2, POINTS, 16, 16), 60 * torch.rand(2, POINTS, 2)
    head = head_of(settings(head="heatmap", size=SIZE), POINTS)
    assert torch.equal(head.loss(Output(logits), points), landmark_loss(logits, points))


def test_coordinates_run_from_edge_to_edge():
    maps = with_coordinates(torch.zeros(2, 3, 8, 8))[1, 3:]
    torch.testing.assert_close(maps[0, 0], (torch.arange(8.0) - 3.5) / 4)
    torch.testing.assert_close(maps[1], maps[0].T)
    torch.testing.assert_close(maps[2, 7, 0], torch.tensor(math.hypot(7 / 8, 7 / 8)))


@pytest.mark.parametrize(
    ("change", "flag"),
    [({"head": "votes"}, "--head"), ({"network": "vast"}, "--network"),
     ({"network": "light", "stacks": 2}, "--stacks"), ({"fine": True, "stacks": 2}, "--fine")],
)  # fmt: skip
def test_unknown_networks_and_heads_name_what_there_is(change, flag):
    with pytest.raises(TrainError, match=flag):
        settings(**change)
