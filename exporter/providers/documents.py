"""A vendor's JSON as plain values, read so strictly that nothing is guessed.

Objects become dicts, arrays lists; numbers stay as they were printed (``Number``); a key that an object
holds twice, with different values, becomes ``Ambiguous``.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn, TypeAlias

from exporter.errors import InvalidResponse
from exporter.providers.numbers import Number

Value: TypeAlias = Any
Shrink: TypeAlias = Callable[[Mapping[str, Value]], Value]
"""Replaces an object by what is needed of it, so that the rest is not kept; the same function at every call."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """All values of a key that one object holds more than once and not always alike, in the vendor's order."""

    values: tuple[Value, ...]


def is_blank(body: bytes) -> bool:
    """Return whether a payload holds nothing but white space, and perhaps a byte order mark."""
    return not body.removeprefix(b"\xef\xbb\xbf").strip()


def read_json(body: bytes) -> Value:
    """Return the values of a JSON payload.

    Raises:
        InvalidResponse: the body is empty, no UTF-8, no JSON, or nested beyond reason.
    """
    return parse_json(json_text(body))


def json_text(body: bytes) -> str:
    """Return the text of a JSON payload.

    Raises:
        InvalidResponse: the body is empty or no UTF-8.
    """
    if is_blank(body):
        raise InvalidResponse("the answer is empty")
    try:
        # RFC 8259 lets a reader skip a byte order mark; PHP files saved by some editors send one.
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    raise InvalidResponse("the answer is not JSON: it is not UTF-8")


def parse_json(text: str, shrink: Shrink | None = None) -> Value:
    """Return the values of a JSON text; ``shrink`` replaces each object as soon as it is read.

    Raises:
        InvalidResponse: it is no JSON, or nested beyond reason.
    """
    try:
        return _decoder(shrink).decode(text)
    except json.JSONDecodeError as error:
        reason = f"{error.msg} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        reason = "it is nested too deeply"
    # Raised here, so that the vendor's text, which those errors carry, does not travel along.
    raise InvalidResponse(f"the answer is not JSON: {reason}")


def join_pairs(pairs: Sequence[tuple[str, Value]]) -> dict[str, Value]:
    """Return an object of these members; one that comes more than once, with different values, is ``Ambiguous``."""
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    sent: dict[str, list[Value]] = {}
    for key, value in pairs:
        sent.setdefault(key, []).append(value)
    return {
        key: values[0] if all(value == values[0] for value in values) else Ambiguous(tuple(values))
        for key, values in sent.items()
    }


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidResponse(f"the answer is not JSON: {name} is no number")


@cache
def _decoder(shrink: Shrink | None) -> json.JSONDecoder:
    def read_object(pairs: list[tuple[str, Value]]) -> Value:
        return join_pairs(pairs) if shrink is None else shrink(join_pairs(pairs))

    return json.JSONDecoder(
        parse_int=Number, parse_float=Number, parse_constant=_refuse_constant, object_pairs_hook=read_object
    )
