"""YAML as plain values: strings, numbers, true and false, lists and mappings of them, nothing else.

Dates are left as the text they are, since nothing in a configuration wants another; tags are refused.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from exporter.config.places import MERGE, Path, merge_parts

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML was built without libyaml: ten times slower, else the same
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]  # both compose the same nodes

_TAG = "tag:yaml.org,2002:"
_STRING = frozenset({_TAG + "str", _TAG + "timestamp", _TAG + "value", MERGE})
_DEEPEST = 64
# libyaml's composer calls itself for each level, in C, where too many levels end the whole process. No text
# whose lines and brackets are fewer than this comes near that; others are measured first.
_HARMLESS = 1000
_PLAIN = frozenset({_TAG + "map", _TAG + "seq"})
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff\ufeff]")
_QUOTED = re.compile(r" ?'[^']{4,}'")
_REMEDIES = {
    "found undefined alias": "an alias (*name) has no anchor; write a value that begins with * in quotes",
    "found character that cannot start any token": (
        "no value can begin with this character; write a value that begins with @, ` or % in quotes, and indent with "
        "spaces, not tabs"
    ),
    "mapping values are not allowed": (
        "a colon stands where no key can be; check the indentation, and write a value that holds a colon in quotes"
    ),
    "but found another document": "a second document begins here; a configuration is one, so remove the --- line",
}


class YamlFault(Exception):
    """A mistake in the YAML itself."""

    def __init__(self, line: int | None, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake in one value or key, that leaves the rest of the file readable."""

    line: int
    path: Path
    message: str


def compose(text: str) -> yaml.Node | None:
    """Return the node tree of a YAML document; None for an empty one.

    Raises:
        YamlFault: the text is no single YAML document, or nested too deeply.
    """
    if odd := _UNPRINTABLE.search(text):
        raise YamlFault(text.count("\n", 0, odd.start()) + 1, "holds a control character; remove it")
    try:
        if _might_be_deep(text):
            _check_depth(text)
        loader = _Loader(text)
        try:
            node: yaml.Node | None = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        # Not chained: its text quotes the file.
        raise _fault(error) from None
    except RecursionError:
        raise YamlFault(None, "is nested too deeply") from None
    return node


def _might_be_deep(text: str) -> bool:
    brackets = text.count("[") + text.count("{")
    return brackets > _HARMLESS or max(map(len, text.splitlines()), default=0) > _HARMLESS


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise _too_deep(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep(where: yaml.Node | yaml.Event) -> YamlFault:
    line = where.start_mark.line + 1 if where.start_mark else None
    return YamlFault(line, "is nested too deeply, or an alias stands within its own anchor")


def _fault(error: yaml.YAMLError) -> YamlFault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or "it can't be read"
    if problem == "second occurrence":
        problem = "an anchor (&name) stands twice"
    words = next((remedy for known, remedy in _REMEDIES.items() if problem.startswith(known)), None)
    context = getattr(error, "context", None)
    where = f" {context}" if context and words is None and context.startswith("while") else ""
    message = words or _QUOTED.sub("", problem) + where
    return YamlFault(mark.line + 1 if mark else None, f"is not valid YAML: {message}")


def read_yaml(text: str) -> tuple[Any, Sequence[Fault]]:
    """Return the values of a YAML document, and the faults that were left out of them.

    Raises:
        YamlFault: the text is no single YAML document, or nested too deeply.
    """
    node = compose(text)
    if node is None:
        return None, ()
    builder = _Builder()
    data = builder.build(node)
    return data, builder.faults(node)


class _Builder:
    """Builds values from nodes, at half the cost of PyYAML's constructors."""

    def __init__(self) -> None:
        self._done: dict[int, Any] = {}
        self._open: set[int] = set()
        self._found: list[tuple[yaml.Node, str | None, int, str]] = []
        self._constructor = SafeConstructor()

    def build(self, node: yaml.Node) -> Any:
        """Return the value of a node."""
        if node.__class__ is yaml.ScalarNode:
            return node.value if node.tag in _STRING else self._scalar(node)
        if id(node) in self._done:
            return self._done[id(node)]
        if id(node) in self._open or len(self._open) > _DEEPEST:
            raise _too_deep(node)
        self._open.add(id(node))
        if node.tag not in _PLAIN:
            self._blame(node, node, None, "has a YAML tag (!name), which means nothing here; remove it")
        value = self._mapping(node) if isinstance(node, yaml.MappingNode) else [self.build(each) for each in node.value]
        self._open.remove(id(node))
        self._done[id(node)] = value
        return value

    def _blame(self, owner: yaml.Node, culprit: yaml.Node, key: str | None, message: str) -> None:
        self._found.append((owner, key, culprit.start_mark.line + 1, message))

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            match node.tag.removeprefix(_TAG):
                case "null":
                    return None
                case "bool":
                    return self._constructor.construct_yaml_bool(node)
                case "int":
                    return self._constructor.construct_yaml_int(node)
                case "float":
                    return self._constructor.construct_yaml_float(node)
        # What a tag claims, its text need not be; and Python reads no number of 5,000 digits, nor a fraction after
        # as many parts as make hours, minutes and seconds of it (1:30:00.5).
        except (ValueError, LookupError, OverflowError):
            self._blame(
                node, node, None, "is no value that can be read; correct it, or write it in quotes if it is text"
            )
            return None
        self._blame(node, node, None, "has a YAML tag (!name), which means nothing here; write the value in quotes")
        return None

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] | None = None
        for key, value in node.value:
            if key.__class__ is not yaml.ScalarNode:
                self._blame(node, key, None, "a key must be a string, not a list or a mapping")
            elif key.tag not in _STRING:
                self._blame(node, key, None, "a key must be a string; write it in quotes")
            elif key.value in own or (key.tag == MERGE and merged is not None):
                self._blame(node, key, key.value, _twice(node, key.value))
            elif key.tag == MERGE:
                merged = self._merged(node, value)
            else:
                own[key.value] = self.build(value)
        return {**merged, **own} if merged else own

    def _merged(self, node: yaml.MappingNode, value: yaml.Node) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for each in merge_parts(value):
            part = self.build(each)
            if isinstance(part, dict):
                merged = {**part, **merged}
            else:
                self._blame(node, each, None, "the merge key << takes a mapping or a list of mappings")
        return merged

    def faults(self, root: yaml.Node) -> Sequence[Fault]:
        """Return what was found, with the paths."""
        if not self._found:
            return ()
        paths = dict(_paths(root, (), set()))
        return [
            Fault(line, paths.get(id(owner), ()) + (() if key is None else (key,)), message)
            for owner, key, line, message in self._found
        ]


def _twice(node: yaml.MappingNode, text: str) -> str:
    first = next(key.start_mark.line + 1 for key, _ in node.value if key.value == text)
    return f"duplicate key, it stands in line {first} already; remove one of the two"


def _paths(node: yaml.Node, path: Path, seen: set[int]) -> Iterator[tuple[int, Path]]:
    if id(node) in seen:
        return
    seen.add(id(node))
    yield id(node), path
    if isinstance(node, yaml.SequenceNode):
        for index, each in enumerate(node.value):
            yield from _paths(each, (*path, index), seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _paths(value, (*path, str(key.value)) if isinstance(key, yaml.ScalarNode) else path, seen)
