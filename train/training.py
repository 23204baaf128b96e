"""`train`: from a dataset and settings to a run folder, from the start or from where it stopped."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch

import dlm
from dlm.errors import TrainError
from dlm.train.augment import Augmentation
from dlm.train.data import TrainingData
from dlm.train.feed import WAIT
from dlm.train.modes import mode
from dlm.train.networks.landmark import build
from dlm.train.parallel import Ranks
from dlm.train.photo_data import RESEARCH_ONLY, Photos
from dlm.train.precision import by_name, fastest, measure
from dlm.train.recorder import Recorder
from dlm.train.run_folder import STATE_FILE, RunFile, RunFolder
from dlm.train.samples import draw_samples
from dlm.train.settings import Settings
from dlm.train.trainer import Trainer

RENDERS_ONLY = "trained on renders alone, without photographs: no licence of photographs applies"

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
    photos: Photos | None = None,
) -> RunFile:
    """Begin a run in `folder` or find the one to go on with; TrainError where they differ.

    A new run computes in the precision of the run `like`, or in the one that measures fastest.
    """
    photos = photos or Photos()
    _check_photos(settings, data, photos)
    asked = _describe(settings, data, photos, command, device)
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
    photos: Photos | None = None,
    ranks: Ranks | None = None,
    board: bool = False,
) -> RunFile:
    """Train until the budget is spent or `should_stop` says so, and return the run's record.

    Whatever ends it, the folder holds a state from which the same call goes on to the same curve.
    With `board` the log is written for TensorBoard too.
    """
    ranks = ranks or Ranks()
    with _memory_advice(run.settings):
        trainer = Trainer(
            run.settings, data, by_name(run.precision), device, augmentation, photos, ranks
        )
        if (folder.path / STATE_FILE).exists():
            trainer.restore(folder.read_tensors(STATE_FILE, device))
        recorder = Recorder(folder, run, trainer, board=board)
        if ranks.first:
            folder.cut_log(trainer.seen)
        renders, note, waits = trainer.streams.renders, "", False
        while recorder.goes_on and not ((trainer.looks or waits) and ranks.agree(should_stop())):
            if waits := not renders.ready(trainer.step, WAIT):
                progress(trainer.seen, f"waiting for faces{renders.note}")
                continue
            if trainer.step == 0 and ranks.first:
                draw_samples(folder.path / "samples.png", trainer)
            loss = trainer.advance()
            if trainer.looks:
                note = f"loss {float(loss):.3f}{recorder.note}{renders.note}"
            progress(trainer.seen, note)
            if trainer.step in recorder.marks:
                recorder.validate()
    return recorder.close()


@contextmanager
def _memory_advice(settings: Settings) -> Iterator[None]:
    """Turn an allocation that failed into a line that says what to make smaller."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        words = str(error)
        told = ("out of memory", "not enough memory", "can't allocate memory", "bad_alloc")
        if not isinstance(error, MemoryError) and not any(word in words for word in told):
            raise
        raise TrainError(
            f"memory does not suffice for {settings.batch} pictures of {settings.size} px at "
            f"width {settings.width}", "",
            f"give --batch {max(settings.batch // 2, 2)}, or a smaller --width or --size; dense "
            "layouts need less with another --head",
        ) from None  # fmt: skip


def _check_photos(settings: Settings, data: TrainingData, photos: Photos) -> None:
    """Refuse a mode that was not given what it learns from, or was given what it leaves unread."""
    needed = {term.stream for term in mode(settings.mode).terms}
    given = {"real": photos.real, "unlabelled": photos.unlabelled}
    for name, faces in given.items():
        if (name in needed) != (faces is not None):
            verb = "needs" if name in needed else "has no use for"
            raise TrainError(
                f"{verb} --{name}", f"--mode {settings.mode}",
                f"{'give' if name in needed else 'leave out'} --{name} 300w:PATH",
            )  # fmt: skip


def _describe(
    settings: Settings, data: TrainingData, photos: Photos, command: str, device: torch.device
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
        licence=RENDERS_ONLY if data.rendered and not photos.description else RESEARCH_ONLY,
        command=command,
        photos=photos.description,
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
