"""`dlm spec transfer`: a layout carried to another head."""

from pathlib import Path

import typer

from dlm.cli.baking import load_model
from dlm.cli.console import print_table
from dlm.cli.spec_make import finish, refuse
from dlm.errors import SpecError

OUT = typer.Option(
    None, "--out", "-o", help="The file to write (NAME-MODEL.yaml here); a picture comes beside it."
)


ANCHORS = typer.Option(
    None, help="Where eyes, nose and lips are on a head without a 68 of its own (docs/layouts.md)."
)


def transfer(
    file: str = typer.Argument(help="A shipped layout's name, or a YAML file.", show_default=False),
    to: str = typer.Option(..., "--to", help="The head to carry it to."),
    source: str = typer.Option("makehuman", "--from", help="The head it is carried from."),
    anchors: Path | None = ANCHORS,
    out: Path | None = OUT,
    force: bool = typer.Option(False, "--force", help="Write over a file that is there."),
) -> None:
    """Bind a layout to another head as well, tell how well it fits, and draw it there.

    Points of lids and lips keep their share of their own rim; the rest goes to the same anatomy.
    Points that a shipped layout has too go where that one has them.
    """
    from dlm.generator.layout_anchors import anchors_of
    from dlm.generator.layout_making import with_column
    from dlm.generator.layout_surface import FaceSurface
    from dlm.generator.layout_transfer import already_bound
    from dlm.generator.layout_transfer import transfer as carry
    from dlm.landmark_specs import load

    spec = load(file)
    if to == source:
        raise SpecError(f"the layout is to go from {source} to itself", "", "choose another --to")
    path = out or Path(f"{spec.name}-{to}.yaml")
    refuse(path, force)
    target = FaceSurface(load_model(to))
    origin = FaceSurface(load_model(source))
    known, landmarks = already_bound(origin, target), None
    if anchors is not None:
        landmarks, told = anchors_of(anchors, spec, origin, target)
        known |= told
    carried = carry(spec, origin, target, known, landmarks)
    millimetres = carried.residual * 1000
    print_table(
        ("group", "points", "mean mm", "largest mm", "at"),
        [
            (group, len(points), f"{millimetres[points].mean():.2f}",
             f"{millimetres[points].max():.2f}",
             spec.names[points[millimetres[points].argmax()]])
            for group, points in spec.groups.items()
        ],
    )  # fmt: skip
    finish(with_column(spec, target, carried.vertices), path, [to], force=force)
