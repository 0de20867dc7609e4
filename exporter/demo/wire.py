"""What passes over the wire between a caller and a stand-in vendor, and what a vendor's dialect must answer."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from exporter.demo.world import Story


class Fields(Mapping[str, str]):
    """The fields of a form or a query; of one sent twice the last counts, as in PHP, unless ``every`` is asked for."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        """Keep the fields in the order in which they came."""
        self._pairs = tuple(pairs)
        self._last = dict(self._pairs)

    def __getitem__(self, name: str) -> str:
        """Return the last value of a field."""
        return self._last[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names, each once."""
        return iter(self._last)

    def __len__(self) -> int:
        """Return how many names there are."""
        return len(self._last)

    def every(self, *names: str) -> list[str]:
        """Return all values of the fields of these names, in the order in which they came."""
        return [value for name, value in self._pairs if name in names]

    def without(self, *names: str) -> dict[str, str]:
        """Return all fields but these; the values of one sent twice are joined by commas."""
        return {name: ",".join(self.every(name)) for name in self if name not in names}


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request as it arrived.

    Attributes:
        headers: by name in lower case.
    """

    verb: str
    path: str
    form: Fields = field(default_factory=Fields, repr=False)
    query: Fields = field(default_factory=Fields, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Manner(StrEnum):
    """How an answer is sent: whole, or in one of the ways in which a vendor's network fails."""

    WHOLE = "whole"
    HANG = "hang"
    """Nothing is sent, and the connection stays open."""
    DROP = "drop"
    """The connection is reset without an answer."""
    CUT = "cut"
    """The connection is closed in the middle of the body."""
    DRIP = "drip"
    """A byte at a time, each just before a timeout per read would end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response, and how it is sent; ``type`` is what its body says it is."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = Manner.WHOLE
    type: str = "application/json"


def json_answer(value: Any, status: int = 200) -> Answer:
    """Return an answer whose body is a value as JSON."""
    return Answer(status, json.dumps(value).encode())


class Refused(Exception):
    """A call that a vendor answers with an error; raised and caught within its dialect."""

    def __init__(self, answer: Answer) -> None:
        """Keep the answer."""
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """A way to fail calls: of an API, for a customer (``user``), of a kind (``call``); None means any."""

    answer: Answer
    user: str | None = None
    call: str | None = None
    api: str | None = None

    def strikes(self, api: str, users: Collection[str], call: str | None) -> bool:
        """Tell whether this fault is for a call of that kind to that API for these customers."""
        return self.api in (None, api) and self.call in (None, call) and (self.user is None or self.user in users)


class Dialect(Protocol):
    """One vendor API over HTTP: it turns a call into words of a story."""

    @property
    def name(self) -> str:
        """Return what the stand-in's log and faults call it."""

    @property
    def too_many(self) -> Answer:
        """Return the answer to a call over the rate limit."""

    @property
    def tells_limit(self) -> bool:
        """Return whether every answer's headers tell of the rate limit, where there is one."""

    def owns(self, path: str) -> bool:
        """Tell whether a path belongs to this API."""

    def kind(self, call: Call) -> str | None:
        """Return the name of the collector that makes such a call, None if none does."""

    def users(self, call: Call) -> Collection[str]:
        """Return whose numbers a call asks for; none where it is about nobody."""

    def forbidden(self, call: Call) -> bool:
        """Tell whether a call would change something at the vendor, or shows a secret in its URL."""

    def public_form(self, call: Call) -> Mapping[str, str]:
        """Return what a call says in its form and its query, without its secret."""

    def answer(self, call: Call, story: Story) -> Answer:
        """Answer a call as the vendor does."""
