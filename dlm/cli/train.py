"""`dlm train`: a dataset or a recipe in, a run folder with a trained network out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlm.cli import console
from dlm.cli.faces import Sources
from dlm.cli.outputs import check_directory
from dlm.train.settings import Settings

if TYPE_CHECKING:
    from dlm.train.run_folder import RunFile

Spec = Annotated[str, typer.Option(help="The layout to learn: a name or a YAML file.")]
Data = Annotated[Path | None, typer.Option(help="A dataset labelled with that layout.")]
Render = Annotated[Path | None, typer.Option(metavar="RECIPE", help="Instead of --data: draw faces "
                                             "while learning. A dataset.json, or a folder with "
                                             "one.")]  # fmt: skip
Workers = Annotated[int | None, typer.Option(min=1, max=256, help="Processes that draw; on a GPU "
                                             "all cores but one.")]  # fmt: skip
Reuse = Annotated[int, typer.Option(help="Samples a drawn face, on average.")]
Buffer = Annotated[int | None, typer.Option(help="Drawn faces to choose from; 2 GB by default.")]
Behind = Annotated[Path | None, typer.Option(help="The photos that the recipe was made with.")]
Around = Annotated[Path | None, typer.Option(help="The panoramas that it was made with.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="The run's folder; the same command again "
                                   "goes on where it stopped.")]  # fmt: skip
Mode = Annotated[str, typer.Option(help="synthetic, real, transfer, daln, daln-transfer, dann, "
                                   "bnm, regda or mean-teacher: docs/train.md.")]  # fmt: skip
Real = Annotated[list[str] | None, typer.Option(help="Photos with 68 labels to learn from: "
                                                "300w:PATH, may be repeated.")]  # fmt: skip
Unlabelled = Annotated[list[str] | None, typer.Option(help="Photos whose labels only cut the "
                                                      "crops: 300w:PATH.")]  # fmt: skip
Samples = Annotated[int, typer.Option(help="Budget in samples seen, repetitions counted.")]
Size = Annotated[int, typer.Option(help="Side of the network's input in pixels.")]
Network = Annotated[str, typer.Option(help="The backbone: hourglass, or light for real time.")]
Head = Annotated[
    str,
    typer.Option(
        help="How points are read from it: heatmap, simcc "
        "(rows: for very many points) or sigma (regression)."
    ),
]
Fine = Annotated[bool, typer.Option("--fine", help="Answer at half of the input's resolution: "
                                    "finer eyes and lips, more time.")]  # fmt: skip
CoordConv = Annotated[bool, typer.Option("--coord-conv", help="Show the network where each pixel "
                                         "lies.")]  # fmt: skip
Visibility = Annotated[bool, typer.Option(help="Learn which points are seen, too.")]
Width = Annotated[int, typer.Option(help="Channels of the hourglass: half is twice as fast.")]
Stacks = Annotated[int, typer.Option(help="Hourglasses in a row, 1 to 4.")]
BatchSize = Annotated[int, typer.Option(help="Samples a step.")]
Rate = Annotated[float, typer.Option(help="Peak learning rate.")]
Seed = Annotated[int, typer.Option(help="Decides weights, order and augmentation.")]
AdaptWeight = Annotated[float, typer.Option(help="Times the mode's own weight of what it adds.")]
Matrix = Annotated[str, typer.Option(help="daln: the nuclear norm of each point's predictions "
                                     "(points) or of all together (all).")]  # fmt: skip
Compile = Annotated[bool, typer.Option("--compile", help="torch.compile the network.")]
Board = Annotated[bool, typer.Option("--tensorboard", help="Write the log for TensorBoard too.")]


def command(
    spec: Spec,
    out: Out,
    data: Data = None,
    render: Render = None,
    mode: Mode = Settings.mode,
    real: Real = None,
    unlabelled: Unlabelled = None,
    samples: Samples = Settings.samples,
    size: Size = Settings.size,
    network: Network = Settings.network,
    head: Head = Settings.head,
    fine: Fine = Settings.fine,
    coord_conv: CoordConv = Settings.coord_conv,
    visibility: Visibility = Settings.visibility,
    width: Width = Settings.width,
    stacks: Stacks = Settings.stacks,
    batch: BatchSize = Settings.batch,
    lr: Rate = Settings.learning_rate,
    seed: Seed = Settings.seed,
    adapt_weight: AdaptWeight = Settings.adapt_weight,
    matrix: Matrix = Settings.matrix,
    compile: Compile = Settings.compile,
    tensorboard: Board = False,
    render_workers: Workers = None,
    reuse: Reuse = 4,
    buffer: Buffer = None,
    backgrounds: Behind = None,
    environment: Around = None,
) -> None:
    """Train a landmark network on a dataset, on faces drawn meanwhile, on photos, or on both.

    The run's folder holds the network, what it was trained on and under which licence, the curves
    and sample pictures. Ctrl-C finishes the step and saves; the same command goes on from there.
    Started by torchrun, several processes share each step's samples.
    """
    from dlm.train.interrupt import stop_on_interrupt
    from dlm.train.modes import mode as find_mode
    from dlm.train.parallel import started
    from dlm.train.run_folder import RunFolder
    from dlm.train.training import open_run, pick_device, train

    check_directory(out)
    labels_say_what_is_seen = find_mode(mode).labels == "renders"
    settings = Settings(
        mode=mode, samples=samples, size=size, network=network, head=head, fine=fine,
        coord_conv=coord_conv,
        visibility=visibility and labels_say_what_is_seen, width=width, stacks=stacks, batch=batch,
        learning_rate=lr, seed=seed, adapt_weight=adapt_weight, matrix=matrix, compile=compile,
    )  # fmt: skip
    sources = Sources(
        spec=spec, data=data, render=render, real=real or [], unlabelled=unlabelled or [],
        workers=render_workers, reuse=reuse, buffer=buffer, backgrounds=backgrounds,
        environment=environment,
    )  # fmt: skip
    folder, device = RunFolder(out), pick_device()
    total = settings.steps * settings.batch
    with sources.opened(settings) as (faces, photos), started() as ranks:
        with ranks.one_after_the_first():
            run = open_run(folder, settings, faces, console.command_line(), device, photos=photos)
        if ranks.first:
            typer.echo(f"{run.precision} on {run.device}", err=True)
        with (
            stop_on_interrupt() as should_stop,
            console.progress(total, "training", "samples", done=run.samples_seen) as bar,
        ):
            run = train(
                folder, run, faces, device=device, should_stop=should_stop, photos=photos,
                ranks=ranks, board=tensorboard,
                progress=lambda seen, note: bar.update(done=seen, note=note),
            )  # fmt: skip
        if ranks.first:
            _tell(run, out, total)


def _tell(run: "RunFile", out: Path, total: int) -> None:
    if not run.finished:
        raise KeyboardInterrupt(
            f"stopped after {run.samples_seen:,} of {total:,} samples; all is kept, "
            "the same command goes on from here"
        )
    for remark in (run.warning, run.stopped and f"stopped early: {run.stopped}"):
        if remark:
            typer.echo(remark, err=True)
    typer.echo(
        f"{out}: {run.samples_seen:,} samples in {console.duration(run.seconds)}, "
        f"NME {100 * ((run.kept or {}).get('nme') or run.nme or 0):.2f} % of the box on "
        f"{run.dataset['held_out_faces']} held-out faces"
    )
    if run.photos or run.dataset["model"] == "photographs":
        typer.echo(f"licence: {run.licence}")
