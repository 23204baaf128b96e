"""Losses on logit maps. Targets are never drawn: a Gaussian is separable, so two rows suffice."""

import torch
from torch import Tensor
from torch.nn import functional as F

from dlm.train.networks.cells import STRIDE, pixels_to_cells, soft_argmax

SIGMA_CELLS = 1.0
SMOOTH_L1_BETA_CELLS = 0.25


def gaussian_rows(centres: Tensor, length: int, sigma: float) -> Tensor:
    """Return (..., length) Gaussians around (...) centres in cells, each of sum one."""
    cells = torch.arange(length, device=centres.device, dtype=centres.dtype)
    return torch.softmax(-0.5 * ((cells - centres[..., None]) / sigma) ** 2, dim=-1)


def separable_kl(logits: Tensor, cells: Tensor, sigma: float = SIGMA_CELLS) -> Tensor:
    """Return KL(Gaussian at `cells` (B, P, 2) || softmax of `logits` (B, P, H, W)), (B, P) nats.

    The cross-entropy is logsumexp(l) - gy^T l gx; the entropy of the target is subtracted so
    that a perfect map costs nothing and curves of different layouts can be compared.
    """
    logits = logits.float()
    gx = gaussian_rows(cells[..., 0], logits.shape[-1], sigma)
    gy = gaussian_rows(cells[..., 1], logits.shape[-2], sigma)
    expected = ((logits * gx[..., None, :]).sum(dim=-1) * gy).sum(dim=-1)
    entropy = -(torch.xlogy(gx, gx).sum(dim=-1) + torch.xlogy(gy, gy).sum(dim=-1))
    return torch.logsumexp(logits.flatten(2), dim=-1) - expected - entropy


def inside_map(cells: Tensor, height: int, width: int) -> Tensor:
    """Return (B, P) 1 where a target lies on the map and can be learned, else 0."""
    x, y = cells.unbind(dim=-1)
    inside = (cells > -0.5).all(dim=-1) & (x < width - 0.5) & (y < height - 0.5)
    return inside.float()


def landmark_loss(logits: Tensor, points: Tensor, stride: int = STRIDE) -> Tensor:
    """Return the scalar KL + smooth-L1 of logits (B, P, H, W) against points (B, P, 2) in pixels.

    Points outside the crop carry no loss.
    """
    cells = pixels_to_cells(points.float(), stride)
    weight = inside_map(cells, logits.shape[-2], logits.shape[-1])
    distance = F.smooth_l1_loss(
        soft_argmax(logits), cells, reduction="none", beta=SMOOTH_L1_BETA_CELLS
    ).sum(dim=-1)
    each = separable_kl(logits, cells) + distance
    return (each * weight).sum() / weight.sum().clamp(min=1)
