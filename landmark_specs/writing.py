"""From LandmarkSpec back to YAML: one point a line, the order is the index."""

from collections.abc import Iterable
from textwrap import fill

import numpy as np

from dlm.landmark_specs.spec import LandmarkSpec

_WIDTH = 100


def to_yaml(spec: LandmarkSpec, heading: str = "") -> str:
    """Return YAML that `parse` turns into the same layout; `heading` becomes a comment."""
    names = spec.names
    models = list(spec.vertices)
    parts = [f"# {line}".rstrip() for line in heading.splitlines()]
    parts += [
        f"name: {spec.name}",
        f"version: {spec.version}                       # raise it when a vertex below moves",
        "topology: {" + ", ".join(f"{m}: {spec.topology[m]}" for m in models) + "}",
        "points:                          # the order is the order of every array; "
        "left is the subject's left",
        *_table(spec, models),
        "groups:" if spec.groups else "groups: {}",
        *(_listed(f"  {key}: ", (names[k] for k in points)) for key, points in spec.groups.items()),
        "lines:" if spec.lines else "lines: {}",
    ]
    for key, line in spec.lines.items():
        parts += [f"  {key}:", _listed("    points: ", (names[k] for k in line.points)),
                  f"    closed: {str(line.closed).lower()}"]  # fmt: skip
    parts += _mirror(spec)
    parts += ["ibug68:                          # the nearest point for each of the 68 it covers"]
    parts += [f"  {n}: {names[k]}" for n, k in enumerate(spec.ibug68) if k >= 0] or ["  {}"]
    parts += ["normaliser:"]
    parts += [f"  {k}: [{names[a]}, {names[b]}]" for k, (a, b) in spec.normaliser.items()] or [
        "  {}"
    ]
    parts += [_listed("contour: ", spec.contour)]
    return "\n".join(parts) + "\n"


def _table(spec: LandmarkSpec, models: list[str]) -> list[str]:
    indent = max(len(name) for name in spec.names) + 3
    rows = ["  #" + " " * (indent - 1) + "  ".join(f"{model:>9}" for model in models)]
    for k, name in enumerate(spec.names):
        columns = ", ".join(f"{spec.vertices[model][k]:>9}" for model in models)
        rows.append(f"  {name + ':':<{indent}}[{columns}]")
    return rows


def _mirror(spec: LandmarkSpec) -> list[str]:
    places = np.arange(spec.size)
    pairs = [(k, int(spec.mirror[k])) for k in places if k < spec.mirror[k]]
    midline = [spec.names[k] for k in places[spec.mirror == places]]
    rows = ["mirror:", "  pairs:" if pairs else "  pairs: []"]
    rows += [f"    - [{spec.names[one]}, {spec.names[other]}]" for one, other in pairs]
    return [*rows, _listed("  midline: ", midline)]


def _listed(key: str, items: Iterable[str]) -> str:
    indent = " " * (len(key) - len(key.lstrip()) + 2)
    return fill(key + "[" + ", ".join(items) + "]", _WIDTH, subsequent_indent=indent,
                break_long_words=False, break_on_hyphens=False)  # fmt: skip
