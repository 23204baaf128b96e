"""Ways of training; the registry is this literal dict. A mode is its terms, one file each."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Literal

from dlm.errors import TrainError
from dlm.train.modes.bnm import TargetNuclearNorm
from dlm.train.modes.daln import NuclearDiscrepancy
from dlm.train.modes.dann import Discriminator
from dlm.train.modes.mean_teacher import MeanTeacher
from dlm.train.modes.regda import Disparity
from dlm.train.modes.step import Stream, Term
from dlm.train.modes.transfer import LabelTransfer


@dataclass(frozen=True)
class Mode:
    """What a way of training adds to the labels that it learns from."""

    terms: tuple[type[Term], ...] = ()
    labels: Literal["renders", "photos"] = "renders"

    @property
    def needs(self) -> Set[Stream]:
        """Which photos it must be given."""
        streams: set[Stream] = {term.stream for term in self.terms}
        return streams | {"real"} if self.labels == "photos" else streams


MODES = {
    "synthetic": Mode(),
    "real": Mode(labels="photos"),
    "transfer": Mode((LabelTransfer,)),
    "daln": Mode((NuclearDiscrepancy,)),
    "daln-transfer": Mode((LabelTransfer, NuclearDiscrepancy)),
    "dann": Mode((Discriminator,)),
    "bnm": Mode((TargetNuclearNorm,)),
    "regda": Mode((Disparity,)),
    "mean-teacher": Mode((MeanTeacher,)),
}


def mode(name: str) -> Mode:
    """Return a way of training by name; TrainError with what there is otherwise."""
    if name not in MODES:
        raise TrainError(f"no mode {name!r}", "--mode", f"there is: {', '.join(MODES)}")
    return MODES[name]
