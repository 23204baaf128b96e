"""YAML read as plain nodes with places, with nothing in it that can surprise.

No tags, anchors, aliases, second documents or duplicate keys; size, depth and count are limited
before anything is built. Scalars stay text: what they mean is decided by who asks, so that
`no`, `1e5` or `08` never turn into something else.
"""

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from dlm.errors import SpecError
from dlm.landmark_specs.texts import read_text, too_large

MAX_BYTES = 1 << 20
MAX_DEPTH = 8
MAX_NODES = 100_000
MAX_SHOWN = 60  # characters of a found value that a message repeats
_SMALLER = f"a layout has at most {MAX_BYTES:,}"

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Place:
    """A line and column of a file, counted from 1."""

    source: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}"


@dataclass(eq=False)
class Scalar:
    """One value, as it was written."""

    place: Place
    text: str
    plain: bool  # written without quotes


@dataclass(eq=False)
class Sequence:
    """An ordered list of nodes."""

    place: Place
    items: list["Node"] = field(default_factory=list)


@dataclass(eq=False)
class Mapping:
    """Keys in the order of the file; each occurs once."""

    place: Place
    keys: dict[str, Scalar] = field(default_factory=dict)
    values: dict[str, "Node"] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


def shown(text: str) -> str:
    """Return `text` quoted and short enough for a message."""
    cut = text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."
    return repr(cut)


def describe(node: Node) -> str:
    """Say what a node is, for 'found ...'."""
    if isinstance(node, Scalar):
        quoted = "" if node.plain else "the quoted text "
        return quoted + shown(node.text) if node.text or quoted else "nothing"
    if isinstance(node, Sequence):
        return f"a list of {len(node.items)}"
    return f"a mapping of {len(node.keys)}"


def read_file(path: Path) -> str:
    """Return the text of a YAML file; SpecError where it is too large, no UTF-8, or not there."""
    return read_text(path, MAX_BYTES, _SMALLER)


def read_nodes(text: str, source: str) -> Node:
    """Return the one document of `text`; raises SpecError with file:line:column."""
    start = Place(source, 1, 1)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise too_large(size, str(start), _SMALLER)
    builder = _Builder(source)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(source, mark.line + 1, mark.column + 1) if mark else start
        problem = error.problem or error.context or "this"
        raise SpecError(
            f"not valid YAML: {problem}", str(place), "mend the syntax around here"
        ) from None
    except (yaml.YAMLError, UnicodeError) as error:  # characters YAML has no place for
        reason = getattr(error, "reason", None) or "bytes that are no text"
        raise SpecError(
            f"not valid YAML: {reason}", str(start), "save the file as plain UTF-8 text"
        ) from None
    if builder.root is None:
        raise SpecError("the file is empty", str(start), "start from a file of `dlm spec list`")
    return builder.root


class _Builder:
    """Builds the tree from a flat stream of events: no recursion, so no depth can hurt it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.start = Place(source, 1, 1)
        self.root: Node | None = None
        self.count = 0
        self.stack: list[Sequence | Mapping] = []
        self.pending: list[Scalar | None] = []  # for each open mapping, the key without a value

    def take(self, event: yaml.Event) -> None:
        """Take one parser event."""
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            self._refuse(event, "a second document", "keep one layout a file")
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.stack.pop()
            self.pending.pop()
        elif isinstance(event, yaml.NodeEvent):
            self._check_plain(event)
            self._add(event)

    def _refuse(self, event: yaml.Event, what: str, way_out: str) -> None:
        raise SpecError(what, str(self._place(event)), way_out)

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self.source, mark.line + 1, mark.column + 1) if mark else self.start

    def _check_plain(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"an alias, *{event.anchor}", "write the value out")
        if event.anchor is not None:
            self._refuse(event, f"an anchor, &{event.anchor}", "write each value out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._refuse(event, f"a tag, {shown(tag)}", "write the plain value")
        self.count += 1
        if self.count > MAX_NODES:
            self._refuse(event, f"more than {MAX_NODES:,} values", "a layout is smaller than that")
        if len(self.stack) >= MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels", "flatten it")

    def _add(self, event: yaml.NodeEvent) -> None:
        place = self._place(event)
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = Scalar(place, event.value, not event.style)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Sequence(place)
        else:
            node = Mapping(place)
        self._attach(node)
        if not isinstance(node, Scalar):
            self.stack.append(node)
            self.pending.append(None)

    def _attach(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        key = self.pending[-1]
        if key is not None:
            parent.values[key.text] = node
            self.pending[-1] = None
        elif not isinstance(node, Scalar):
            raise SpecError(f"{describe(node)} as a key", str(node.place), "keys are names")
        elif node.text in parent.keys:
            first = parent.keys[node.text].place.line
            raise SpecError(
                f"the key {shown(node.text)} again, first on line {first}",
                str(node.place), "remove or rename one",
            )  # fmt: skip
        else:
            parent.keys[node.text] = node
            self.pending[-1] = node
