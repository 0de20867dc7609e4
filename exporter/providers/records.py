"""One object of a vendor's payload, read field by field, so strictly that nothing is guessed."""

import re
import unicodedata
from collections.abc import Callable, Mapping
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

    @classmethod
    def of(cls, what: str, members: Any, reject: Callable[[], None]) -> "Record":
        """Return an object of a payload, to be read field by field.

        Raises:
            InvalidResponse: it is no object.
        """
        if not isinstance(members, dict):
            raise InvalidResponse(f"{what}: not an object")
        return cls(what, members, reject)

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


def any_text(value: object) -> str | None:
    """Return a text as it is, or None for anything else."""
    return value if isinstance(value, str) else None


def real_day(value: object) -> date | None:
    """Return the date of a text ``YYYY-MM-DD``, or None where no such day is in the calendar."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def plain_text(value: object, longest: int = _LONGEST_TEXT) -> str | None:
    """Return a text that can be a label value: of moderate length, on one line, without control characters."""
    if not isinstance(value, str) or len(value) > longest:
        return None
    # JSON can hold half of a surrogate pair (Cs), which no UTF-8 page can.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
        return None
    return value
