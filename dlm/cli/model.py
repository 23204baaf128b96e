"""`dlm model`: which head models there are, what they hold, and how they look."""

from pathlib import Path

import typer

from dlm.cli.console import print_json, print_table
from dlm.cli.outputs import check_picture

app = typer.Typer(help="Head models: list, show, add.")

Name = typer.Argument("makehuman", help="A head model's name.")
Out = typer.Option(None, "--out", "-o", help="Draw the model into this PNG.", show_default=False)
Seed = typer.Option(0, help="Which people the picture shows.")
AsJson = typer.Option(False, "--json", help="Print JSON.")
NewName = typer.Argument(help="ict for ICT-FaceKit, or a name of your own.")
Source = typer.Argument(help="A clone of ICT-FaceKit, or a head's .npz.")
Replace = typer.Option(False, "--replace", help="Take the place of a head added before.")


@app.command("list")
def list_models(as_json: bool = AsJson) -> None:
    """List the head models; one that was never used is baked first."""
    from dlm.cli.baking import load_model
    from dlm.generator import models

    heads = [load_model(name) for name in models.names()]
    rows = [
        (head.name, head.topology.vertex_count, len(head.topology.triangles), head.identity_size,
         head.licence, head.topology.hash)
        for head in heads
    ]  # fmt: skip
    header = ("model", "vertices", "triangles", "identity", "licence", "topology")
    if as_json:
        print_json([dict(zip(header, row, strict=True)) for row in rows])
        return
    print_table(header, rows, right=(1, 2, 3))


@app.command()
def show(name: str = Name, out: Path | None = Out, seed: int = Seed) -> None:
    """Print a head model's parts and regions, and draw it with people and expressions."""
    from dlm.cli.baking import load_model

    if out is not None:
        check_picture(out)
    head = load_model(name)
    topology = head.topology
    print_table(
        ("part", "vertices", "triangles"),
        [(part, len(topology.part_vertices(part)), stop - start)
         for part, (start, stop) in topology.parts.items()],
        right=(1, 2),
    )  # fmt: skip
    typer.echo(f"regions: {', '.join(head.regions)}")
    if out is None:
        return
    from dlm.generator.model_sheet import model_sheet
    from dlm.landmark_specs.pictures import save_png

    save_png(model_sheet(head, seed), out)
    typer.echo(out)


@app.command()
def add(name: str = NewName, path: Path = Source, replace: bool = Replace) -> None:
    """Add a head model: ICT-FaceKit, or any linear model as a .npz (docs/models.md)."""
    from contextlib import ExitStack

    from dlm.cli.console import Progress, progress
    from dlm.generator import models
    from dlm.generator.models import added

    with ExitStack() as stack:
        bars: list[Progress] = []

        def tell(done: int, total: int) -> None:
            if not bars:
                bars.append(stack.enter_context(progress(total, f"reading {name}", "shapes")))
            bars[0].update(done=done)

        is_new = added.add(name, path, replace=replace, progress=tell)
    head = models.load(name)
    typer.echo(f"{name} {'added' if is_new else 'is there already'}: "
               f"{head.topology.vertex_count} vertices, {head.identity_size} identity modes, "
               f"topology {head.topology.hash}")  # fmt: skip
