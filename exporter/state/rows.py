"""What is kept, as bytes: each row with a checksum, so that a flipped bit is found before it is shown."""

import json
from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Any
from zlib import crc32

from exporter.errors import CorruptState, Reason
from exporter.samples import Family
from exporter.state.kept import NOTHING_RARE, Kept, Rare, Row, Series

_CHECK = Struct("<I")
_HEAD = Struct("<I3d8s")
_WHERE = Struct("<qq")
_DOUBLE = 8


def pack_row(row: Row, layout: int) -> bytes:
    """Return the content of a row whose series are those of a layout."""
    kept = row.kept
    times = kept.since, kept.last_success, kept.last_attempt
    rest = b"" if kept.rare == NOTHING_RARE else _pack_rare(kept.rare)
    body = _HEAD.pack(0, *times, kept.settings)[_CHECK.size :] + kept.numbers + rest
    return _CHECK.pack(_check_of(row.scope, row.customer, layout, body)) + body


def check_row(scope: int, customer: bytes, layout: int, content: bytes) -> None:
    """See to it that a row is what was written.

    Raises:
        CorruptState: it is not.
    """
    if len(content) < _HEAD.size or _CHECK.unpack_from(content)[0] != _check_of(scope, customer, layout, content[4:]):
        raise CorruptState("a row is not what was written")


def unpack_row(series: tuple[Series | None, ...], families: Mapping[str, Family], content: bytes) -> Kept:
    """Return what a row keeps; a series that this version does not know is None, and left out."""
    _, since, last_success, last_attempt, settings = _HEAD.unpack_from(content)
    end = _HEAD.size + _DOUBLE * len(series)
    numbers, rest = content[_HEAD.size : end], content[end:]
    rare = _unpack_rare(rest, families) if rest else NOTHING_RARE
    if None in series:
        known = [(each, numbers[at : at + _DOUBLE]) for each, at in zip(series, range(0, end, _DOUBLE), strict=False)]
        series, numbers = (
            tuple(each for each, _ in known if each),
            b"".join(number for each, number in known if each),
        )
    return Kept(series, numbers, since, last_success, last_attempt, settings, rare)  # type: ignore[arg-type]  # no None is left


def pack_series(series: Sequence[Series]) -> bytes:
    """Return series as bytes, without their values."""
    return seal(_written([[family.name, *labels] for family, labels in series]))


def unpack_series(content: bytes) -> list[list[str]]:
    """Return the name and the label values of each series.

    Raises:
        CorruptState: these are not the bytes that were written.
    """
    series: list[list[str]] = json.loads(unseal(content))
    return series


def known_series(written: Sequence[Sequence[str]], families: Mapping[str, Family]) -> tuple[Series | None, ...]:
    """Return series as this version knows them, and None for each that it does not know."""
    return tuple(_series(each, families) for each in written)


def seal(body: bytes) -> bytes:
    """Return bytes with a checksum before them."""
    return _CHECK.pack(crc32(body)) + body


def unseal(content: bytes) -> bytes:
    """Return the bytes behind a checksum.

    Raises:
        CorruptState: these are not the bytes that were sealed.
    """
    if len(content) < _CHECK.size or _CHECK.unpack_from(content)[0] != crc32(content[_CHECK.size :]):
        raise CorruptState("a value is not what was written")
    return content[_CHECK.size :]


def _check_of(scope: int, customer: bytes, layout: int, body: bytes) -> int:
    return crc32(body, crc32(customer, crc32(_WHERE.pack(scope, layout))))


def _series(written: Sequence[str], families: Mapping[str, Family]) -> Series | None:
    family, labels = families.get(written[0]), tuple(written[1:])
    return (family, labels) if family is not None and len(family.labels) == len(labels) else None


def _pack_rare(rare: Rare) -> bytes:
    written: dict[str, Any] = {name: value for name, value in rare._asdict().items() if value}
    if rare.marks:
        written["marks"] = [[value, family.name, *labels] for (family, labels), value in rare.marks.items()]
    return _written(written)


def _unpack_rare(rest: bytes, families: Mapping[str, Family]) -> Rare:
    written = json.loads(rest)
    pairs = ((_series(name, families), value) for value, *name in written.get("marks", ()))
    reasons = set(Reason)
    reason = written.get("reason")
    return Rare(
        # A later version may have had a reason that this one has no word for.
        reason=None if reason is None else Reason(reason) if reason in reasons else Reason.INTERNAL,
        error=written.get("error", ""),
        marks={series: float(value) for series, value in pairs if series},
        held=written.get("held", {}),
        corrections=written.get("corrections", {}),
        left_out=written.get("left_out", {}),
        memory=written.get("memory", ""),
    )


def _written(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
