"""`dlm render`: a layout in, a dataset of labelled faces out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dlm import cores

if TYPE_CHECKING:
    from dlm.generator.backgrounds import Backgrounds

WORKERS_LOAD = (  # the first for the main script, which every process of multiprocessing imports
    "dlm.cli", "dlm.generator.pipeline", "dlm.generator.render.head_renderer",
)  # fmt: skip

Spec = Annotated[str, typer.Option(help="A shipped layout (dlm spec list) or a YAML file.")]
Count = Annotated[
    int,
    typer.Option("--n", min=0, help="Faces in total; raise it to add more. 0: the recipe alone."),
]
Out = Annotated[
    Path, typer.Option("-o", "--out", help="Dataset folder; an unfinished one is continued.")
]
Size = Annotated[int, typer.Option(min=32, max=2048, help="Side of the square images, pixels.")]
Seed = Annotated[int, typer.Option(min=0, help="Same recipe, seed and number: same face.")]
Workers = Annotated[
    int | None, typer.Option(min=1, max=256, help="Processes; one a core by default.")
]
Model = Annotated[str, typer.Option(help="Head model (dlm model list).")]
Look = Annotated[
    Path | None,
    typer.Option(help="YAML of how often each thing is seen, instead of the shipped one."),
]

Photos = Annotated[
    Path | None, typer.Option("--backgrounds", help="Folder of photos to stand behind the heads.")
]
Panoramas = Annotated[
    Path | None,
    typer.Option("--environment", help="Folder of .hdr or .exr panoramas: light, and background."),
]
Contour = Annotated[
    Literal["fixed", "visible"],
    typer.Option(help="The layout's contour groups: at their vertices, or on the outline as seen."),
]

Layers = Annotated[
    str, typer.Option(help="Pictures beside each image: segmentation,depth,normals,uv.")
]

Host = Annotated[
    Literal["auto", "gl", "pyrender"],
    typer.Option("--renderer", help="What speaks to the GL driver; auto: gl where it works."),
]


def command(
    spec: Spec,
    n: Count,
    out: Out,
    size: Size = 256,
    seed: Seed = 0,
    workers: Workers = None,
    model: Model = "makehuman",
    look: Look = None,
    contour: Contour = "fixed",
    backgrounds: Photos = None,
    environment: Panoramas = None,
    layers: Layers = "",
    renderer: Host = "auto",
) -> None:
    """Draw N faces with the points of a layout into the dataset folder OUT.

    Ctrl-C keeps all whole shards; the same command goes on where it stopped.
    """
    from dlm.generator.supervisor import load_early

    load_early(*WORKERS_LOAD)

    from dlm import landmark_specs
    from dlm.cli.baking import load_model
    from dlm.cli.console import progress
    from dlm.cli.look import read
    from dlm.generator.pipeline import plan
    from dlm.generator.run import prepare, render

    layout = landmark_specs.load(spec)
    behind = open_behind(backgrounds, environment)
    load_model(model)
    recipe = plan(
        layout,
        model=model,
        size=size,
        seed=seed,
        look=None if look is None else read(look),
        look_source=str(look or "look.yaml"),
        contour=contour,
        layers=[name.strip() for name in layers.split(",") if name.strip()],
        backgrounds=behind,
    )
    todo = prepare(recipe, out, n)
    if todo.complete:
        typer.echo(f"{out} already holds these {n} samples")
        return
    processes = min(workers or cores.count(), len(todo.shards))
    try:
        with progress(n, "rendering", "images", done=todo.done) as bar:
            outcome = render(recipe, out, n, processes, bar.advance, behind, renderer)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"stopped; whole shards stay in {out}: run the same command again to go on"
        ) from None
    if outcome.deaths:
        typer.echo(
            f"{outcome.deaths} workers died and were replaced; no sample is missing", err=True
        )
    if outcome.notes:
        typer.echo(f"drawn by {'; '.join(sorted(outcome.notes))}", err=True)
    typer.echo(out)


def open_behind(backgrounds: Path | None, environment: Path | None) -> "Backgrounds | None":
    """Return what of a user's stands behind the heads: photos, panoramas that light them, none."""
    if backgrounds is not None and environment is not None:
        raise typer.BadParameter("--backgrounds and --environment exclude each other")
    if environment is not None:
        from dlm.generator.environment import Environment

        return Environment.open(environment)
    if backgrounds is not None:
        from dlm.generator.backgrounds import Backgrounds

        return Backgrounds.open(backgrounds)
    return None
