"""`dlm compare`: does a denser layout pay? The same conditions for each, one report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlm.cli import console
from dlm.cli.outputs import check_directory
from dlm.train.settings import Settings

if TYPE_CHECKING:
    from typing import Any

    from dlm.train.compare import Comparison, Plan

Specs = Annotated[str, typer.Option(help="Layouts, with commas: 68,243; the first is the "
                                    "reference.")]  # fmt: skip
Data = Annotated[Path, typer.Option(help="A dataset; it is relabelled in memory for each layout.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="Folder for the runs and the report; the "
                                   "same command again goes on where it stopped.")]  # fmt: skip
Real = Annotated[list[str] | None, typer.Option(help="Photos to score on: 300w:PATH.")]
AdaptOn = Annotated[list[str] | None, typer.Option(help="Photos to fit adapters on: 300w:PATH.")]
Samples = Annotated[int, typer.Option(help="Budget of each run in samples seen.")]
Seeds = Annotated[int, typer.Option(min=1, help="Runs of each layout.")]
Size = Annotated[int, typer.Option(help="Side of the network's input in pixels.")]
Width = Annotated[int, typer.Option(help="Channels of the hourglass.")]
Fine = Annotated[bool, typer.Option("--fine", help="Answer at half of the input's resolution.")]
BatchSize = Annotated[int, typer.Option(help="Samples a step.")]
Rate = Annotated[float, typer.Option(help="Peak learning rate.")]
Seed = Annotated[int, typer.Option(help="The first seed.")]
Jobs = Annotated[int, typer.Option(min=1, help="Runs at the same time, in processes that share the "
                                   "device.")]  # fmt: skip

STOPPED = "stopped; what was trained and scored is kept, the same command goes on from here"


def command(
    specs: Specs,
    data: Data,
    out: Out,
    real: Real = None,
    adapt_on: AdaptOn = None,
    samples: Samples = Settings.samples,
    seeds: Seeds = 1,
    size: Size = Settings.size,
    width: Width = Settings.width,
    fine: Fine = Settings.fine,
    batch: BatchSize = Settings.batch,
    lr: Rate = Settings.learning_rate,
    seed: Seed = Settings.seed,
    jobs: Jobs = 1,
) -> None:
    """Train and score several layouts under the same conditions and write one report.

    Each learns from the same pictures in the same order, for the same steps and seeds, and is
    scored on the iBUG points that all of them have.
    """
    from dlm import landmark_specs
    from dlm.train.compare import Plan
    from dlm.train.evaluate import refuse_shared
    from dlm.train.photos import open_photos
    from dlm.train.report import summary, write_report

    if adapt_on and not real:
        raise typer.BadParameter("--adapt-on needs photos to score on: --real 300w:PATH")
    plan = Plan(
        specs=[landmark_specs.load(name.strip()) for name in specs.split(",")],
        settings=Settings(
            samples=samples,
            size=size,
            width=width,
            fine=fine,
            batch=batch,
            learning_rate=lr,
            seed=seed,
        ),
        seeds=seeds,
        real=[open_photos(source) for source in real or []],
        adapt_on=[open_photos(source) for source in adapt_on or []],
        command=console.command_line(),
    )
    refuse_shared(plan.real, plan.adapt_on)
    comparison = _compare(plan, data, out, jobs)
    report = write_report(comparison, out)
    _print(summary(comparison))
    typer.echo(report)


def _compare(plan: "Plan", data: Path, out: Path, jobs: int) -> "Comparison":
    from dlm import datasets
    from dlm.train.compare import compare
    from dlm.train.interrupt import stop_on_interrupt

    check_directory(out)
    dataset, done = datasets.open(data), 0
    with (
        stop_on_interrupt() as should_stop,
        console.progress(plan.samples, "reading faces", "samples") as bar,
    ):

        def read(faces: int) -> None:
            nonlocal done
            done += faces
            bar.update(note=f"{done:,} faces")
            if should_stop():
                raise KeyboardInterrupt(STOPPED)

        def learned(samples: int) -> None:
            bar.update(description="training", done=bar.done + samples, note="")

        comparison = compare(
            plan, dataset, out, jobs=jobs, should_stop=should_stop, read=read, learned=learned
        )
    if comparison is None:
        raise KeyboardInterrupt(STOPPED)
    return comparison


def _print(content: "dict[str, Any]") -> None:
    columns = list(content["layouts"][0]["scores"])
    fitted = ["3D error"] if content["layouts"][0]["fit"] else []
    header = ["layout", "points", *(f"{name} NME" for name in columns), *fitted, "samples/s", "MB"]
    rows = [
        [
            layout["name"], layout["points"],
            *(f"{layout['scores'][name]['nme']:.2f} %" for name in columns),
            *(f"{layout['fit']['mm']:.2f} mm" for _ in fitted),
            layout["samples_per_s"], layout["megabytes"],
        ]
        for layout in content["layouts"]
    ]  # fmt: skip
    console.print_table(header, rows, right=range(1, len(header)))
