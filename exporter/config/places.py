"""Where each value of a file stands, worked out only once a mistake has to be shown."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

Path: TypeAlias = tuple[str | int, ...]

MERGE = "tag:yaml.org,2002:merge"
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_SHOWN = 64
# Valid JSON is taken for granted: the parser has been over it.
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|[^\s\[\]{}:,"]+')


@dataclass(slots=True)
class Place:
    """The line of a value, how a single value is spelt, and the places of what is within it."""

    line: int
    text: str | None = None
    within: dict[str | int, "Place"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Twice:
    """A key that stands twice in one mapping, with the lines of both."""

    path: Path
    line: int
    first_line: int


def show_path(path: Path) -> str:
    """Return a path as ``sources[0].customers[2].user``; a key of odd characters is shown quoted and escaped."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{show(part)}]"
    return text


def show(text: str) -> str:
    """Return a text in double quotes, short and fit for one line of a terminal."""
    short = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
    escaped = (each if each.isprintable() else each.encode("unicode_escape").decode() for each in short)
    return '"' + "".join(escaped) + '"'


def find(place: Place, path: Path) -> tuple[Place, bool]:
    """Return the place of a path, or of its deepest part that there is; and whether it was found whole."""
    for part in path:
        if part not in place.within:
            return place, False
        place = place.within[part]
    return place, True


def yaml_places(node: yaml.Node) -> Place:
    """Return the places in a YAML document; an alias stands where it is used, what is in it where it is written."""
    return _Walk().place(node, node.start_mark.line + 1)


class _Walk:
    """One walk over a node tree; a node that aliases share is walked once."""

    def __init__(self) -> None:
        self._known: dict[int, dict[str | int, Place]] = {}

    def place(self, node: yaml.Node, line: int) -> Place:
        if isinstance(node, yaml.ScalarNode):
            return Place(line, node.value)
        if id(node) not in self._known:
            self._known[id(node)] = dict(self._within(node))
        return Place(line, None, self._known[id(node)])

    def _within(self, node: yaml.Node) -> Iterator[tuple[str | int, Place]]:
        if isinstance(node, yaml.SequenceNode):
            for index, each in enumerate(node.value):
                yield index, self.place(each, each.start_mark.line + 1)
            return
        own: dict[str | int, Place] = {}
        merged: dict[str | int, Place] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag == MERGE:
                for each in merge_parts(value):
                    merged = {**self.place(each, line).within, **merged}
            elif isinstance(key, yaml.ScalarNode):
                own.setdefault(key.value, self.place(value, line))
        yield from {**merged, **own}.items()


def merge_parts(value: yaml.Node) -> Sequence[yaml.Node]:
    """Return the mappings that a merge key (``<<``) takes in."""
    return value.value if isinstance(value, yaml.SequenceNode) else [value]


def json_places(text: str) -> tuple[Place, Sequence[Twice]]:
    """Return the places in a valid JSON document, and the keys that stand twice."""
    root = Place(1)
    twice: list[Twice] = []
    # Each open object or list: its place, its path, and whether it is an object.
    opened: list[tuple[Place, Path, bool]] = []
    key: tuple[str, int] | None = None
    for mark, line in _tokens(text):
        if mark in ("]", "}"):
            opened.pop()
            continue
        if opened and opened[-1][2] and key is None:
            key = (_unquote(mark), line)
            continue
        place, path = _put(opened, key, mark, line, twice) if opened else (Place(line, mark), ())
        root = root if opened else place
        key = None
        if mark in ("[", "{"):
            place.text = None
            opened.append((place, path, mark == "{"))
    return root, twice


def _put(
    opened: Sequence[tuple[Place, Path, bool]], key: tuple[str, int] | None, token: str, line: int, twice: list[Twice]
) -> tuple[Place, Path]:
    """Put a value into the innermost open object or list; the first of two equal keys stays."""
    parent, path, _ = opened[-1]
    part: str | int = len(parent.within) if key is None else key[0]
    place = Place(line if key is None else key[1], token)
    path = (*path, part)
    if part in parent.within:
        twice.append(Twice(path, place.line, parent.within[part].line))
    else:
        parent.within[part] = place
    return place, path


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line, end = 1, 0
    for match in _JSON_TOKEN.finditer(text):
        line += text.count("\n", end, match.start())
        end = match.start()
        yield match[0], line


def _unquote(token: str) -> str:
    key: str = json.loads(token)
    return key
