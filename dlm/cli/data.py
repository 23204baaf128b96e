"""`dlm data`: look at a dataset and count what is in it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dlm.cli.console import print_fields, print_json, print_table
from dlm.cli.outputs import check_picture

app = typer.Typer(help="Datasets: view, info.", no_args_is_help=True, rich_markup_mode=None)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Dataset folder, finished or not.")]


@app.command()
def view(
    folder: Folder,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The PNG; DIR.png beside DIR by default.")
    ] = None,
    n: Annotated[int, typer.Option(min=1, max=400, help="How many samples.")] = 36,
    seed: Annotated[int, typer.Option(min=0, help="Which ones are drawn by lot.")] = 0,
    ids: Annotated[
        str | None, typer.Option(help="These instead, such as 3,17,1004 or 0-15.")
    ] = None,
    layers: Annotated[
        bool, typer.Option("--layers", help="The layers beside each image, instead of points.")
    ] = False,
) -> None:
    """Draw samples of a dataset with their points into one PNG."""
    from io import BytesIO

    import numpy as np
    from PIL import Image

    from dlm import datasets
    from dlm.datasets.files import replacing
    from dlm.datasets.pictures import contact_sheet, layer_sheet

    target = out or folder.resolve().with_name(folder.resolve().name + ".png")
    check_picture(target)
    wanted = None if ids is None else _parse_ids(ids)
    data = datasets.open(folder)
    if wanted is None:
        chosen = np.random.default_rng(seed).choice(len(data), min(n, len(data)), replace=False)
        rows = np.sort(chosen)
    else:
        rows = data.rows_of(wanted)
    sheet = layer_sheet(data, rows) if layers else contact_sheet(data, rows)
    png = BytesIO()
    Image.fromarray(sheet).save(png, "PNG")
    with replacing(target) as file:
        file.write(png.getvalue())
    typer.echo(target)


def _parse_ids(text: str) -> list[int]:
    """Return the numbers of '3,17,20-25'."""
    numbers: list[int] = []
    for word in text.split(","):
        first, dash, last = word.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise typer.BadParameter(f"{word.strip()!r} is no id", param_hint="--ids")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


@app.command()
def info(
    folder: Folder,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Read every byte to find damage.")] = False,
) -> None:
    """Tell what a dataset holds, how it is spread, and whether it is whole.

    Exits with 1 where something is damaged, or gone from a complete dataset.
    """
    from dlm.datasets.info import describe

    told = describe(folder, deep=deep)
    if as_json:
        print_json(told)
    else:
        _print(told)
    if told["health"]["damaged"]:
        raise typer.Exit(1)


_CONTOURS = {"fixed": "fixed vertices", "visible": "slides to the visible outline"}


def _print(told: dict[str, Any]) -> None:
    recipe, health = told["recipe"], told["health"]
    state = "complete" if told["complete"] else "unfinished"
    versions = recipe["versions"] | told["libraries"]
    fields = {
        "dataset": told["path"],
        "samples": f"{told['samples']:,}, {state}",
        "layout": f"{recipe['spec_name']} ({recipe['spec_hash']}), {recipe['points']} points",
        "contour": _CONTOURS[recipe["contour"]],
        "model": f"{recipe['model']} ({recipe['topology']})",
        "images": f"{recipe['size']} x {recipe['size']} px",
        "recipe": f"{recipe['hash']}, seed {recipe['seed']}",
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "shards": f"{health['shards']} whole, {told['bytes'] / 1e6:,.1f} MB",
        "points": ", ".join(f"{share:.1%} {name}" for name, share in told["visibility"].items()),
    }
    if recipe["layers"]:
        fields["layers"] = ", ".join(recipe["layers"])
    for name, shares in told["words"].items():
        fields[name] = ", ".join(f"{word} {share:.0%}" for word, share in shares.items())
    print_fields(fields)
    rows = [[name, *(f"{v:.4g}" for v in q.values())] for name, q in told["numbers"].items()]
    if rows:
        header = ["", *next(iter(told["numbers"].values()))]
        print()
        print_table(header, rows, right=range(1, len(header)))
    for name in health["missing"]:
        print(f"missing: {name}")
    for fault in health["damaged"]:
        print(f"damaged: {fault}")
