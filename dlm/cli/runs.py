"""What commands that use a trained network take it by."""

from pathlib import Path
from typing import Annotated

import typer

Run = Annotated[Path, typer.Argument(help="A folder that 'dlm train' made, or 68: the network "
                                     "that comes with dlm.")]  # fmt: skip
