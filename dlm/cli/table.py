"""`dlm table`: finished runs in, the case study's two tables out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dlm.train.table import Row

Runs = Annotated[list[Path], typer.Argument(help="Folders that 'dlm train' made; seeds of one mode "
                                            "are averaged.")]  # fmt: skip
Real = Annotated[list[str], typer.Option(help="A column: NAME=300w:PATH, may be repeated.")]
AdaptOn = Annotated[list[str] | None, typer.Option(help="Photos to fit the adapter on.")]
Synthetic = Annotated[Path | None, typer.Option(help="A dataset whose unseen faces are scored.")]
Flip = Annotated[bool, typer.Option(help="Average with the mirrored picture.")]


def command(
    runs: Runs, real: Real, adapt_on: AdaptOn = None, synthetic: Synthetic = None,
    flip: Flip = False,
) -> None:  # fmt: skip
    """Print a table for each protocol: modes down, test sets across, in Markdown.

    Errors are NME in per cent by the inter-ocular distance, the inter-pupil distance and the box;
    on renders, of all points of the layout by the box. The published figures, whose normaliser is
    not named beyond doubt, are to be compared with each other alone.
    """
    from dlm import datasets
    from dlm.train.evaluate import refuse_shared
    from dlm.train.photos import open_photos
    from dlm.train.protocols import PROTOCOLS
    from dlm.train.table import Tests, rows_of
    from dlm.train.training import pick_device

    columns = {}
    for word in real:
        name, _, source = word.rpartition("=")
        columns[name or Path(source.partition(":")[2]).name] = open_photos(source)
    fitted = [open_photos(source) for source in adapt_on or []]
    refuse_shared(list(columns.values()), fitted)
    renders = None if synthetic is None else datasets.open(synthetic)
    tests = Tests(columns, fitted, renders, flip)
    rows = rows_of(runs, tests, pick_device(), lambda run: typer.echo(f"scoring {run}", err=True))
    for protocol in PROTOCOLS if fitted else PROTOCOLS[:1]:
        typer.echo(_markdown(rows, protocol, list(columns)))


def _markdown(rows: "Sequence[Row]", protocol: str, columns: Sequence[str]) -> str:
    from dlm.train.metrics import NORMALISERS
    from dlm.train.table import PUBLISHED_COLUMNS, SYNTHETIC

    cells = [(SYNTHETIC, "all_points")] if protocol == "nearest" else []
    cells += [(column, name) for column in columns for name in NORMALISERS]
    titles = ["layout", "mode", "samples", "seeds"]
    titles += [SYNTHETIC if c == SYNTHETIC else f"{c} {n}" for c, n in cells]
    titles += [f"published {column}" for column in PUBLISHED_COLUMNS]
    lines = [f"protocol {protocol}", "", _line(titles), _line(["---"] * len(titles))]
    for row in rows:
        found = [row.mean(protocol, column, name) for column, name in cells]
        quoted = [row.published(protocol, column) for column in PUBLISHED_COLUMNS]
        shown = ["-" if value is None else f"{value:.2f}" for value in (*found, *quoted)]
        lines.append(
            _line([row.layout, row.name, f"{row.samples:,}", str(len(row.scores)), *shown])
        )
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
