"""What the rules say of a layout, as commands print it."""

from typing import TYPE_CHECKING

import typer

from dlm.cli.baking import load_model

if TYPE_CHECKING:
    from dlm.landmark_specs import LandmarkSpec
    from dlm.landmark_specs.checks import Verdict


def verdicts(spec: "LandmarkSpec", model: str, faces: int) -> "list[Verdict]":
    """Return what the rules say of a layout on the head `model`, over so many random faces."""
    from dlm.generator.layout_geometry import layout_geometry
    from dlm.landmark_specs.checks import check as judge

    head = load_model(model)
    indices = spec.vertex_indices(model, head.topology.hash, head.topology.vertex_count)
    return judge(spec, indices, layout_geometry(head, indices, faces))


def print_verdicts(spec: "LandmarkSpec", heads: "dict[str, list[Verdict]]", failed: int) -> None:
    """Print a line for each rule, and how many of them fail."""
    covered = int((spec.ibug68 >= 0).sum())
    typer.echo(f"{spec.name}: {spec.size} points, {covered} of iBUG's 68, hash {spec.hash}")
    typer.echo("ok    schema    names, indices, pairs, groups and lines are sound")
    for model, rows in heads.items():
        typer.echo(f"on {model}:")
        for row in rows:
            mark = "ok  " if row.passed else "FAIL"
            points = f" {list(row.points)}" if row.points else ""
            typer.echo(f"{mark}  {row.rule:<9} {row.detail}{points}")
    typer.echo("all rules hold" if not failed else f"{failed} rules fail")
