"""`dlm train`: a dataset in, a run folder with a trained network out."""

from pathlib import Path
from typing import Annotated

import typer

from dlm.cli import console

Spec = Annotated[str, typer.Option(help="The layout to learn: a name or a YAML file.")]
Data = Annotated[Path, typer.Option(help="A dataset labelled with that layout.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="The run's folder; the same command again "
                                   "goes on where it stopped.")]  # fmt: skip
Mode = Annotated[str, typer.Option(help="The way of training.")]
Samples = Annotated[int, typer.Option(help="Budget in samples seen, repetitions counted.")]
Size = Annotated[int, typer.Option(help="Side of the network's input in pixels.")]
Network = Annotated[str, typer.Option(help="The backbone: hourglass.")]
Head = Annotated[str, typer.Option(help="How points are read from it: heatmap.")]
CoordConv = Annotated[bool, typer.Option("--coord-conv", help="Show the network where each pixel "
                                         "lies.")]  # fmt: skip
Visibility = Annotated[bool, typer.Option(help="Learn which points are seen, too.")]
Width = Annotated[int, typer.Option(help="Channels of the hourglass: half is twice as fast.")]
Stacks = Annotated[int, typer.Option(help="Hourglasses in a row, 1 to 4.")]
BatchSize = Annotated[int, typer.Option(help="Samples a step.")]
Rate = Annotated[float, typer.Option(help="Peak learning rate.")]
Seed = Annotated[int, typer.Option(help="Decides weights, order and augmentation.")]


def command(
    spec: Spec,
    data: Data,
    out: Out,
    mode: Mode = "synthetic",
    samples: Samples = 250_000,
    size: Size = 128,
    network: Network = "hourglass",
    head: Head = "heatmap",
    coord_conv: CoordConv = False,
    visibility: Visibility = True,
    width: Width = 128,
    stacks: Stacks = 1,
    batch: BatchSize = 32,
    lr: Rate = 1.5e-3,
    seed: Seed = 0,
) -> None:
    """Train a landmark network on a dataset.

    The run's folder holds the network, what it was trained on and under which licence, the curves
    and sample pictures. Ctrl-C finishes the step and saves; the same command goes on from there.
    """
    from dlm import datasets, landmark_specs
    from dlm.train.data import load
    from dlm.train.interrupt import stop_on_interrupt
    from dlm.train.modes import mode as find_mode
    from dlm.train.run_folder import RunFolder
    from dlm.train.settings import Settings
    from dlm.train.training import open_run, pick_device, train

    find_mode(mode)
    settings = Settings(
        mode=mode, samples=samples, size=size, network=network, head=head,
        coord_conv=coord_conv, visibility=visibility, width=width, stacks=stacks, batch=batch,
        learning_rate=lr, seed=seed,
    )  # fmt: skip
    layout, dataset, device = landmark_specs.load(spec), datasets.open(data), pick_device()
    dataset.require_spec(layout)
    with console.progress(len(dataset), "reading faces", "faces") as bar:
        faces = load(dataset, layout, size, bar.advance)
    folder = RunFolder(out)
    run = open_run(folder, settings, faces, console.command_line(), device)
    typer.echo(f"{run.precision} on {run.device}", err=True)
    total = settings.steps * settings.batch
    with (
        stop_on_interrupt() as should_stop,
        console.progress(total, "training", "samples", done=run.samples_seen) as bar,
    ):
        run = train(
            folder, run, faces, device=device, should_stop=should_stop,
            progress=lambda seen, note: bar.update(done=seen, note=note),
        )  # fmt: skip
    if not run.finished:
        raise KeyboardInterrupt(
            f"stopped after {run.samples_seen:,} of {total:,} samples; all is kept, "
            "the same command goes on from here"
        )
    typer.echo(
        f"{out}: {run.samples_seen:,} samples in {console.duration(run.seconds)}, "
        f"NME {100 * (run.nme or 0):.2f} % of the box on "
        f"{run.dataset['held_out_faces']} held-out faces"
    )
