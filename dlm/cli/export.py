"""`dlm export`: a run in, an ONNX file out."""

from pathlib import Path
from typing import Annotated

import typer

from dlm.cli import console
from dlm.cli.runs import Run

Out = Annotated[Path, typer.Option("-o", "--out", help="The file: FACE.onnx.")]
Threads = Annotated[int, typer.Option(min=1, help="Of ONNX Runtime, where its speed is measured.")]


def command(run: Run, out: Out, threads: Threads = 1) -> None:
    """Write a trained network as ONNX, and compare it with PyTorch.

    The file takes uint8 crops, any number at once, and gives points, sigma and visibility. Its
    metadata say how to crop, what the points are, and under which licence. Needs the extra
    'export'.
    """
    from dlm.train.export import export
    from dlm.train.predictor import Predictor
    from dlm.train.training import pick_device

    predictor = Predictor.load(run, pick_device())
    done = export(predictor, out, threads=threads)
    console.print_fields({
        "file": f"{done.path}, {done.megabytes:.1f} MB",
        "difference": f"{done.largest_difference:.1e} pixels from PyTorch at most",
        "speed": f"{done.images_per_s:.0f} faces/s one by one on {threads} thread"
        f"{'s' * (threads > 1)}, PyTorch {done.torch_images_per_s:.0f} on "
        f"{done.torch_threads}",
        "licence": predictor.run.licence,
    })  # fmt: skip
