"""Loading a head model for a command: its first use bakes it, which takes seconds and says so."""

from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlm.cli.console import Progress
    from dlm.generator.models.base import FaceModel


def load_model(name: str) -> "FaceModel":
    """Return the head model `name`, with a progress bar where it has to be baked first."""
    from dlm.cli.console import progress
    from dlm.generator import models

    with ExitStack() as stack:
        bars: list[Progress] = []

        def show(done: int, total: int) -> None:
            if not bars:
                bar = progress(total, f"baking {name}, once", "steps")
                bars.append(stack.enter_context(bar))
            bars[0].update(done=done)

        return models.load(name, show)
