"""A vendor's JSON as plain values, read so strictly that nothing is guessed.

Objects become dicts, arrays lists; numbers stay as they were printed (``Number``); a key that an object
holds twice, with different values, becomes ``Ambiguous``.
"""

import json
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from exporter.errors import InvalidResponse
from exporter.providers.numbers import Number

Value: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """All values of a key that one object holds more than once and not always alike, in the vendor's order."""

    values: tuple[Value, ...]


def read_json(body: bytes) -> Value:
    """Return the values of a JSON payload.

    Raises:
        InvalidResponse: the body is empty, no UTF-8, no JSON, or nested beyond reason.
    """
    try:
        # RFC 8259 lets a reader skip a byte order mark; PHP files saved by some editors send one.
        text = body.decode("utf-8-sig")
        if text.strip():
            return _DECODER.decode(text)
        raise InvalidResponse("the answer is empty")
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    except json.JSONDecodeError as error:
        reason = f"{error.msg} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        reason = "it is nested too deeply"
    # Raised here, so that the vendor's text, which those errors carry, does not travel along.
    raise InvalidResponse(f"the answer is not JSON: {reason}")


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidResponse(f"the answer is not JSON: {name} is no number")


def _join_pairs(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
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


_DECODER = json.JSONDecoder(
    parse_int=Number, parse_float=Number, parse_constant=_refuse_constant, object_pairs_hook=_join_pairs
)
