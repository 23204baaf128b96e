"""`dlm relabel`: another layout for faces that are already drawn."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Source = Annotated[Path, typer.Argument(metavar="DIR", help="A finished dataset.")]
Spec = Annotated[str, typer.Option(help="A shipped layout (dlm spec list) or a YAML file.")]
Contour = Annotated[
    Literal["fixed", "visible"],
    typer.Option(help="The layout's contour groups: at their vertices, or on the outline as seen."),
]
Out = Annotated[Path, typer.Option("-o", "--out", help="Folder of the relabelled dataset.")]


def command(source: Source, spec: Spec, out: Out, contour: Contour = "fixed") -> None:
    """Write the dataset DIR anew to OUT with the points of another layout, without drawing."""
    from dlm import datasets, landmark_specs
    from dlm.cli.console import progress
    from dlm.generator.relabel import relabel

    dataset = datasets.open(source)
    with progress(len(dataset), "relabelling", "samples") as bar:
        relabel(dataset, landmark_specs.load(spec), out, bar.advance, contour=contour)
    typer.echo(out)
