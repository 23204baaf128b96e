"""RUN/: everything that a finished or interrupted run is.

run.json             what was asked, on what, by which versions, under which licence
model.safetensors    the averaged weights of the validation that was kept: what is used
mode.safetensors     the mode's own nets then, where it has any: not needed to predict
state.safetensors    the weights being trained, their average, the optimiser, the counters
log.jsonl            one line a validation
curves.png, samples.png
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from dlm.datasets.files import replacing, write_errors
from dlm.errors import TrainError
from dlm.landmark_specs import LandmarkSpec, parse
from dlm.train.settings import Settings

FORMAT = 1
RUN_FILE, LOG_FILE = "run.json", "log.jsonl"
MODEL_FILE, MODE_FILE, STATE_FILE = "model.safetensors", "mode.safetensors", "state.safetensors"

Tensors = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True, eq=False)
class RunFile:
    """The content of run.json."""

    settings: Settings
    spec_name: str
    spec_hash: str
    spec_text: str
    dataset: dict[str, Any]
    precision: str
    measured: dict[str, float]  # images/s by precision
    device: str
    versions: dict[str, str]
    licence: str
    command: str
    finished: bool = False
    samples_seen: int = 0
    seconds: float = 0.0
    nme: float | None = None  # of held-out faces, a fraction of their box
    photos: dict[str, Any] = field(default_factory=dict)  # what photographs the mode was given
    kept: dict[str, Any] | None = None  # the validation whose network is model.safetensors
    best: float | None = None  # the lowest nme of the run so far
    stopped: str | None = None  # why it ended before its budget
    warning: str | None = None  # what seems wrong with it

    @property
    def spec(self) -> LandmarkSpec:
        """The layout that was learned, as it was then."""
        return parse(self.spec_text, f"layout of the run ({RUN_FILE})")

    def to_json(self) -> str:
        """Return the file's text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> Self:
        """Read what to_json wrote; TrainError for anything else."""
        try:
            values = json.loads(text)
            if values.pop("format") != FORMAT:
                raise TrainError("was written by another dlm", where, "use that dlm, or train anew")
            return cls(**{**values, "settings": Settings.from_dict(values["settings"])})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainError(f"is no run file: {error}", where, "train again") from None

    def differences(self, asked: "RunFile") -> list[str]:
        """Say in what a new request differs from this run: what would change its curve."""
        mine, its = self.settings.to_dict(), asked.settings.to_dict()
        phrases = [f"{key} {mine[key]}, not {its[key]}" for key in mine if mine[key] != its[key]]
        if self.spec_hash != asked.spec_hash:
            phrases.append(
                f"layout {self.spec_name} ({self.spec_hash}), "
                f"not {asked.spec_name} ({asked.spec_hash})"
            )
        kept = ("recipe", "faces", "held_out_faces", "crop", "buffer", "reuse")
        if any(self.dataset.get(key) != asked.dataset.get(key) for key in kept):
            drawn = "buffer" in self.dataset and "buffer" in asked.dataset
            phrases.append(
                "another recipe, --buffer or --reuse" if drawn
                else "another dataset, or one that has grown"
            )  # fmt: skip
        if self.photos != asked.photos:
            phrases.append("other photographs")
        return phrases


class RunFolder:
    """Reads and writes a run's files; each is replaced whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / RUN_FILE).exists()

    def create(self, run: RunFile) -> None:
        """Begin a run in a new or empty folder."""
        with write_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            if any(self.path.iterdir()):
                raise TrainError(
                    "holds files but no run.json", str(self.path), "choose a new or empty folder"
                )
        self.write_run(run)

    def read_run(self) -> RunFile:
        """Return run.json; TrainError where there is none."""
        path = self.path / RUN_FILE
        try:
            return RunFile.from_json(path.read_text(encoding="utf-8"), str(path))
        except OSError:
            found = "is no run: it holds no run.json" if self.path.is_dir() else "no such folder"
            raise TrainError(found, str(self.path), "make one with 'dlm train'") from None

    def write_run(self, run: RunFile) -> None:
        """Replace run.json."""
        with replacing(self.path / RUN_FILE) as file:
            file.write(run.to_json().encode())

    def write_tensors(self, name: str, tensors: Tensors) -> None:
        """Replace a safetensors file."""
        plain = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
        with replacing(self.path / name) as file:
            file.write(save_tensors(plain))

    def read_tensors(self, name: str, device: torch.device) -> Tensors:
        """Return the tensors of a file; TrainError where it is missing or damaged."""
        path = self.path / name
        try:
            tensors = load_tensors(path.read_bytes())
        except OSError:
            raise TrainError(
                "is not there: the run was stopped before its first checkpoint", str(path),
                "run the same 'dlm train' command again",
            ) from None  # fmt: skip
        except SafetensorError as error:
            raise TrainError(f"is damaged: {error}", str(path), "train again") from None
        return {key: value.to(device) for key, value in tensors.items()}

    def append_log(self, entry: dict[str, Any]) -> None:
        """Add a line to the log."""
        with write_errors(self.path), (self.path / LOG_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def read_log(self, up_to: int | None = None) -> list[dict[str, Any]]:
        """Return the log's entries, those of at most `up_to` samples seen."""
        path = self.path / LOG_FILE
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        entries = [json.loads(line) for line in lines if line.endswith("}")]
        return [entry for entry in entries if up_to is None or entry["seen"] <= up_to]

    def cut_log(self, up_to: int) -> None:
        """Forget what was logged after the checkpoint that a run goes on from."""
        kept = self.read_log(up_to)
        with replacing(self.path / LOG_FILE) as file:
            file.write("".join(json.dumps(entry) + "\n" for entry in kept).encode())
