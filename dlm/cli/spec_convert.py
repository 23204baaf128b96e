"""`dlm spec convert`: points given in one layout, turned into those of another."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dlm.cli.baking import load_model
from dlm.cli.console import print_json, print_table
from dlm.errors import SpecError

if TYPE_CHECKING:
    import numpy as np

    from dlm.generator.convert import Conversion, Expected
    from dlm.generator.models.base import FaceModel
    from dlm.landmark_specs import LandmarkSpec
    from dlm.landmark_specs.foreign import Foreign
    from dlm.landmark_specs.point_files import PointFile

POINTS = typer.Option(
    None, "--points", help="Points in layout ONE: .pts, .csv, .npy, or a folder of .pts files."
)
FOREIGN = typer.Option(
    None, "--from", help="A mapping file: the points are of another's layout, told in ONE's names."
)
OUT = typer.Option(
    None, "--out", "-o", help="The file to write (beside the points, named after TARGET)."
)


def convert(
    one: str = typer.Argument(help="A shipped layout's name, or a YAML file.", show_default=False),
    target: str = typer.Argument(help="The layout to turn them into.", show_default=False),
    points: Path | None = POINTS,
    foreign: Path | None = FOREIGN,
    out: Path | None = OUT,
    force: bool = typer.Option(False, "--force", help="Write over a file that is there."),
    model: str = typer.Option("makehuman", help="The head that both layouts are bound to."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Turn points given in layout ONE into those of TARGET, and tell how exact that is.

    The map is learned on sampled faces, in seconds. Errors are of 500 other such faces, in per
    cent of the distance between the outer eye corners; points that both have stay as they are.
    """
    import numpy as np

    from dlm.generator.convert import learn
    from dlm.landmark_specs import load

    first, second = load(one), load(target)
    given, path = _given(points, out, second.name, force)
    head = load_model(model)
    indices = [spec.vertex_indices(model, head.topology.hash, head.topology.vertex_count)
               for spec in (first, second)]  # fmt: skip
    declared = _declared(foreign, first, head) if foreign else None
    size = declared.size if declared else first.size
    if given is not None and given.points.shape[1] != size:
        raise SpecError(
            f"{given.points.shape[1]} points a face, {declared.name if declared else first.name} "
            f"has {size}", str(points), "name the layout that they are of",
        )  # fmt: skip
    if declared:
        indices[0] = declared.vertices
    conversion, expected = learn(head, indices[0], indices[1], _eyes(head, first, second))
    if given is not None and path is not None:
        chosen = given.points[:, declared.indices] if declared else given.points
        _write(conversion, np.asarray(chosen), given, path)
    if as_json:
        print_json(_told(declared.name if declared else first.name, second, conversion, expected)
                   | {"out": str(path) if path else None})  # fmt: skip
        return
    _print_expected(second, conversion, expected)
    if path is not None:
        typer.echo(path)


def _given(
    points: Path | None, out: Path | None, name: str, force: bool
) -> "tuple[PointFile | None, Path | None]":
    """Return the points to convert and where they go, before any work is done."""
    from dlm.landmark_specs.point_files import check_output, read_points

    if points is None:
        if out is not None:
            raise typer.BadParameter("--out goes with --points")
        return None, None
    given = read_points(points)
    path = out or points.with_name(f"{points.stem}-{name}{points.suffix}")
    check_output(path, given)
    if path.exists() and not force:
        raise SpecError("the file exists", str(path), "choose another -o, or add --force")
    return given, path


def _declared(path: Path, spec: "LandmarkSpec", head: "FaceModel") -> "Foreign":
    from dlm.landmark_specs.foreign import Mesh, read_foreign

    mesh = Mesh(head.name, head.topology.hash, head.topology.vertex_count)
    return read_foreign(path, spec, mesh)


def _eyes(head: "FaceModel", *specs: "LandmarkSpec") -> tuple[int, int]:
    """Return the vertices of the outer eye corners on a head, as a layout that has them tells."""
    from dlm.landmark_specs import load

    for spec in (*specs, load("68")):
        ends = spec.normaliser.get("inter_ocular")
        if ends and head.topology.hash.startswith(spec.topology.get(head.name, "none")):
            column = spec.vertices[head.name]
            return int(column[ends[0]]), int(column[ends[1]])
    raise SpecError(
        f"no layout tells where the outer eye corners of {head.name} are", "spec convert",
        "give one of both layouts the normaliser inter_ocular",
    )  # fmt: skip


def _write(
    conversion: "Conversion", chosen: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]",
    given: "PointFile", path: Path,
) -> None:  # fmt: skip
    from dlm.landmark_specs.point_files import write_points

    write_points(conversion(chosen), path, given)


def _print_expected(spec: "LandmarkSpec", conversion: "Conversion", expected: "Expected") -> None:
    import numpy as np

    exact, noisy = 100 * expected.exact, 100 * expected.noisy
    groups = {name: np.asarray(points) for name, points in spec.groups.items()}
    groups["all"] = np.arange(spec.size, dtype=np.int32)
    print_table(
        ("group", "points", "taken over", "error %", "given 1 % off", "largest %", "at"),
        [
            (name, len(points), int((conversion.taken[points] >= 0).sum()),
             f"{exact[points].mean():.2f}", f"{noisy[points].mean():.2f}",
             f"{exact[points].max():.2f}", spec.names[points[exact[points].argmax()]])
            for name, points in groups.items()
        ],
        right=(1, 2, 3, 4, 5),
    )  # fmt: skip
    typer.echo(f"faces turned up to 30 degrees {100 * expected.frontal:.2f} %, "
               f"further {100 * expected.turned:.2f} %")  # fmt: skip


def _told(
    source: str, spec: "LandmarkSpec", conversion: "Conversion", expected: "Expected"
) -> dict[str, object]:
    rows = zip(spec.names, conversion.taken, expected.exact, expected.noisy, strict=True)
    return {
        "source": source,
        "target": spec.name,
        "unit": "per cent of the inter-ocular distance",
        "mean": round(100 * float(expected.exact.mean()), 3),
        "mean_given_1_off": round(100 * float(expected.noisy.mean()), 3),
        "up_to_30_degrees": round(100 * expected.frontal, 3),
        "beyond": round(100 * expected.turned, 3),
        "points": [
            {"name": name, "taken_over": bool(taken >= 0), "error": round(100 * float(exact), 3),
             "given_1_off": round(100 * float(noisy), 3)}
            for name, taken, exact, noisy in rows
        ],
    }  # fmt: skip
