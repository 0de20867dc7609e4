"""Which of a customer's categories are shown: the option ``include``, and a cap that always falls alike.

Categories are free text that senders choose, often thousands of them, so nobody shows them all.
"""

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from exporter.config import mistake, mistakes, repeated

_FEWEST_SLASHES = 2


@dataclass(frozen=True, slots=True)
class IncludedNames:
    """Reads the option ``include``: a list of exact names and of regular expressions between slashes."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Let pydantic read the option, and write it as it was written."""
        return core_schema.no_info_plain_validator_function(
            self._read, serialization=core_schema.plain_serializer_function_ser_schema(list)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the option as a list of strings."""
        item = {"type": "string", "minLength": 1, "examples": ["Newsletter", "/^promo-/"]}
        return {"type": "array", "items": item, "minItems": 1, "uniqueItems": True}

    def _read(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list | tuple):
            raise mistake("must be a list of categories; write a regular expression between slashes, like /^promo-/")
        if not value:
            raise mistake("can't be empty; leave it out to allow every category, or set enabled: false")
        again = repeated(value)
        faults = ((place, _fault(entry, is_repeated=place in again)) for place, entry in enumerate(value))
        if wrong := [((place,), message) for place, message in faults if message]:
            raise mistakes(wrong)
        return tuple(value)


def _fault(entry: object, *, is_repeated: bool) -> str:
    if not isinstance(entry, str) or not entry:
        return "must hold names of categories; write each in quotes"
    if _is_expression(entry):
        try:
            _compiled(entry)
        except (re.error, RecursionError, OverflowError) as error:
            return f"{entry!r:.64} is no regular expression ({error}); correct it"
    return f"{entry!r:.64} stands in the list twice; remove one of them" if is_repeated else ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The categories that are shown of a customer, and how many allowed ones there is no room for."""

    names: Sequence[str]
    left_out: int


def choose(listed: Iterable[str], include: Sequence[str], most: int) -> Choice:
    """Return at most ``most`` of the listed categories that ``include`` allows; without one it allows all.

    Those that an earlier entry of ``include`` allows come first, and among them the alphabet decides, so that
    the same categories are shown at every fetch, whatever order the vendor lists them in.
    """
    ranked = sorted((rank, name) for name in set(listed) if (rank := _rank(name, include)) is not None)
    return Choice([name for _, name in ranked[:most]], max(0, len(ranked) - most))


def _rank(name: str, include: Sequence[str]) -> int | None:
    if not include:
        return 0
    return next((rank for rank, entry in enumerate(include) if _allows(entry, name)), None)


def _allows(entry: str, name: str) -> bool:
    return _compiled(entry).search(name) is not None if _is_expression(entry) else entry == name


# An entry is of the configuration, so there are few; Python's own memory of expressions holds 512 of all there are.
@cache
def _compiled(entry: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        # What a later Python may read in another way is no mistake now.
        warnings.simplefilter("ignore")
        return re.compile(entry[1:-1])


def _is_expression(entry: str) -> bool:
    return len(entry) >= _FEWEST_SLASHES and entry[0] == entry[-1] == "/"
