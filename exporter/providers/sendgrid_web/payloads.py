"""What SendGrid's Web API answers, judged before anyone looks at it.

A payload comes as plain values (dicts, lists, texts, ``Number``), whatever format they were sent in;
what the values mean is decided in ``api``.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from exporter.errors import InvalidResponse
from exporter.providers.documents import Ambiguous

Parsed = TypeVar("Parsed")

_NOT_SENT = (None, "", "0000-00-00")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Record:
    """One object of a payload, read field by field.

    Attributes:
        what: what it is called in an error's text.
        members: the object.
        reject: told of each optional field that was left out because it is ill-formed.
    """

    what: str
    members: Mapping[str, Any]
    reject: Callable[[], None]

    def require(self, field: str, parse: Callable[[Any], Parsed | None], wanted: str) -> Parsed:
        """Return a field's value; ``parse`` gives None for one that is ill-formed.

        Raises:
            InvalidResponse: it was not sent, or is no ``wanted``.
        """
        value = self._value(field)
        parsed = None if value is None else parse(value)
        if parsed is None:
            fault = "is missing" if value is None else f"is no {wanted}"
            raise InvalidResponse(f"{self.what}: {field} {fault}")
        return parsed

    def find(self, field: str, parse: Callable[[Any], Parsed | None]) -> Parsed | None:
        """Return a field's value, or None if it was not sent or is ill-formed.

        Raises:
            InvalidResponse: it was sent twice, with different values.
        """
        value = self._value(field)
        if value is None:
            return None
        parsed = parse(value)
        if parsed is None:
            self.reject()
        return parsed

    def _value(self, field: str) -> Any:
        value = self.members.get(field)
        if isinstance(value, Ambiguous):
            raise InvalidResponse(f"{self.what}: {field} was sent twice, with different values")
        return None if value in _NOT_SENT else value


def real_day(value: object) -> date | None:
    """Return the date of a text ``YYYY-MM-DD``, or None where no such day is in the calendar."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def plain_text(value: object) -> str | None:
    """Return a text that can be a label value: of moderate length, on one line, without control characters."""
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        return None
    # JSON can hold half of a surrogate pair (Cs), which no UTF-8 page can.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
        return None
    return value


def refusal(document: Any) -> str | None:
    """Return the vendor's words if the payload is one of its error bodies, else None.

    Data may be an object too (totals, overview), but without ``error``, ``errors`` or ``message``. The one
    message that is no error is ``success``.
    """
    if not isinstance(document, dict):
        return None
    if "error" in document or "errors" in document or document.get("message", "success") != "success":
        return next(_words(document), "")
    return None


def quotable(words: str) -> str | None:
    """Return the vendor's words on one line without unprintable characters, or None if they are too long."""
    line = " ".join("".join(character if character.isprintable() else " " for character in words).split())
    return line if len(line) <= _LONGEST_TEXT else None


def _words(document: Mapping[str, Any]) -> Iterator[str]:
    errors = document.get("errors")
    listed = errors if isinstance(errors, list) else [errors]
    for candidate in (document.get("error"), *listed, document.get("message")):
        said = candidate.get("message") if isinstance(candidate, dict) else candidate
        if isinstance(said, str):
            yield said
