"""`dlm look`: how often each thing is seen on renders, and how it looks."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dlm.generator.look.probabilities import Probabilities

app = typer.Typer(help="What renders vary by: show, new.")

Look = Annotated[
    Path | None, typer.Option(help="YAML of how often each thing is seen; the shipped one if none.")
]
Out = Annotated[Path | None, typer.Option("-o", "--out", help="Draw a sheet a factor into this "
                                          "PNG or JPEG.")]  # fmt: skip
Only = Annotated[list[str] | None, typer.Option("--factor", help="This factor alone; may be given "
                                                "several times.")]  # fmt: skip
Model = Annotated[str, typer.Option(help="Head model (dlm model list).")]
Seed = Annotated[int, typer.Option(min=0, help="Which draws are shown.")]
File = Annotated[Path, typer.Argument(help="Where to write the YAML.")]


@app.command()
def show(
    look: Look = None,
    out: Out = None,
    factor: Only = None,
    model: Model = "makehuman",
    seed: Seed = 0,
) -> None:
    """Print how each factor is distributed over 400 draws, and draw a sheet for each.

    A sheet shows one person with that factor alone varied over its range.
    """
    from dlm.cli.baking import load_model
    from dlm.cli.console import print_table, progress
    from dlm.cli.outputs import check_picture
    from dlm.generator.look_sheets import FACTORS, population, sheet, told

    names = _known(factor or list(FACTORS), FACTORS)
    if out is not None:
        check_picture(out, (".png", ".jpg", ".jpeg"))
    probabilities = read_look(look)
    scenes = population(load_model(model), probabilities, seed)
    print_table(("factor", "over 400 draws"), [(n, told(FACTORS[n], scenes)) for n in names])
    if out is None:
        return
    import numpy as np

    from dlm.landmark_specs.pictures import save_picture

    sheets = []
    with progress(len(names), "drawing", "sheets") as bar:
        for name in names:
            sheets.append(sheet(name, load_model(model), scenes))
            bar.advance()
    save_picture(np.concatenate(sheets), out)
    typer.echo(out)


@app.command()
def new(file: File) -> None:
    """Write the shipped probabilities into FILE, for `dlm render --look FILE`."""
    from dlm.errors import DlmError
    from dlm.generator.look.probabilities import default_text

    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(default_text())
    except FileExistsError:
        raise DlmError("is there already", str(file), "choose another name") from None
    except (FileNotFoundError, NotADirectoryError):
        raise DlmError("no such folder", str(file.parent), "make it first") from None
    typer.echo(file)


def read_look(path: Path | None) -> "Probabilities":
    """Return the probabilities of a look file, the shipped ones for None; DlmError if wrong."""
    from dlm.generator.look import probabilities

    return probabilities.default() if path is None else probabilities.parse(read(path), str(path))


def read(path: Path) -> str:
    """Return the text of a look file; DlmError where it cannot be read."""
    from dlm.errors import DlmError

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise DlmError(f"cannot be read: {reason}", str(path), "check the path") from None


def _known(asked: list[str], known: Iterable[str]) -> list[str]:
    from dlm.errors import DlmError

    names = list(known)
    for name in asked:
        if name not in names:
            raise DlmError(f"no factor {name!r}", "--factor", f"there is: {', '.join(names)}")
    return asked
