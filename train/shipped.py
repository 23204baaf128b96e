"""Networks that come with dlm: learned from renders alone, so as free as they are.

Each is a run folder of its own, named after its layout; wherever a command takes a run, the name
will do. tools/ship_network.py makes them.
"""

from importlib import resources
from pathlib import Path

from dlm.errors import TrainError
from dlm.train.run_folder import RunFolder


def names() -> list[str]:
    """Return what networks there are."""
    return sorted(path.name for path in _folder().iterdir() if RunFolder(path).exists)


def run_folder(run: Path) -> RunFolder:
    """Return the folder of a run, or of the network of that name; TrainError if there is neither.

    What lies on the disk goes first.
    """
    if run.exists():
        return RunFolder(run)
    shipped = RunFolder(_folder() / run)
    if len(run.parts) != 1 or not shipped.exists:
        raise TrainError(
            "no such folder", str(run),
            f"make one with 'dlm train', or take what comes with dlm: {', '.join(names())}",
        )  # fmt: skip
    return shipped


def _folder() -> Path:
    return Path(str(resources.files("dlm.train"))) / "shipped"
