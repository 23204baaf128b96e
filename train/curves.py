"""Plots: how a run went, and how errors are distributed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dlm.datasets.files import replacing
from dlm.train.metrics import THRESHOLD, ced


def draw_curves(path: Path, log: Sequence[Mapping[str, Any]]) -> None:
    """Write a PNG of loss and held-out NME against samples seen."""
    from matplotlib.figure import Figure

    seen = [entry["seen"] for entry in log]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(seen, [entry["loss"] for entry in log], color="tab:blue", marker=".")
    left.set(title="training loss (KL + smooth L1)", xlabel="samples seen", yscale="log")
    right.plot(seen, [100 * entry["nme"] for entry in log], color="tab:orange", marker=".")
    right.set(title="held-out identities", xlabel="samples seen", yscale="log")
    right.set_ylabel("NME, % of the box")
    for axes in (left, right):
        _plain_numbers(axes)
    _save(figure, path)


def draw_ced(path: Path, errors: Mapping[str, Any], normaliser: str) -> None:
    """Write a PNG of cumulative error curves; `errors` holds (N,) fractions by name."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.2), layout="constrained")
    axes = figure.subplots()
    for name, values in errors.items():
        ordered, share = ced(values)
        axes.step([0, *(100 * ordered)], [0, *share], where="post", label=name)
    axes.set(xlim=(0, 100 * THRESHOLD), ylim=(0, 1), ylabel="share of faces")
    axes.set_xlabel(f"NME, % of {normaliser}")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    _save(figure, path)


def draw_calibration(path: Path, found: Mapping[str, Any]) -> None:
    """Write a PNG of `dlm.train.calibration.calibration`: coverage, and error beside sigma."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot([0, 100], [0, 100], color="0.7", linewidth=1)
    left.plot([100 * x for x in found["levels"]], [100 * x for x in found["coverage"]],
              color="tab:blue", marker=".")  # fmt: skip
    left.set(xlim=(0, 100), ylim=(0, 100), title="errors within the radius said, %")
    left.set(xlabel="probability said, %", ylabel="share of points, %")
    sigma = [each["sigma"] for each in found["bins"]]
    error = [each["error"] for each in found["bins"]]
    edge = 1.08 * max(*sigma, *error)
    right.plot([0, edge], [0, edge], color="0.7", linewidth=1)
    right.plot(sigma, error, color="tab:orange", marker=".")
    right.set(xlim=(0, edge), ylim=(0, edge), title="tenths of the points, by sigma")
    right.set(xlabel="sigma said, px of the crop", ylabel="error along an axis, px")
    for axes in (left, right):
        axes.set_aspect("equal")
        axes.grid(alpha=0.3)
    _save(figure, path)


def curves_figure(logs: Mapping[str, Sequence[Mapping[str, Any]]]) -> Any:
    """Return a figure of held-out NME against samples seen, one curve a layout."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, log in logs.items():
        nmes = [100 * entry["nme"] for entry in log]
        axes.plot([entry["seen"] for entry in log], nmes, marker=".", label=name)
    axes.set(xlabel="samples seen", yscale="log")
    axes.set_ylabel("NME of all points, % of the box")
    _plain_numbers(axes)
    axes.legend()
    return figure


def _plain_numbers(axes: Any) -> None:
    """Write 20 where a logarithmic axis would write 2 x 10^1."""
    from matplotlib.ticker import LogLocator, StrMethodFormatter

    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter("")
    axes.grid(alpha=0.3)


def _save(figure: Any, path: Path) -> None:
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=110)
