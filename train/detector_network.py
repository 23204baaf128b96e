"""The face detector's network: every cell says whether a face is centred on it, and its box.

It knows faces whose longer side takes 24 to 56 pixels; a pyramid brings others to that size.
Shapes: B pictures of H x W pixels, cells of STRIDE pixels.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDE = 8  # pixels a cell
SMALLEST, LARGEST = 24.0, 56.0  # pixels of the longer side of faces that it answers to
SIDE = 40.0  # pixels; sizes are told as the logarithm of their share of it


class _Block(nn.Module):
    """A dilated 3x3 convolution added to its input."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, 1, dilation, dilation, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return x + F.relu(self.norm(self.conv(x)))


class DetectorNetwork(nn.Module):
    """(B, 3, H, W) pictures in 0 to 1 to (B, 5, H/8, W/8): logit, x, y, log width, log height."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            _step(3, 16), _step(16, 32), _Block(32, 1), _Block(32, 1), _step(32, 48)
        )
        self.trunk = nn.Sequential(*(_Block(48, dilation) for dilation in (1, 2, 4, 1, 2, 4)))
        self.answer = nn.Conv2d(48, 5, 1)
        nn.init.zeros_(self.answer.weight)
        rare = torch.tensor([-4.0, 0, 0, 0, 0])  # faces are: a fresh network says so
        self.answer.bias = nn.Parameter(rare)

    def forward(self, images: Tensor) -> Tensor:
        answers: Tensor = self.answer(self.trunk(self.stem((images - 0.5) * 4)))
        return answers


def boxes_of(answers: Tensor) -> Tensor:
    """Return (B, 4, H, W) x, y, width, height in pixels of the boxes that every cell tells.

    x and y are the centre, from the centre of the picture's top-left pixel.
    """
    height, width = answers.shape[-2:]
    rows = torch.arange(height, device=answers.device)[:, None].expand(height, width)
    columns = torch.arange(width, device=answers.device)[None].expand(height, width)
    cells = torch.stack([columns, rows]).to(answers.dtype)
    centres = STRIDE * (cells + 0.5 + answers[:, 1:3]) - 0.5
    return torch.cat([centres, SIDE * answers[:, 3:5].clamp(-3, 3).exp()], dim=1)


def _step(channels: int, width: int) -> nn.Module:
    """Halve the resolution."""
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
    )
