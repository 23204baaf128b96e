"""What a node of YAML must be: a name, a whole number, a list, a mapping with these keys.

Each function raises SpecError, 'file:line:column: found; way out', where it is something else.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from dlm.errors import SpecError
from dlm.landmark_specs.nodes import Mapping, Node, Place, Scalar, Sequence, describe, shown

MAX_VERTEX = 10_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_NAME_RULE = "use up to 64 letters, digits, '_', '-' and '.'"
_INTEGER = re.compile(r"-?[0-9]{1,30}")
_HASH = re.compile(r"[0-9a-f]{6,12}")


def fail(node: Node | Place, what: str, way_out: str) -> SpecError:
    """Return the error that tells what is wrong at a node, and the way out."""
    place = node if isinstance(node, Place) else node.place
    return SpecError(what, str(place), way_out)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return 'did you mean ...' for an unknown word."""
    candidates = list(known)
    close = get_close_matches(word[:80], candidates, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    some = ", ".join(candidates[:6]) + (", ..." if len(candidates) > 6 else "")
    return f"known are {some}" if candidates else "none is defined"


def check_name(text: str) -> None:
    """Raise SpecError unless `text` may name a layout, a point, a group or a line."""
    if not _NAME.fullmatch(text):
        raise SpecError(f"{shown(text)} is no name", "", _NAME_RULE)


def as_mapping(node: Node, what: str) -> Mapping:
    """Return a node that must be a mapping; `what` is due there."""
    if not isinstance(node, Mapping):
        raise fail(node, f"found {describe(node)} where {what} is due", "write 'key: value' lines")
    return node


def as_sequence(node: Node, what: str) -> Sequence:
    """Return a node that must be a list; `what` is due there."""
    if not isinstance(node, Sequence):
        raise fail(node, f"found {describe(node)} where {what} is due", "write [a, b, ...]")
    return node


def as_text(node: Node, what: str) -> str:
    """Return the text of a node that must be one value and not empty."""
    if not isinstance(node, Scalar) or not node.text:
        raise fail(node, f"found {describe(node)} where {what} is due", "write one name")
    return node.text


def as_name(node: Node) -> str:
    """Return what may name a layout, a point, a group or a line."""
    text = as_text(node, "a name")
    if not _NAME.fullmatch(text):
        raise fail(node, f"{shown(text)} is no name", _NAME_RULE)
    return text


def as_integer(node: Node, what: str, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`, as it was written without quotes."""
    if not isinstance(node, Scalar) or not node.plain or not _INTEGER.fullmatch(node.text):
        raise fail(node, f"found {describe(node)} where {what} is due", "write a whole number")
    value = int(node.text)
    if not low <= value <= high:
        raise fail(node, f"{value} is no {what.split()[-1]}", f"{low} to {high} is allowed")
    return value


def check_keys(node: Mapping, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
    """Raise SpecError for a key that is unknown, and for one that is missing."""
    for key, scalar in node.keys.items():
        if key not in required + optional:
            raise fail(scalar, f"unknown key {shown(key)}", nearest(key, required + optional))
    for key in required:
        if key not in node.values:
            raise fail(node, f"the key {key!r} is missing", f"add '{key}: ...'")


def as_boolean(node: Node) -> bool:
    """Return what is written as true or false."""
    text = node.text if isinstance(node, Scalar) and node.plain else ""
    if text not in ("true", "false"):
        raise fail(node, f"found {describe(node)} where true or false is due", "write one of both")
    return text == "true"


def read_topology(node: Node) -> dict[str, str]:
    """Return model -> hash, as the key topology holds it."""
    mapping = as_mapping(node, "'model: hash'")
    if not mapping.keys:
        raise fail(mapping, "bound to no head model", "write topology: {makehuman: HASH}")
    for key, value in mapping.values.items():
        as_name(mapping.keys[key])
        text = as_text(value, "a topology hash")
        if not _HASH.fullmatch(text):
            raise fail(
                value, f"{shown(text)} is no topology hash",
                "copy the 6 to 12 hex digits that `dlm model show` prints",
            )  # fmt: skip
    return {key: as_text(value, "a hash") for key, value in mapping.values.items()}
