"""How often each thing of a Look is seen: look.yaml, read and checked against the shipped one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import resources
from math import isfinite
from typing import Any

import yaml

from dlm.errors import DlmError

WEIGHT_TABLES = ("styles_female", "styles_male", "combed_short", "combed_long", "beards", "kinds")
MAX_DEPTH = 3  # of what is looked up: an alias may name what it stands in

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where libyaml is there

Probabilities = Mapping[str, Mapping[str, Any]]


def default_text() -> str:
    """Return the text of the look.yaml that is shipped."""
    return resources.files(__package__).joinpath("look.yaml").read_text(encoding="utf-8")


def default() -> Probabilities:
    """Return the shipped probabilities."""
    return parse(default_text(), "look.yaml")


def parse(text: str, source: str) -> Probabilities:
    """Return the probabilities written in `text`.

    Raises
    ------
    DlmError
        Where the YAML is broken, a key is unknown or twice there, or a value is of the wrong kind
        or range; `source` and the line are named in it.
    """
    file, pattern = _read(text, source), _read(default_text(), "look.yaml")
    _check(file, file.values, pattern.values, "")
    return {name: section for name, section in file.values.items() if name != "version"}


@dataclass(frozen=True)
class _File:
    """What a YAML file says, and on which line each key stands ('wardrobe.cap')."""

    source: str
    values: dict[str, Any]
    lines: Mapping[str, int]

    def at(self, path: str) -> str:
        """Return where `path` stands, for a message."""
        line = f":{self.lines[path]}" if path in self.lines else ""
        return f"{self.source}{line}: {path}" if path else self.source


def _read(text: str, source: str) -> _File:
    try:
        node = yaml.compose(text, Loader=_Loader)
        values = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        problem = getattr(error, "problem", None) or "not YAML"
        raise DlmError(problem, place, "see the shipped look.yaml for the form") from None
    if not isinstance(values, dict):
        raise DlmError("not a mapping of sections", source, "start from the shipped look.yaml")
    return _File(source, values, dict(_lines(node, source, "")))


def _lines(node: yaml.Node | None, source: str, path: str) -> Iterator[tuple[str, int]]:
    """Yield the line of every key below `node`, counted from 1."""
    if not isinstance(node, yaml.MappingNode) or path.count(".") > MAX_DEPTH:
        return
    seen = set()
    for key, value in node.value:
        place, line = f"{path}.{key.value}" if path else str(key.value), key.start_mark.line + 1
        if key.value in seen:
            raise DlmError(f"{place!r} is there twice", f"{source}:{line}", "keep one of them")
        seen.add(key.value)
        yield place, line
        yield from _lines(value, source, place)


def _check(file: _File, found: Any, pattern: Any, path: str) -> None:
    """Refuse what has not the shape of the shipped file."""
    where = file.at(path)
    if isinstance(pattern, dict):
        if not isinstance(found, dict):
            raise DlmError(f"{found!r} is not a mapping", where, "see the shipped look.yaml")
        _check_keys(file, found, pattern, path)
        for key, value in found.items():
            _check(file, value, pattern[key], f"{path}.{key}" if path else key)
    elif isinstance(pattern, list):
        numbers = isinstance(found, list) and len(found) == 2 and all(map(_is_number, found))
        if not numbers or found[0] > found[1]:
            raise DlmError(f"{found!r} is not a range", where, "write [low, high]")
    elif not _is_number(found) or found < 0:
        raise DlmError(f"{found!r} is not a number from 0 up", where, "see the shipped look.yaml")
    elif found > 1 and pattern <= 1 and not _is_weight(path):
        raise DlmError(f"{found!r} is more than 1", where, "a probability is 0 to 1")


def _check_keys(file: _File, found: dict[str, Any], pattern: dict[str, Any], path: str) -> None:
    """Refuse unknown keys; a table of weights may leave names out, a section may not."""
    for key in found:
        if key not in pattern:
            close = get_close_matches(str(key), list(pattern), n=1)
            mend = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(pattern)}"
            where = file.at(f"{path}.{key}" if path else str(key))
            raise DlmError(f"unknown key {key!r}", where, mend)
    weights = path.rpartition(".")[2] in WEIGHT_TABLES
    missing = [] if weights else [key for key in pattern if key not in found]
    if missing:
        raise DlmError(
            f"{missing[0]!r} is missing", file.at(path), "copy it from the shipped look.yaml"
        )
    if weights and sum(value for value in found.values() if _is_number(value)) <= 0:
        raise DlmError("all weights are zero", file.at(path), "leave at least one above zero")


def _is_weight(path: str) -> bool:
    return any(name in WEIGHT_TABLES for name in path.split("."))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
