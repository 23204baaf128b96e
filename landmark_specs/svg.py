"""A sheet of panels as SVG: numbers stay sharp however near one comes, points tell their names.

The head is a picture inside; lines, points and numbers are drawn over it as shapes.
"""

import io
from base64 import b64encode
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlm.landmark_specs.pictures import (
    DOT,
    HALO,
    NUMBER,
    TITLE,
    Colour,
    Panel,
    Picture,
    number_colours,
    point_colours,
    seats_of_numbers,
)
from dlm.landmark_specs.spec import LandmarkSpec

_DIGIT = 0.58  # width of a digit over the height of its font
_QUALITY = 85  # JPEG


def to_svg(panels: Sequence[Panel], spec: LandmarkSpec, columns: int = 3) -> str:
    """Return panels of equal size as one SVG, each point with its index, name and group."""
    height, width = panels[0].image.shape[:2]
    rows = -(-len(panels) // columns)
    body = [
        f'<g transform="translate({k % columns * width} {k // columns * height})">'
        f'<svg width="{width}" height="{height}">{_panel(panel, spec)}</svg></g>'
        for k, panel in enumerate(panels)
    ]
    size = f"{columns * width} {rows * height}"
    style = (
        "text{font-family:sans-serif;paint-order:stroke}"
        f"text.n{{font-size:{width * NUMBER:.1f}px;stroke:{_hex(HALO)};stroke-width:2px}}"
        "circle:hover{stroke:#000}line{stroke-width:1px}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}">'
        f"<title>{escape(spec.name)}</title><style>{style}</style>\n"
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _panel(panel: Panel, spec: LandmarkSpec) -> str:
    height, width = panel.image.shape[:2]
    picture = f"data:image/jpeg;base64,{_jpeg(panel.image)}"
    return "\n".join([
        f'<image width="{width}" height="{height}" href="{picture}"/>',
        *_lines(panel, spec),
        *_points(panel, spec),
        f'<text x="8" y="{1.3 * width * TITLE:.0f}" font-size="{width * TITLE:.0f}">'
        f"{escape(panel.title)}</text>",
    ])  # fmt: skip


def _lines(panel: Panel, spec: LandmarkSpec) -> list[str]:
    colours = point_colours(spec)
    return [
        f"<line {_place(panel.places[one], 'x1', 'y1')} {_place(panel.places[other], 'x2', 'y2')} "
        f'stroke="{_hex(colours[int(one)])}"/>'
        for line in spec.lines.values()
        for one, other in line.segments
        if panel.shown[one] and panel.shown[other]
    ]


def _points(panel: Panel, spec: LandmarkSpec) -> list[str]:
    """Return a disc and a number for each point that is seen; pointing at the disc tells more."""
    group_of = {int(k): name for name, points in spec.groups.items() for k in points}
    width = panel.image.shape[1]
    widths = [len(str(k)) * _DIGIT * width * NUMBER for k in range(spec.size)]
    seats = seats_of_numbers(panel.places, panel.shown, widths, width * NUMBER)
    dots, dark = point_colours(spec), number_colours(spec)
    drawn = []
    for k, (left, _, _, bottom) in seats.items():
        group = f", {group_of[k]}" if k in group_of else ""
        drawn.append(
            f'<circle {_place(panel.places[k], "cx", "cy")} r="{width * DOT:.1f}" '
            f'fill="{_hex(dots[k])}"><title>{k} {escape(spec.names[k])}{escape(group)}</title>'
            f'</circle><text class="n" x="{left:.1f}" y="{bottom:.1f}" fill="{_hex(dark[k])}">'
            f"{k}</text>"
        )
    return drawn


def _place(place: NDArray[np.float64], x: str, y: str) -> str:
    return f'{x}="{place[0] + 0.5:.1f}" {y}="{place[1] + 0.5:.1f}"'  # SVG counts from the corner


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in colour)


def _jpeg(image: Picture) -> str:
    buffer = io.BytesIO()
    Image.fromarray(image).convert("L").save(buffer, format="JPEG", quality=_QUALITY)
    return b64encode(buffer.getvalue()).decode("ascii")
