"""What several tabs do with viser's inputs."""

from typing import Any


def fill(handle: Any, value: object) -> None:
    """Set an input's value unless it has it. viser types the setter in a way mypy cannot see."""
    if handle.value != value:
        handle.value = value
