"""Points of a layout drawn on a picture."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dlm.landmark_specs.spec import LandmarkSpec

Picture = NDArray[np.uint8]
Float = NDArray[np.float64]
Colour = tuple[int, int, int]

_PALETTE: tuple[Colour, ...] = (
    (230, 60, 50), (240, 150, 30), (150, 110, 20), (40, 160, 60), (0, 150, 160),
    (40, 110, 230), (110, 60, 200), (200, 50, 160), (120, 90, 80), (60, 90, 90),
)  # fmt: skip
_GREY: Colour = (90, 90, 90)
_HIDDEN = 1
_REACH = (3.0, 9.0, 16.0)  # pixels from a point to its number
_ANGLES = (-20, 20, 160, 200, 270, 90, 315, 45, 225, 135)  # degrees, the best places first


def point_colours(spec: LandmarkSpec) -> list[Colour]:
    """Return a colour for each point: that of the first group it belongs to, grey without one."""
    colours: list[Colour] = [_GREY] * spec.size
    for k, points in reversed(list(enumerate(spec.groups.values()))):
        for point in points:
            colours[int(point)] = _PALETTE[k % len(_PALETTE)]
    return colours


def draw_points(
    image: Picture,
    points: NDArray[np.floating],
    spec: LandmarkSpec,
    visibility: NDArray[np.integer] | None = None,
    scale: int = 1,
) -> Picture:
    """Return `image` (H, W, 3), `scale` times enlarged, with the layout's lines and points on it.

    `points` (P, 2) are pixels, NaN where unknown; hidden ones (`visibility` 1) are hollow, those
    outside the picture (0) are left out.
    """
    picture = Image.fromarray(image)
    if scale != 1:
        size = (image.shape[1] * scale, image.shape[0] * scale)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    places = (np.asarray(points, dtype=np.float64) + 0.5) * scale - 0.5
    known = np.isfinite(places).all(axis=1)
    hollow = np.zeros(spec.size, dtype=bool)
    if visibility is not None:
        known &= np.asarray(visibility) > 0
        hollow = np.asarray(visibility) == _HIDDEN
    pen = ImageDraw.Draw(picture)
    draw_lines(pen, places, spec, known & ~hollow)
    radius = max(1.0, min(picture.size) / 256)
    colours = point_colours(spec)
    for k in np.flatnonzero(known):
        _dot(pen, places[k], radius, colours[k], bool(hollow[k]))
    return np.asarray(picture)


def draw_lines(
    pen: ImageDraw.ImageDraw,
    places: Float,
    spec: LandmarkSpec,
    shown: NDArray[np.bool_],
) -> None:
    """Draw each line's segments of which both ends are shown."""
    colours = point_colours(spec)
    for line in spec.lines.values():
        for one, other in line.segments:
            if shown[one] and shown[other]:
                ends = [tuple(places[one]), tuple(places[other])]
                pen.line(ends, fill=colours[int(one)], width=1)


def draw_dots(
    pen: ImageDraw.ImageDraw,
    places: Float,
    spec: LandmarkSpec,
    shown: NDArray[np.bool_],
    radius: float,
) -> None:
    """Draw each shown point as a disc in its group's colour."""
    colours = point_colours(spec)
    for k in np.flatnonzero(shown):
        _dot(pen, places[k], radius, colours[k], False)


def draw_numbers(
    pen: ImageDraw.ImageDraw,
    places: Float,
    spec: LandmarkSpec,
    shown: NDArray[np.bool_],
    size: float,
) -> None:
    """Write each shown point's index beside it, where it covers the fewest points and numbers."""
    font = ImageFont.load_default(size)
    colours = point_colours(spec)
    order = np.flatnonzero(shown)
    dots = places[order]
    taken = np.concatenate([dots - 2, dots + 2], axis=1)  # (n, 4) boxes: left, top, right, bottom
    for k in order:
        seats = _seats(places[k], pen.textlength(str(k), font=font), size)
        box = seats[_overlaps(seats, taken).argmin()]
        taken = np.concatenate([taken, box[None]])
        red, green, blue = (channel * 2 // 3 for channel in colours[k])
        pen.text((box[0], box[1] - 0.2 * size), str(k), fill=(red, green, blue), font=font)


def save_png(image: Picture, path: Path) -> None:
    """Write a PNG under a temporary name first, so that it is whole or absent."""
    _save(image, path, {"format": "PNG"})


def save_picture(image: Picture, path: Path) -> None:
    """Write a JPEG where the name ends like one's, a PNG otherwise; whole or absent."""
    jpeg = path.suffix.lower() in (".jpg", ".jpeg")
    _save(image, path, {"format": "JPEG", "quality": 85} if jpeg else {"format": "PNG"})


def _save(image: Picture, path: Path, how: Mapping[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.partial")
    try:
        Image.fromarray(image).save(temporary, **how)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _dot(
    pen: ImageDraw.ImageDraw,
    place: Float,
    radius: float,
    colour: Colour,
    hollow: bool,
) -> None:
    x, y = place
    box = [x - radius, y - radius, x + radius, y + radius]
    pen.ellipse(box, fill=None if hollow else colour, outline=colour)


def _seats(place: Float, width: float, height: float) -> Float:
    """Return boxes (n, 4) around a point where its number may stand, nearest first."""
    reach, angle = np.meshgrid(_REACH, np.radians(_ANGLES), indexing="ij")
    x = place[0] + np.cos(angle) * (reach + width / 2) - width / 2
    y = place[1] + np.sin(angle) * (reach + height / 2) - height / 2
    return np.stack([x, y, x + width, y + 0.8 * height], axis=-1).reshape(-1, 4)


def _overlaps(seats: Float, taken: Float) -> Float:
    """Return how much area (n,) of each box other boxes cover."""
    low = np.maximum(seats[:, None, :2], taken[None, :, :2])
    high = np.minimum(seats[:, None, 2:], taken[None, :, 2:])
    return np.asarray(np.clip(high - low, 0, None).prod(axis=2).sum(axis=1))
