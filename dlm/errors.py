"""The one exception family of dlm; it imports nothing, so every package may raise it.

DlmError            what went wrong, where, and the way out: the command line prints it as one line
├── SpecError       a layout file or a layout asked for
├── ModelError      a head model: its files, its cache, its topology
├── RenderError     GL contexts, drivers, shaders
├── DatasetError    dataset folders, shards, rows
├── PhotoError      real photos and their .pts labels
└── TrainError      runs, checkpoints, modes
"""


class DlmError(Exception):
    """A mistake a user can mend, told in one line.

    `what` was found, `where` (a file, file:line:column, a flag, a row), and the `way_out`:
    what to do about it. Bugs are never wrapped in this: they keep their traceback.
    """

    def __init__(self, what: str, where: str = "", way_out: str = "") -> None:
        super().__init__(what, where, way_out)
        self.what, self.where, self.way_out = what, where, way_out

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        mend = f"; {self.way_out}" if self.way_out else ""
        return " ".join(f"{place}{self.what}{mend}".split())


class SpecError(DlmError):
    """A layout that cannot be read, is wrong, or does not fit a model."""


class ModelError(DlmError):
    """A head model that is unknown, missing or damaged."""


class RenderError(DlmError):
    """No GL, no EGL device, or a driver that refuses."""


class DatasetError(DlmError):
    """A dataset folder, shard or row that is missing, damaged or of another kind."""


class PhotoError(DlmError):
    """A folder of real photos that cannot be used as it is."""


class TrainError(DlmError):
    """A training run or checkpoint that cannot be used as asked."""
