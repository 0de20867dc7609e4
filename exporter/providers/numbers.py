"""Numbers as vendors print them, read so strictly that a wrong one can't be taken for a right one."""

import re
from dataclasses import dataclass
from decimal import Decimal

# Up to here each whole number has a float64 of its own. Prometheus has no other
# numbers, so a greater one would be shown as one that the vendor never sent.
LARGEST = 2**53
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_WHOLE = 100
# Few enough digits for Decimal's default context to divide without rounding.
_DECIMAL = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,20})?", re.ASCII)
_MONEY = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,20})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a payload as it was printed, so that no digit is lost before someone asks for it."""

    text: str


def whole_number(value: object) -> int | None:
    """Return a whole number from 0 to ``LARGEST``, sent as a number or a string of ASCII digits; else None."""
    text = _text(value)
    if text is None or not _DIGITS.fullmatch(text):
        return None
    # int() refuses more than 4,300 digits with a ValueError; zeros in front don't make a number large.
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(LARGEST)):
        return None
    number = int(digits)
    return number if number <= LARGEST else None


def decimal_number(value: object) -> Decimal | None:
    """Return a number without sign or exponent, below a million, sent as a number or a string; else None."""
    text = _text(value)
    return Decimal(text) if text is not None and _DECIMAL.fullmatch(text) else None


def money(value: object) -> Decimal | None:
    """Return a sum of money without exponent, below a million millions; one that is given back is negative."""
    text = _text(value)
    return Decimal(text) if text is not None and _MONEY.fullmatch(text) else None


def percentage(value: object) -> Decimal | None:
    """Return a number from 0 to 100, sent as a number or a string; else None."""
    number = decimal_number(value)
    return number if number is not None and number <= _WHOLE else None


def _text(value: object) -> str | None:
    if isinstance(value, Number):
        return value.text
    return value if isinstance(value, str) else None
