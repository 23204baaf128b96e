"""`dlm spec new` and `dlm spec diff`: layouts made from layouts, and what became of them."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dlm.cli.baking import load_model
from dlm.cli.console import print_json
from dlm.cli.outputs import check_folder
from dlm.cli.verdicts import print_verdicts, verdicts
from dlm.errors import SpecError

if TYPE_CHECKING:
    from dlm.generator.layout_surface import FaceSurface
    from dlm.landmark_specs import LandmarkSpec
    from dlm.landmark_specs.comparing import Difference

_FACES = 100  # random faces a new layout is checked on
_LISTED = 8

GROUP = typer.Option(
    None, "--group", "-g", help="Take this group or line, as NAME or NAME:COUNT; again for others."
)
VERTICES = typer.Option(None, help="Start from a list instead: 'index [name [group]]' a line.")
OUT = typer.Option(
    None, "--out", "-o", help="The file to write (NAME.yaml here); a picture comes beside it."
)


def new(
    name: str = typer.Argument(help="The new layout's name.", show_default=False),
    base: str | None = typer.Option(
        None, "--from", help="The layout to start from: a shipped one's name, or a file."
    ),
    count: int | None = typer.Option(
        None, min=1, help="Points in all: lines get denser or thinner in proportion."
    ),
    group: list[str] | None = GROUP,
    vertices: Path | None = VERTICES,
    mirror: bool = typer.Option(False, "--mirror", help="Complete the list on the other side."),
    out: Path | None = OUT,
    force: bool = typer.Option(False, "--force", help="Write over a file that is there."),
    model: str = typer.Option("makehuman", help="The head that the points are picked on."),
) -> None:
    """Make a layout from another one or from a list of vertices, check it, and draw it.

    Both sides are kept alike: a group of one side brings that of the other. A group's COUNT is
    for one side where it has one: --group eye_left:12 makes 24 points.
    """
    from dlm.generator.layout_surface import FaceSurface
    from dlm.landmark_specs import available
    from dlm.landmark_specs.values import check_name

    check_name(name)
    path = out or Path(f"{name}.yaml")
    if name in available():
        raise SpecError(f"{name} is a shipped layout's name", "", "choose another name")
    if (base is None) == (vertices is None):
        raise typer.BadParameter("give either --from LAYOUT or --vertices FILE")
    if vertices is not None and (count is not None or group):
        raise typer.BadParameter("--count and --group go with --from")
    if mirror and vertices is None:
        raise typer.BadParameter("--mirror goes with --vertices")
    refuse(path, force)
    groups = _groups(group or [])
    surface = FaceSurface(load_model(model))
    if vertices is not None:
        from dlm.generator.layout_making import from_vertices, read_vertices

        spec = from_vertices(name, read_vertices(vertices), surface, mirror=mirror)
    else:
        from dlm.generator.layout_making import from_layout
        from dlm.landmark_specs import load

        begun_with = load(str(base))
        spec = from_layout(name, begun_with, surface, count=count, groups=groups)
        spec = _carried(spec, begun_with, surface, path)
    finish(spec, path, list(spec.vertices), force=force)


def diff(
    one: str = typer.Argument(help="A shipped layout's name, or a YAML file.", show_default=False),
    other: str = typer.Argument(help="What became of it.", show_default=False),
    model: str = typer.Option("makehuman", help="The head whose vertices are compared."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Tell what differs between two layouts: points, order, groups, lines, iBUG's 68.

    Exits with 1 where they differ.
    """
    from dlm.landmark_specs import load
    from dlm.landmark_specs.comparing import difference

    first, second = load(one), load(other)
    for spec in (first, second):
        if model not in spec.vertices:
            bound = ", ".join(spec.vertices)
            raise SpecError(
                f"not bound to the head model {model!r}, only to {bound}", spec.source,
                "choose another --model",
            )  # fmt: skip
    found = difference(first, second, model)
    if as_json:
        print_json({"same": found.nothing, **asdict(found)})
    else:
        typer.echo(f"{one}: {first.size} points; {other}: {second.size} points; "
                   f"{found.same_vertices} vertices in both")  # fmt: skip
        _print_difference(found)
    if not found.nothing:
        raise typer.Exit(1)


def finish(spec: "LandmarkSpec", path: Path, heads: list[str], *, force: bool) -> None:
    """Save a new layout, draw it on the first of `heads`, and print what the rules say on each.

    Heads that are not here are left out. Exits with 1 where a rule fails.
    """
    from dlm.generator import models
    from dlm.generator.layout_sheets import index_sheet
    from dlm.landmark_specs.pictures import save_png
    from dlm.landmark_specs.saving import save

    rows = {head: verdicts(spec, head, _FACES) for head in heads if head in models.names()}
    save(spec.text, path, replace=force)
    save_png(index_sheet(spec, load_model(heads[0])), path.with_suffix(".png"))
    failed = sum(not verdict.passed for found in rows.values() for verdict in found)
    print_verdicts(spec, rows, failed)
    typer.echo(path)
    typer.echo(path.with_suffix(".png"))
    if failed:
        raise typer.Exit(1)


def _carried(
    spec: "LandmarkSpec", base: "LandmarkSpec", surface: "FaceSurface", path: Path
) -> "LandmarkSpec":
    """Return a new layout on all heads of its base that are here; tell which are not, and why."""
    from dlm.generator import models
    from dlm.generator.layout_making import bound_too
    from dlm.generator.layout_surface import FaceSurface

    for head in base.vertices:
        if head in spec.vertices:
            continue
        if head not in models.names():
            typer.echo(f"not bound to {head}, which is not here: dlm model add {head} PATH, then "
                       f"dlm spec transfer {path} --to {head}", err=True)  # fmt: skip
            continue
        try:
            spec = bound_too(spec, base, surface, FaceSurface(load_model(head)))
        except SpecError as error:
            typer.echo(f"not bound to {head}: {error}", err=True)
    return spec


def refuse(path: Path, force: bool) -> None:
    """Raise before any work is done for a file that could not be written."""
    for file in (path, path.with_suffix(".png")):
        if file.exists() and not force:
            raise SpecError("the file exists", str(file), "choose another -o, or add --force")
    if path.suffix not in (".yaml", ".yml"):
        raise SpecError("a layout file ends in .yaml", str(path), "choose such a name")
    check_folder(path)


def _groups(asked: list[str]) -> dict[str, int | None]:
    groups: dict[str, int | None] = {}
    for text in asked:
        name, _, count = text.partition(":")
        if count and not (count.isascii() and count.isdigit() and 0 < int(count) < 10_000):
            raise typer.BadParameter(f"{text!r} is no NAME or NAME:COUNT")
        groups[name] = int(count) if count else None
    return groups


def _print_difference(found: "Difference") -> None:
    if found.nothing:
        typer.echo("the same layout")
    _told("only in the second", list(found.added))
    _told("only in the first", list(found.removed))
    _told("renamed", [f"{old} -> {now}" for old, now in found.renamed.items()])
    _told("moved", [f"{name} {a} -> {b}" for name, (a, b) in found.moved.items()])
    _told("other groups", list(found.groups))
    _told("other lines", list(found.lines))
    _told("of iBUG's 68", [str(number) for number in found.ibug68])
    if found.reordered:
        typer.echo("the points they share stand in another order")


def _told(what: str, items: list[str]) -> None:
    if items:
        more = f" and {len(items) - _LISTED} more" if len(items) > _LISTED else ""
        typer.echo(f"{what} ({len(items)}): {', '.join(items[:_LISTED])}{more}")
