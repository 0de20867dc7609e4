"""What of the status is asked for: the parameters of the page and of its JSON, which are the same."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from exporter.errors import BadQuery

_MOST_ROWS = 1_000
# Neither a number that takes long to read, nor a text that takes long to look for.
_LONGEST_NUMBER = 9
_LONGEST_TEXT = 200

_Choice = TypeVar("_Choice", bound=StrEnum)


class State(StrEnum):
    """How it goes with the fetches of one collector for one customer; the worst first."""

    STALE = "stale"
    FAILING = "failing"
    PAUSED = "paused"
    WAITING = "waiting"
    OK = "ok"


class Order(StrEnum):
    """What rows can be ordered by."""

    STATE = "state"
    CUSTOMER = "customer"
    SOURCE = "source"
    COLLECTOR = "collector"
    AGE = "age"
    NEXT = "next"
    SERIES = "series"
    ERROR = "error"


class Direction(StrEnum):
    """Which way round rows are ordered."""

    ASCENDING = "asc"
    DESCENDING = "desc"


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows are asked for, in which order, and which page of them.

    Attributes:
        search: text that the customer's name or the last error has, whatever the case of its letters.
        source, collector, state: one of these each; empty for any.
        sort: what the rows are ordered by.
        order: ``desc`` for the other way round.
        page: which page, from 1 on.
        limit: rows of a page.
    """

    search: str = ""
    source: tuple[str, ...] = ()
    collector: tuple[str, ...] = ()
    state: tuple[State, ...] = ()
    sort: Order = Order.STATE
    order: Direction = Direction.ASCENDING
    page: int = 1
    limit: int = 50

    @classmethod
    def read(cls, parameters: Iterable[tuple[str, str]]) -> "Query":
        """Return what the parameters of an address ask for; an empty one asks for nothing.

        Raises:
            BadQuery: there is no such parameter, or it can't have this value.
        """
        given: dict[str, list[str]] = {}
        for name, value in parameters:
            if name not in _READERS:
                raise BadQuery(f"there is no parameter {_quoted(name)}; there are: {', '.join(_READERS)}")
            if value:
                given.setdefault(name, []).append(value)
        return cls(**{name: _READERS[name](name, values) for name, values in given.items()})

    @property
    def is_descending(self) -> bool:
        """Whether the order is turned round."""
        return self.order == Direction.DESCENDING

    def link(self, **changes: Any) -> str:
        """Return the address of another query on the same page: this one with changes, and its first page."""
        other = replace(self, **{"page": 1, **changes})
        parameters = [
            (field.name, str(value))
            for field in fields(other)
            if getattr(other, field.name) != field.default
            for value in _values(getattr(other, field.name))
        ]
        # A name may hold half a character, which no address can.
        return f"?{urlencode(parameters, errors='replace')}"


def _values(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _text(name: str, values: list[str]) -> str:
    text = _only(name, values)
    if len(text) > _LONGEST_TEXT:
        raise BadQuery(f"{name} must be at most {_LONGEST_TEXT} characters long")
    return text


def _names(_: str, values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _choices(kind: type[_Choice]) -> Callable[[str, list[str]], tuple[_Choice, ...]]:
    return lambda name, values: tuple(dict.fromkeys(_one_of(kind, name, value) for value in values))


def _choice(kind: type[_Choice]) -> Callable[[str, list[str]], _Choice]:
    return lambda name, values: _one_of(kind, name, _only(name, values))


def _one_of(kind: type[_Choice], name: str, value: str) -> _Choice:
    if value not in {each.value for each in kind}:
        raise BadQuery(f"{name} must be one of {', '.join(kind)}, not {_quoted(value)}")
    return kind(value)


def _number(most: int | None) -> Callable[[str, list[str]], int]:
    def read(name: str, values: list[str]) -> int:
        value = _only(name, values)
        is_number = value.isascii() and value.isdecimal() and len(value) <= _LONGEST_NUMBER
        if not is_number or int(value) < 1 or (most is not None and int(value) > most):
            bounds = "a whole number from 1 on" if most is None else f"a whole number from 1 to {most:,}"
            raise BadQuery(f"{name} must be {bounds}, not {_quoted(value)}")
        return int(value)

    return read


def _only(name: str, values: list[str]) -> str:
    if len(values) > 1:
        raise BadQuery(f"{name} may be given once")
    return values[0]


def _quoted(value: str) -> str:
    return ascii(value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…")


_READERS: Mapping[str, Callable[[str, list[str]], Any]] = {
    "search": _text,
    "source": _names,
    "collector": _names,
    "state": _choices(State),
    "sort": _choice(Order),
    "order": _choice(Direction),
    "page": _number(None),
    "limit": _number(_MOST_ROWS),
}
