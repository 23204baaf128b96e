"""Which checkpoint of a run is kept, and when to stop: by renders and unlabelled photos alone.

No label of a photo is looked at, least of all of a test set: a checkpoint that was chosen by them
would be reported better than it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

CLOSE = 1.05  # of the best held-out error of renders: beyond it a checkpoint is not kept
WORSE = 1.15  # of it: beyond it, for PATIENCE validations, adaptation does harm
PATIENCE = 3


@dataclass(frozen=True)
class Candidate:
    """A validation: error of held-out renders, and where photos are watched their flip error."""

    seen: int
    nme: float
    flip: float | None = None

    @classmethod
    def of(cls, entry: dict[str, Any]) -> "Candidate":
        """Read a log entry."""
        return cls(entry["seen"], entry["nme"], entry.get("flip"))


def replaces(new: Candidate, kept: Candidate | None, best: float) -> bool:
    """Return whether a new checkpoint is kept instead; `best` is the lowest error so far, its too.

    Among those close to the best on renders the one that photos and their mirror images agree on
    most; without photos, the best on renders.
    """
    if kept is None:
        return True
    if new.flip is None or kept.flip is None:
        return new.nme <= kept.nme
    limit = CLOSE * best
    if kept.nme > limit:
        return new.nme <= limit or new.nme <= kept.nme
    return new.nme <= limit and new.flip <= kept.flip


def degraded(errors: Sequence[float]) -> bool:
    """Return whether the last PATIENCE errors of held-out renders are all well above the best."""
    earlier, last = errors[:-PATIENCE], errors[-PATIENCE:]
    return bool(earlier) and min(last) > WORSE * min(earlier)
