"""The nuclear norm of a batch of predictions: how sure and how diverse they are together.

A prediction matrix has a row a face (or a face and point) and a column a region of the picture;
each row is a distribution. Its nuclear norm is between sqrt(rows / columns), all rows uniform, and
its number of rows, all rows sure and different; a batch that answers the mean face to every
picture has a low one however sure it is. The norm sees where a batch's answers lie, not whether
they are right: points that are swapped, or moved together, have the same.
"""

import math
from typing import Any

import torch
from torch import Tensor

EPSILON = 1e-6  # under the root: without it null directions get a gradient of noise
MOST_POINTS = 128  # of a dense layout, evenly spread: an eigenvalue problem each


def nuclear_norm(matrix: Tensor, epsilon: float = EPSILON) -> Tensor:
    """Return (...) sums of the smoothed singular values of (..., R, K), never in half precision.

    sum sqrt(eig(Z Z^T) + epsilon) on the smaller of the two Gram matrices; its gradient is
    (Z Z^T + epsilon I)^(-1/2) Z. Rows are distributions.
    """
    with torch.autocast(matrix.device.type, enabled=False):
        # A GPU finds the eigenvalues of one matrix after the other, a hundred times slower than
        # it multiplies them all.
        multiplied = matrix.device.type == "cuda"
        z = matrix.double() if multiplied or matrix.dtype == torch.float64 else matrix.float()
        gram = z @ z.mT if z.shape[-2] <= z.shape[-1] else z.mT @ z
        if multiplied:
            return trace_of_root(gram, epsilon, z.shape[-2]).to(matrix.dtype)
        values: Tensor = torch.linalg.eigvalsh(gram)
        return (values.clamp(min=0) + epsilon).sqrt().sum(dim=-1)


class _TraceOfRoot(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gram: Tensor, epsilon: float, most: float) -> Tensor:
        one = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
        shifted = gram + epsilon * one
        scale = torch.linalg.matrix_norm(shifted, keepdim=True)
        root, inverse = shifted / scale, one.expand_as(shifted)
        for step in _scales(math.sqrt(epsilon / (most + epsilon))):
            change = step / 2 * (3 * one - step**2 * inverse @ root)
            root, inverse = root @ change, change @ inverse
        ctx.save_for_backward(inverse / scale.sqrt())
        trace: Tensor = root.diagonal(dim1=-2, dim2=-1).sum(dim=-1) * scale[..., 0, 0].sqrt()
        return trace

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (inverse,) = ctx.saved_tensors
        return gradients[0][..., None, None] * inverse / 2, None, None


def trace_of_root(gram: Tensor, epsilon: float, most: float) -> Tensor:
    """Return the traces (...) of the roots of gram + epsilon I, (..., N, N) in float64.

    By products alone: the coupled iteration of Newton and Schulz for the root and its inverse, its
    steps scaled as Chen and Chow (2014) do. `most` is above the largest eigenvalue.
    """
    result: Tensor = _TraceOfRoot.apply(gram, epsilon, most)  # type: ignore[no-untyped-call]
    return result


def _scales(least: float) -> list[float]:
    """Return the scale of each step until roots of eigenvalues in `least` to 1 are all near 1."""
    scales = []
    while least < 1 - 1e-8:
        scales.append(math.sqrt(3 / (1 + least + least**2)))
        least = scales[-1] * least * (3 - (scales[-1] * least) ** 2) / 2
    return scales


def batch_norm_of(chances: Tensor, matrix: str) -> Tensor:
    """Return the scalar nuclear norm of (B, P, K) predictions, divided by the number of rows.

    'points': a matrix (B, K) for each point, which measures how its places differ between faces;
    'all': one matrix (B * P, K), in which different points differ too.
    """
    chances = spread_points(chances)
    rows = chances.shape[0] * chances.shape[1]
    stacked = chances.transpose(0, 1) if matrix == "points" else chances.flatten(0, 1)
    return nuclear_norm(stacked).sum() / rows


def spread_points(answers: Tensor, most: int = MOST_POINTS) -> Tensor:
    """Return (B, P, ...) with at most `most` points, evenly spread over the layout."""
    count = answers.shape[1]
    if count <= most:
        return answers
    kept = torch.linspace(0, count - 1, most, device=answers.device).round().long()
    return answers[:, kept]


def entropy(chances: Tensor) -> Tensor:
    """Return the mean entropy in nats of distributions (..., K)."""
    return -torch.xlogy(chances, chances).sum(dim=-1).mean()
