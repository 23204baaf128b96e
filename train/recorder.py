"""What a run leaves in its folder while it goes on: log, state, the kept network, pictures."""

import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from dlm.errors import TrainError
from dlm.train import diagnosis
from dlm.train.choice import Candidate, degraded, replaces
from dlm.train.curves import draw_curves
from dlm.train.run_folder import MODE_FILE, MODEL_FILE, STATE_FILE, RunFile, RunFolder
from dlm.train.samples import draw_samples
from dlm.train.trainer import Trainer

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

MIN_STEPS = 10  # between two validations, however short the run
PICTURE_SECONDS = 20.0  # pictures cost a second: they are drawn this often and at the end


class Recorder:
    """Writes what the trainer has reached into the folder; the first process alone does."""

    def __init__(self, folder: RunFolder, run: RunFile, trainer: Trainer, *, board: bool) -> None:
        self.folder, self.run, self.trainer = folder, run, trainer
        self.note = "" if run.nme is None else f", NME {100 * run.nme:.2f} %"
        steps, count = run.settings.steps, run.settings.validations
        count = min(count, max(1, steps // MIN_STEPS))
        self.marks = {round(steps * (k + 1) / count) for k in range(count)}
        self._drawn = 0.0
        self._begun = time.monotonic()
        self._floor: float | None = None
        self._board = _board(folder, trainer.seen) if board and trainer.ranks.first else None

    @property
    def goes_on(self) -> bool:
        """Whether there is budget left and nothing speaks against using it."""
        return self.trainer.step < self.run.settings.steps and self.run.stopped is None

    def validate(self) -> None:
        """Score the held-out faces, log, keep the network where it is better, save everything."""
        if self.trainer.ranks.first:
            self._validate()
        else:
            self.trainer.tally.take()
        halt = self.trainer.ranks.agree(self.run.stopped is not None)
        if halt and self.run.stopped is None:
            self.run = replace(self.run, stopped="the first process said so")

    def _validate(self) -> None:
        entry = self._entry()
        # The log goes first: what it holds beyond the saved state is cut when the run goes on.
        self.folder.append_log(entry)
        for name, value in entry.items() if self._board else ():
            assert self._board is not None
            self._board.add_scalar(name, value, entry["seen"])
        self._keep(Candidate.of(entry))
        self._judge(entry)
        self.note = f", NME {100 * entry['nme']:.2f} %"
        self.save()
        if time.monotonic() - self._drawn > PICTURE_SECONDS or not self.goes_on:
            self._draw()

    def _entry(self) -> dict[str, Any]:
        trainer = self.trainer
        seconds = self._seconds()
        entry = {
            "seen": trainer.seen,
            **trainer.tally.take(),
            "nme": trainer.validate(),
            "learning_rate": trainer.learning_rate(trainer.step - 1),
            "seconds": round(seconds, 1),
            **trainer.streams.renders.told(),
        }
        if trainer.terms:
            entry |= diagnosis.domains(trainer)
            if trainer.photos.real is not None:
                entry |= diagnosis.held_out_photos(trainer)
        return entry

    def _keep(self, new: Candidate) -> None:
        best = min(new.nme, new.nme if self.run.best is None else self.run.best)
        kept = None if self.run.kept is None else Candidate(**self.run.kept)
        if replaces(new, kept, best):
            self._write_model()
            self.run = replace(self.run, kept=asdict(new))
        self.run = replace(self.run, best=best, nme=new.nme)

    def _write_model(self) -> None:
        self.folder.write_tensors(MODEL_FILE, self.trainer.average.network.state_dict())
        own = {
            f"{index}.{name}": value
            for index, term in enumerate(self.trainer.terms)
            for name, value in term.state_dict().items()
        }
        if own:
            self.folder.write_tensors(MODE_FILE, own)

    def _judge(self, entry: dict[str, Any]) -> None:
        """Say where the run seems dead; end it where adaptation makes it worse on renders."""
        trainer, run = self.trainer, self.run
        if self._floor is None:
            self._floor = diagnosis.mean_face_error(trainer.data)
        warning = diagnosis.dead(entry["nme"], self._floor, trainer.step, run.settings.steps)
        stopped = None
        if trainer.terms and degraded([each["nme"] for each in self.folder.read_log()]):
            stopped = (
                "the error of held-out renders stays well above the best of the run: what the "
                "mode adds does harm; the best network is kept. A lower --adapt-weight may help"
            )
        self.run = replace(run, warning=warning, stopped=stopped)

    def save(self) -> RunFile:
        """Write state and run file; return the run's record."""
        trainer = self.trainer
        self.folder.write_tensors(STATE_FILE, trainer.state())
        if self.run.kept is None:
            self._write_model()
        self.run = replace(
            self.run, samples_seen=trainer.seen, finished=not self.goes_on,
            seconds=round(self._seconds(), 1),
        )  # fmt: skip
        self._begun = time.monotonic()
        self.folder.write_run(self.run)
        return self.run

    def close(self) -> RunFile:
        """Save and return the run's record; every process waits for the files."""
        run = self.save() if self.trainer.ranks.first else self.run
        if self._board is not None:
            self._board.close()
        self.trainer.ranks.wait()
        return run if self.trainer.ranks.first else self.folder.read_run()

    def _draw(self) -> None:
        log = self.folder.read_log()
        draw_curves(self.folder.path / "curves.png", log)
        draw_samples(self.folder.path / "samples.png", self.trainer)
        self._drawn = time.monotonic()

    def _seconds(self) -> float:
        return self.run.seconds + time.monotonic() - self._begun


def _board(folder: RunFolder, seen: int) -> "SummaryWriter":
    """Return what writes for TensorBoard, which then forgets what lies beyond the checkpoint."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise TrainError("is not installed", "tensorboard", "pip install tensorboard") from None
    return SummaryWriter(folder.path / "tensorboard", purge_step=seen + 1)
