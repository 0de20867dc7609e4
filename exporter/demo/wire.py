"""What passes over the wire between a caller and a stand-in vendor, and what a vendor's dialect must answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from exporter.demo.world import Story


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request as it arrived; of a field sent twice the last one counts, as in PHP.

    Attributes:
        headers: by name in lower case.
    """

    verb: str
    path: str
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
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
    """One HTTP response, and how it is sent."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = Manner.WHOLE


def json_answer(value: Any, status: int = 200) -> Answer:
    """Return an answer whose body is a value as JSON."""
    return Answer(status, json.dumps(value).encode())


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """A way to fail the calls for a customer (``user``), of a kind (``call``), or both; None means any."""

    answer: Answer
    user: str | None = None
    call: str | None = None

    def strikes(self, user: str | None, call: str | None) -> bool:
        """Tell whether this fault is for a call of that kind and customer."""
        return self.user in (None, user) and self.call in (None, call)


class Dialect(Protocol):
    """One vendor API over HTTP: it turns a call into words of a story."""

    def owns(self, path: str) -> bool:
        """Tell whether a path belongs to this API."""

    def kind(self, call: Call) -> str | None:
        """Return the name of the collector that makes such a call, None if none does."""

    def user(self, call: Call) -> str | None:
        """Return whose numbers a call asks for."""

    def forbidden(self, call: Call) -> bool:
        """Tell whether a call would change something at the vendor, or shows a secret in its URL."""

    def public_form(self, call: Call) -> Mapping[str, str]:
        """Return the form of a call without its secret."""

    def answer(self, call: Call, story: Story) -> Answer:
        """Answer a call as the vendor does."""
