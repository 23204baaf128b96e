"""Points of a layout drawn on a picture."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dlm.landmark_specs.saving import write
from dlm.landmark_specs.spec import LandmarkSpec

Picture = NDArray[np.uint8]
Float = NDArray[np.float64]
Colour = tuple[int, int, int]

_PALETTE: tuple[Colour, ...] = (
    (230, 60, 50), (240, 150, 30), (150, 110, 20), (40, 160, 60), (0, 150, 160),
    (40, 110, 230), (110, 60, 200), (200, 50, 160), (120, 90, 80), (60, 90, 90),
)  # fmt: skip
_GREY: Colour = (90, 90, 90)
HALO: Colour = (225, 225, 225)  # about numbers, so that lines do not cross them out
DOT, NUMBER, TITLE = 1 / 450, 1 / 72, 1 / 45  # of a panel's width: radius, heights of letters
_HIDDEN = 1
_REACH = (3.0, 9.0, 16.0)  # pixels from a point to its number
_ANGLES = (-20, 20, 160, 200, 270, 90, 315, 45, 225, 135)  # degrees, the best places first


@dataclass(frozen=True, eq=False)
class Panel:
    """One view of a head with a layout's points, not yet drawn on it."""

    title: str
    image: Picture  # (H, W, 3)
    places: Float  # (P, 2) pixels
    shown: NDArray[np.bool_]  # (P,)


def draw_panel(panel: Panel, spec: LandmarkSpec, *, numbers: bool) -> Picture:
    """Return a panel with lines, points and title on it, and numbers where they are wanted."""
    size = panel.image.shape[1]
    picture = Image.fromarray(panel.image)
    pen = ImageDraw.Draw(picture)
    draw_lines(pen, panel.places, spec, panel.shown)
    draw_dots(pen, panel.places, spec, panel.shown, size * DOT)
    if numbers:
        draw_numbers(pen, panel.places, spec, panel.shown, size * NUMBER)
    font = ImageFont.load_default(size * TITLE)
    pen.text((8, 6), panel.title, fill=(0, 0, 0), font=font)
    return np.asarray(picture)


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
    colours = number_colours(spec)
    widths = [pen.textlength(str(k), font=font) for k in range(spec.size)]
    for k, (left, top, _, _) in seats_of_numbers(places, shown, widths, size).items():
        pen.text((left, top - 0.2 * size), str(k), fill=colours[k], font=font,
                 stroke_width=round(size / 9), stroke_fill=HALO)  # fmt: skip


def number_colours(spec: LandmarkSpec) -> list[Colour]:
    """Return a colour for each point's number: darker than the point."""
    return [(red * 2 // 3, green * 2 // 3, blue * 2 // 3) for red, green, blue in
            point_colours(spec)]  # fmt: skip


def seats_of_numbers(
    places: Float, shown: NDArray[np.bool_], widths: Sequence[float], height: float
) -> dict[int, Float]:
    """Return for each shown point where its number stands: left, top, right, bottom."""
    order = np.flatnonzero(shown)
    dots = places[order]
    taken = np.concatenate([dots - 2, dots + 2], axis=1)  # (n, 4)
    chosen = {}
    for k in order.tolist():
        seats = _seats(places[k], widths[k], height)
        chosen[k] = seats[_overlaps(seats, taken).argmin()]
        taken = np.concatenate([taken, chosen[k][None]])
    return chosen


def save_png(image: Picture, path: Path) -> None:
    """Write a PNG, whole or absent."""
    _save(image, path, {"format": "PNG"})


def save_picture(image: Picture, path: Path) -> None:
    """Write a JPEG where the name ends like one's, a PNG otherwise; whole or absent."""
    jpeg = path.suffix.lower() in (".jpg", ".jpeg")
    _save(image, path, {"format": "JPEG", "quality": 85} if jpeg else {"format": "PNG"})


def _save(image: Picture, path: Path, how: Mapping[str, Any]) -> None:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, **how)
    write(buffer.getvalue(), path)


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
