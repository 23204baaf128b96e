"""Augmented labels lie where the augmented pixels are."""

import numpy as np
import pytest
import torch

from dlm.landmark_specs import load
from dlm.train import crops
from dlm.train.augment import CACHE_MARGIN, PLAIN, Augmentation, Batch, Geometry, flip, hide
from dlm.train.draws import generator
from dlm.train.faces import cache_size
from tests.train.builders import TEMPLATE, draw, spec

SIZE = 128
MIRROR = torch.from_numpy(spec().mirror.astype(np.int64))


COLOURS = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [1, 0, 1.0]])


def cached(radius: float = 3.0) -> tuple[torch.Tensor, torch.Tensor]:
    """One dotted face in the middle of a cached crop, 16 times."""
    side = cache_size(SIZE)
    points = TEMPLATE * side * 0.14 + [side * 0.5, side * 0.45]
    image = torch.from_numpy(draw(points, side, radius, COLOURS)).permute(2, 0, 1).float() / 255
    return image.expand(16, -1, -1, -1), torch.from_numpy(points).float().expand(16, -1, -1)


def find_dot(image: np.ndarray, near: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Return the centre of mass of `colour` within 8 pixels of `near` in (S, S, 3)."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    window = np.hypot(x - near[0], y - near[1]) < 8
    direction = colour - 0.25
    likeness = np.clip((image - 0.25) @ direction / (direction @ direction), 0, None)
    mass = likeness * window
    return np.array([(mass * x).sum(), (mass * y).sum()]) / mass.sum()


def labels_of(batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    return batch.images, batch.points


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_labels_follow_the_pixels(chance):
    images, points = cached()
    augmentation = Augmentation(Geometry(flip=chance), appearance=False)
    drawn, moved = labels_of(augmentation(images, points, MIRROR, SIZE, generator(0, 1)))
    # A mirrored picture shows the colour of the other side's dot where a label now is.
    colours = COLOURS[spec().mirror] if chance else COLOURS
    distances = []
    for image, labels in zip(drawn.permute(0, 2, 3, 1).numpy(), moved.numpy(), strict=True):
        for label, colour in zip(labels, colours, strict=True):
            if ((label > 9) & (label < SIZE - 10)).all():
                distances.append(np.linalg.norm(find_dot(image, label, colour) - label))
    assert len(distances) > 80
    assert np.mean(distances) < 0.3


def test_appearance_moves_nothing():
    images, points = cached()
    still = Augmentation(PLAIN.geometry, appearance=True)
    shifts = []
    for draw_number in range(4):
        drawn, moved = labels_of(still(images, points, MIRROR, SIZE, generator(draw_number, 2)))
        plain, labels = labels_of(PLAIN(images, points, MIRROR, SIZE, generator(0, 0)))
        assert drawn.min() >= 0
        assert drawn.max() <= 1
        shifts.append(_mean_shift(drawn, plain))
        torch.testing.assert_close(moved, labels)
    assert np.abs(np.mean(shifts, axis=0)).max() < 0.3


def _mean_shift(drawn: torch.Tensor, plain: torch.Tensor) -> np.ndarray:
    """Return the mean (x, y) at which each image correlates best with its plain one."""
    found = []
    for image, original in zip(drawn.mean(1).numpy(), plain.mean(1).numpy(), strict=True):
        spectrum = np.fft.fft2(image - image.mean()) * np.conj(
            np.fft.fft2(original - original.mean())
        )
        y, x = np.unravel_index(np.argmax(np.fft.ifft2(spectrum).real), image.shape)
        found.append([(x + 64) % 128 - 64, (y + 64) % 128 - 64])
    return np.median(found, axis=0)


def test_without_augmentation_the_crop_is_the_one_of_the_test():
    rng = np.random.default_rng(5)
    image = draw(np.array([[100.0, 120.0]] * 6) + rng.uniform(-40, 40, (6, 2)), 256, 5.0)
    box = np.array([110.2, 118.7, 120.0])
    side = cache_size(SIZE)
    wide = crops.crop_image(image, box * [1, 1, CACHE_MARGIN], side)
    tensor = torch.tensor(wide).permute(2, 0, 1)[None].float() / 255
    label = np.array([[101.5, 133.25]])
    in_cache = crops.apply(crops.crop_matrix(box * [1, 1, CACHE_MARGIN], side), label)
    labels = torch.from_numpy(in_cache).float()[None]
    drawn, moved = labels_of(PLAIN(tensor, labels, torch.tensor([0]), SIZE, generator(0, 0)))
    expected = crops.apply(crops.crop_matrix(box, SIZE), label)
    np.testing.assert_allclose(moved[0].numpy(), expected, atol=1e-3)
    test_crop = crops.crop_image(image, box, SIZE).astype(float)
    assert np.abs(drawn[0].permute(1, 2, 0).numpy() * 255 - test_crop).mean() < 1.5


@pytest.mark.parametrize("name", ["68", "243"])
def test_flipping_twice_is_the_identity_for_shipped_layouts(name):
    mirror = torch.from_numpy(load(name).mirror.astype(np.int64))
    images, points = torch.rand(2, 3, 32, 32), torch.rand(2, len(mirror), 2) * 31
    once = flip(images, points, mirror, torch.ones(2, dtype=torch.bool))
    again = flip(*once, mirror, torch.ones(2, dtype=torch.bool))
    torch.testing.assert_close(again[0], images)
    torch.testing.assert_close(again[1], points, atol=1e-4, rtol=0)


def test_a_step_draws_the_same_whatever_was_drawn_before():
    images, points = cached()
    augmentation = Augmentation()
    first = augmentation(images, points, MIRROR, SIZE, generator(7, 3))
    augmentation(images, points, MIRROR, SIZE, generator(7, 4))
    torch.rand(5)
    second = augmentation(images, points, MIRROR, SIZE, generator(7, 3))
    assert torch.equal(first.images, second.images)
    assert torch.equal(first.points, second.points)


def test_visibility_is_mirrored_with_the_points():
    images, points = cached()
    seen = torch.tensor([2, 1, 2, 0, 1, 2], dtype=torch.uint8).expand(16, -1)
    turned = Augmentation(Geometry(flip=1.0), appearance=False)
    batch = turned(images, points, MIRROR, SIZE, generator(0, 1), seen)
    assert batch.visibility is not None
    assert torch.equal(batch.visibility, seen[:, MIRROR])


def test_a_point_under_a_patch_is_hidden_and_one_outside_stays_outside():
    covered = torch.zeros(1, 1, 32, 32)
    covered[:, :, :, 16:] = 1
    points = torch.tensor([[[3.0, 4.0], [20.0, 4.0], [20.2, 30.0], [40.0, 9.0]]])
    seen = torch.tensor([[2, 2, 1, 0]], dtype=torch.uint8)
    assert hide(seen, points, covered).tolist() == [[2, 1, 1, 0]]
