"""Layouts of landmarks: YAML in, checked LandmarkSpec out; nothing here knows a renderer."""

from importlib import resources
from pathlib import Path

from dlm.errors import SpecError
from dlm.landmark_specs.nodes import read_file
from dlm.landmark_specs.reading import parse
from dlm.landmark_specs.spec import LandmarkSpec, Line
from dlm.landmark_specs.values import nearest

__all__ = ["LandmarkSpec", "Line", "available", "load", "parse"]


def available() -> list[str]:
    """Return the names of the shipped layouts, smallest first."""
    files = resources.files(__name__).joinpath("specs").iterdir()
    names = [file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")]
    return sorted(names, key=lambda name: (len(name), name))


def load(name_or_path: str | Path) -> LandmarkSpec:
    """Return a shipped layout by name, or the one in a YAML file.

    Raises SpecError: no such layout, an unreadable file, or what `parse` finds in it.
    """
    asked = str(name_or_path)
    if asked in available():
        text = resources.files(__name__).joinpath("specs", f"{asked}.yaml").read_text("utf-8")
        return parse(text, f"{asked}.yaml")
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml") and not path.is_file():
        raise SpecError(
            f"no layout {asked!r}", "", f"{nearest(asked, available())} (or a .yaml file)"
        )
    return parse(read_file(path), asked)
