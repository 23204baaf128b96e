"""How often each thing of a Look is seen: look.yaml, read and checked against the shipped one."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import resources
from typing import Any

import yaml

from dlm.errors import DlmError

WEIGHT_TABLES = ("styles_female", "styles_male", "beards", "kinds")

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
        Where the YAML is broken, a key is unknown, or a value is of the wrong kind or range;
        `source` is named in it.
    """
    values = _load(text, source)
    _check(values, _load(default_text(), "look.yaml"), source, "")
    return {name: section for name, section in values.items() if name != "version"}


def _load(text: str, source: str) -> dict[str, Any]:
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        problem = getattr(error, "problem", None) or "not YAML"
        raise DlmError(problem, place, "see the shipped look.yaml for the form") from None
    if not isinstance(values, dict):
        raise DlmError("not a mapping of sections", source, "start from the shipped look.yaml")
    return values


def _check(found: Any, pattern: Any, source: str, path: str) -> None:
    """Refuse what has not the shape of the shipped file."""
    where = f"{source}: {path}" if path else source
    if isinstance(pattern, dict):
        if not isinstance(found, dict):
            raise DlmError(f"{found!r} is not a mapping", where, "see the shipped look.yaml")
        _check_keys(found, pattern, where, weights=path.rpartition(".")[2] in WEIGHT_TABLES)
        for key, value in found.items():
            _check(value, pattern[key], source, f"{path}.{key}" if path else key)
    elif isinstance(pattern, list):
        numbers = isinstance(found, list) and len(found) == 2 and all(map(_is_number, found))
        if not numbers or found[0] > found[1]:
            raise DlmError(f"{found!r} is not a range", where, "write [low, high]")
    elif not _is_number(found) or found < 0:
        raise DlmError(f"{found!r} is not a number from 0 up", where, "see the shipped look.yaml")


def _check_keys(found: dict[str, Any], pattern: dict[str, Any], where: str, weights: bool) -> None:
    """Refuse unknown keys; a table of weights may leave names out, a section may not."""
    for key in found:
        if key not in pattern:
            close = get_close_matches(str(key), list(pattern), n=1)
            mend = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(pattern)}"
            raise DlmError(f"unknown key {key!r}", where, mend)
    missing = [] if weights else [key for key in pattern if key not in found]
    if missing:
        raise DlmError(f"{missing[0]!r} is missing", where, "copy it from the shipped look.yaml")
    if weights and sum(value for value in found.values() if _is_number(value)) <= 0:
        raise DlmError("all weights are zero", where, "leave at least one above zero")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
