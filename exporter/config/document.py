"""A configuration file as plain values, YAML or JSON, refused where a reader would guess what was meant."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from exporter.config.places import Path as KeyPath
from exporter.config.places import Place, find, json_places, show_path, yaml_places
from exporter.config.yaml_reader import YamlFault, compose, read_yaml
from exporter.errors import ConfigError, Problem

_DIGITS = re.compile(r"[0-9]{4000,}")


@dataclass
class Document:
    """What a file holds, and where.

    Attributes:
        file: its name, as the user gave it.
        text: all of it.
        data: its values; a mapping, for a configuration.
        problems: mistakes that left values to look at: duplicate keys, odd tags.
    """

    file: str
    text: str
    data: Any
    problems: tuple[Problem, ...] = ()

    @property
    def is_json(self) -> bool:
        """Whether the file is JSON, by its name."""
        return is_json(self.file)

    @cached_property
    def _places(self) -> Place:
        # Made for the first mistake alone: it takes as long again as reading the file.
        if self.is_json:
            return json_places(self.text)[0]
        node = compose(self.text)
        return Place(1) if node is None else yaml_places(node)

    def problem(self, path: KeyPath, message: str) -> Problem:
        """Return a mistake at a path, with the line of the path or of the deepest part of it that there is."""
        return Problem(self.file, find(self._places, path)[0].line, show_path(path), message)

    def spelling(self, path: KeyPath) -> str | None:
        """Return how the file spells the single value at a path; None where there is none."""
        place, is_whole = find(self._places, path)
        return place.text if is_whole else None


def is_json(file: str) -> bool:
    """Tell whether a file is read as JSON: its name ends in ``.json``."""
    return file.lower().endswith(".json")


def read(
    path: Path, key: str = "sources", remedy: str | None = "config.example.yaml shows what goes into it"
) -> Document:
    """Read a configuration file whole; ``key`` is one of its keys, and without a ``remedy`` it may be empty.

    Raises:
        ConfigError: it can't be read, is not UTF-8, is broken, or is no mapping.
    """
    document = parse(path, read_text(path), remedy)
    if not isinstance(document.data, dict):
        wrong = Problem(document.file, 1, "", f"the file must be a mapping of keys, such as `{key}:`")
        raise ConfigError(document.problems or (wrong,))
    return document


def parse(path: Path, text: str, remedy: str | None) -> Document:
    """Read the text of a file, YAML or JSON by its name.

    ``remedy`` says what to write into an empty one; without it an empty file is an empty mapping.

    Raises:
        ConfigError: the text is broken, or empty.
    """
    file = str(path)
    data, problems = _json(file, text) if is_json(file) else _yaml(file, text)
    if data is None and not problems:
        if remedy is not None:
            _refuse(file, None, f"the file is empty; {remedy}")
        data = {}
    return Document(file, text, data, problems)


def _refuse(file: str, line: int | None, message: str) -> NoReturn:
    # The parsers' own errors quote the file, and so perhaps a secret.
    raise ConfigError([Problem(file, line, "", message)]) from None


def read_text(path: Path) -> str:
    """Return the text of a file, without a byte order mark.

    Raises:
        ConfigError: it can't be read, or is not UTF-8.
    """
    file = str(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        _refuse(file, None, f"the file can't be read ({error.strerror}); check the path and its permissions")
    except ValueError:
        _refuse(file, None, "is no path")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(file, content.count(b"\n", 0, error.start) + 1, "the file is not UTF-8 text; save it as UTF-8")


def _yaml(file: str, text: str) -> tuple[Any, tuple[Problem, ...]]:
    try:
        data, faults = read_yaml(text)
    except YamlFault as fault:
        _refuse(file, fault.line, fault.message)
    return data, tuple(Problem(file, fault.line, show_path(fault.path), fault.message) for fault in faults)


def _json(file: str, text: str) -> tuple[Any, tuple[Problem, ...]]:
    if not text.strip():
        return None, ()
    has_twice = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal has_twice
        # The first of two equal keys stays, as in YAML.
        found = dict(pairs)
        if len(found) != len(pairs):
            has_twice = True
            return dict(reversed(pairs))
        return found

    try:
        data = json.loads(text, object_pairs_hook=members, parse_constant=_constant)
    except json.JSONDecodeError as error:
        _refuse(file, error.lineno, f"is not valid JSON: {error.msg.partition(':')[0]}")
    except RecursionError:
        _refuse(file, None, "is nested too deeply")
    except _ConstantError:
        _refuse(file, None, "is not valid JSON: NaN and Infinity are no numbers")
    except ValueError:
        # Python reads no whole number of more than 4,300 digits.
        long = _DIGITS.search(text)
        _refuse(file, text.count("\n", 0, long.start()) + 1 if long else None, "holds a number of too many digits")
    problems = (
        Problem(file, each.line, show_path(each.path), twice_message(each.first_line))
        for each in (json_places(text)[1] if has_twice else ())
    )
    return data, tuple(problems)


class _ConstantError(ValueError):
    """A JSON file holds NaN or Infinity, which Python reads and JSON does not know."""


def _constant(name: str) -> NoReturn:
    raise _ConstantError(name)


def twice_message(first_line: int) -> str:
    """Return what to say of a key that stands twice in one mapping."""
    return f"duplicate key, it stands in line {first_line} already; remove one of the two"
