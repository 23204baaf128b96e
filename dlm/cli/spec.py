"""`dlm spec`: what layouts there are, what each index is, and whether a layout is sound."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dlm.cli.baking import load_model
from dlm.cli.console import print_json, print_table
from dlm.cli.outputs import check_picture
from dlm.cli.spec_carry import transfer
from dlm.cli.spec_convert import convert
from dlm.cli.spec_make import diff, new
from dlm.cli.verdicts import print_verdicts, verdicts
from dlm.errors import SpecError

if TYPE_CHECKING:
    from dlm.landmark_specs import LandmarkSpec

app = typer.Typer(help="Landmark layouts: list, show, check, new, diff, transfer, convert, design.")
app.command()(new)
app.command()(diff)
app.command()(transfer)
app.command()(convert)

NameOrFile = typer.Argument(help="A shipped layout's name, or a YAML file.", show_default=False)
Out = typer.Option(
    None, "--out", "-o", help="Draw every index into this .png or .svg.", show_default=False
)
AsJson = typer.Option(False, "--json", help="Print JSON.")


@app.command("list")
def list_layouts(as_json: bool = AsJson) -> None:
    """List the shipped layouts."""
    from dlm.landmark_specs import available, load

    specs = [load(name) for name in available()]
    if as_json:
        print_json([_summary(spec) for spec in specs])
        return
    print_table(
        ("layout", "points", "groups", "lines", "of iBUG's 68", "heads", "hash"),
        [
            (s.name, s.size, len(s.groups), len(s.lines), int((s.ibug68 >= 0).sum()),
             ", ".join(s.vertices), s.hash)
            for s in specs
        ],
    )  # fmt: skip


@app.command()
def show(
    name: str = NameOrFile,
    out: Path | None = Out,
    poses: bool = typer.Option(
        False, "--poses", help="Draw 5 poses by 6 expressions, without numbers, instead."
    ),
    model: str = typer.Option("makehuman", help="The head to draw it on."),
) -> None:
    """Print every point of a layout, and draw it on a head."""
    from dlm.landmark_specs import load

    if out is not None:
        check_picture(out, (".png",) if poses else (".png", ".svg"))
    spec = load(name)
    _print_points(spec)
    if out is None:
        return
    from dlm.generator.layout_sheets import index_panels, index_sheet, review_sheet
    from dlm.landmark_specs.pictures import save_png
    from dlm.landmark_specs.saving import write
    from dlm.landmark_specs.svg import to_svg

    head = load_model(model)
    if out.suffix.lower() == ".svg":
        write(to_svg(index_panels(spec, head), spec).encode(), out)
    else:
        save_png(review_sheet(spec, head) if poses else index_sheet(spec, head), out)
    typer.echo(out)


@app.command()
def check(
    file: str = NameOrFile,
    model: str = typer.Option("", help="Check on this head alone (each here that it is bound to)."),
    faces: int = typer.Option(200, min=1, help="Random faces for the lids and lips."),
    as_json: bool = AsJson,
) -> None:
    """Check a layout: its file, symmetry, order and spacing of lines, lids and lips.

    Exits with 1 where a rule fails; names the points that fail it by their index.
    """
    from dlm.generator import models
    from dlm.landmark_specs import load

    try:
        spec = load(file)
    except SpecError as error:
        if as_json:
            print_json({"ok": False, "file": file, "error": str(error), "heads": {}})
            raise typer.Exit(1) from None
        raise
    here = [name for name in spec.vertices if name in models.names()]
    heads = {name: verdicts(spec, name, faces) for name in ([model] if model else here)}
    failed = sum(not verdict.passed for rows in heads.values() for verdict in rows)
    if as_json:
        told = {name: [asdict(verdict) for verdict in rows] for name, rows in heads.items()}
        print_json({"ok": failed == 0, "file": file, "layout": _summary(spec), "heads": told})
    else:
        print_verdicts(spec, heads, failed)
        for absent in [] if model else [name for name in spec.vertices if name not in here]:
            typer.echo(f"not checked on {absent}: that head is not here (dlm model add)")
    if failed:
        raise typer.Exit(1)


@app.command()
def design(
    name: str | None = typer.Argument(
        None, help="A shipped layout to copy, a YAML file, or the name of a new layout."
    ),
    model: str = typer.Option("makehuman", help="The head to pick on."),
    port: int = typer.Option(8090, min=0, max=65535, help="The next free one is taken."),
) -> None:
    """Pick a layout on a head in the browser; Ctrl-C stops.

    Prints the page's address, which nobody can open without the token in it.
    """
    from dlm.cli.design.serve import require_viser, serve

    require_viser()
    serve(name, model, port)


def _summary(spec: "LandmarkSpec") -> dict[str, object]:
    return {
        "name": spec.name,
        "version": spec.version,
        "points": spec.size,
        "groups": len(spec.groups),
        "lines": len(spec.lines),
        "ibug68": int((spec.ibug68 >= 0).sum()),
        "models": list(spec.vertices),
        "hash": spec.hash,
    }


def _print_points(spec: "LandmarkSpec") -> None:
    group_of = {int(k): name for name, points in spec.groups.items() for k in points}
    ibug = {int(k): str(n) for n, k in enumerate(spec.ibug68) if k >= 0}
    print_table(
        ("index", "point", "group", "mirror", "iBUG", *spec.vertices),
        [
            (str(k), point, group_of.get(k, ""), str(spec.mirror[k]), ibug.get(k, ""),
             *(str(column[k]) for column in spec.vertices.values()))
            for k, point in enumerate(spec.names)
        ],
    )  # fmt: skip
