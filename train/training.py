"""`train`: from a dataset and settings to a run folder, from the start or from where it stopped."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace

import torch

import dlm
from dlm.errors import TrainError
from dlm.train.augment import Augmentation
from dlm.train.curves import draw_curves
from dlm.train.data import TrainingData
from dlm.train.modes import mode
from dlm.train.networks.landmark import build
from dlm.train.precision import by_name, fastest, measure
from dlm.train.run_folder import MODEL_FILE, STATE_FILE, RunFile, RunFolder
from dlm.train.samples import draw_samples
from dlm.train.settings import Settings
from dlm.train.trainer import Trainer

MIN_STEPS = 10  # between two validations, however short the run
PICTURE_SECONDS = 20.0  # pictures cost a second: they are drawn this often and at the end

Progress = Callable[[int, str], None]  # samples seen, a note: the loss


def pick_device() -> torch.device:
    """Return the GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def open_run(
    folder: RunFolder,
    settings: Settings,
    data: TrainingData,
    command: str,
    device: torch.device,
    like: RunFile | None = None,
) -> RunFile:
    """Begin a run in `folder` or find the one to go on with; TrainError where they differ.

    A new run computes in the precision of the run `like`, or in the one that measures fastest.
    """
    asked = _describe(settings, data, command, device)
    if not folder.exists:
        rates = like.measured if like is not None else _measure(settings, data, device)
        run = replace(asked, measured=rates, precision=fastest(rates).name)
        folder.create(run)
        return run
    run = folder.read_run()
    if differing := run.differences(asked):
        raise TrainError(
            f"holds another run: {'; '.join(differing)}", str(folder.path), "choose another folder"
        )
    return run


def train(
    folder: RunFolder,
    run: RunFile,
    data: TrainingData,
    *,
    device: torch.device,
    progress: Progress = lambda seen, note: None,
    should_stop: Callable[[], bool] = lambda: False,
    augmentation: Augmentation | None = None,
) -> RunFile:
    """Train until the budget is spent or `should_stop` says so, and return the run's record.

    Whatever ends it, the folder holds a state from which the same call goes on to the same curve.
    """
    trainer = Trainer(run.settings, data, by_name(run.precision), device, augmentation)
    if (folder.path / STATE_FILE).exists():
        trainer.restore(folder.read_tensors(STATE_FILE, device))
    folder.cut_log(trainer.seen)
    if trainer.step == 0:
        draw_samples(folder.path / "samples.png", trainer)
    recorder = _Recorder(folder, run, trainer)
    while trainer.step < run.settings.steps and not should_stop():
        loss = trainer.advance()
        progress(trainer.seen, f"loss {loss:.3f}{recorder.note}")
        if trainer.step in recorder.marks:
            recorder.validate()
    return recorder.save()


class _Recorder:
    """Writes what the trainer has reached into the folder."""

    def __init__(self, folder: RunFolder, run: RunFile, trainer: Trainer) -> None:
        self.folder, self.run, self.trainer = folder, run, trainer
        self.note = "" if run.nme is None else f", NME {100 * run.nme:.2f} %"
        steps, count = run.settings.steps, run.settings.validations
        count = min(count, max(1, steps // MIN_STEPS))
        self.marks = {round(steps * (k + 1) / count) for k in range(count)}
        self._drawn = 0.0
        self._last = steps
        self._begun = time.monotonic()

    def validate(self) -> None:
        """Score the held-out faces, log, and save everything."""
        trainer = self.trainer
        seconds = self._seconds()
        error = trainer.validate()
        entry = {
            "seen": trainer.seen,
            "loss": trainer.take_mean_loss(),
            "nme": error,
            "learning_rate": trainer.learning_rate(trainer.step - 1),
            "seconds": round(seconds, 1),
        }
        self.run = replace(self.run, nme=error)
        self.note = f", NME {100 * error:.2f} %"
        # The log goes first: what it holds beyond the saved state is cut when the run goes on.
        self.folder.append_log(entry)
        self.save()
        if time.monotonic() - self._drawn > PICTURE_SECONDS or trainer.step == self._last:
            self._draw()

    def save(self) -> RunFile:
        """Write state, model and run file; return the run's record."""
        trainer = self.trainer
        self.folder.write_tensors(STATE_FILE, trainer.state())
        self.folder.write_tensors(MODEL_FILE, trainer.average.network.state_dict())
        run = replace(
            self.run,
            samples_seen=trainer.seen,
            finished=trainer.step >= self.run.settings.steps,
            seconds=round(self._seconds(), 1),
        )
        self.folder.write_run(run)
        return run

    def _draw(self) -> None:
        log = self.folder.read_log()
        draw_curves(self.folder.path / "curves.png", log)
        draw_samples(self.folder.path / "samples.png", self.trainer)
        self._drawn = time.monotonic()

    def _seconds(self) -> float:
        return self.run.seconds + time.monotonic() - self._begun


def _describe(
    settings: Settings, data: TrainingData, command: str, device: torch.device
) -> RunFile:
    return RunFile(
        settings=settings,
        spec_name=data.spec.name,
        spec_hash=data.spec.hash,
        spec_text=data.spec.text,
        dataset=data.recipe,
        precision="",
        measured={},
        device=_device_name(device),
        versions=_versions(),
        licence=mode(settings.mode).licence,
        command=command,
    )


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu, {torch.get_num_threads()} threads"


def _versions() -> dict[str, str]:
    python = ".".join(str(part) for part in sys.version_info[:3])
    return {"dlm": dlm.__version__, "torch": str(torch.__version__), "python": python}


def _measure(settings: Settings, data: TrainingData, device: torch.device) -> dict[str, float]:
    rates = measure(lambda: build(settings, data.spec.size), settings.batch, settings.size, device)
    return {name: round(rate, 1) for name, rate in rates.items()}
