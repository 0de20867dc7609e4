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
    return _CHECK.pack(crc32(body, crc32(row.customer, crc32(_WHERE.pack(row.scope, layout))))) + body


class RowReader:
    """Reads rows of one scope whose series are those of one layout."""

    __slots__ = ("_check", "_end", "_families", "_is_known", "_series", "_size")

    def __init__(
        self, scope: int, layout: int, written: Sequence[Sequence[str]], families: Mapping[str, Family]
    ) -> None:
        """Prepare for the series of a layout, as they are written; what this version does not know is left out."""
        self._check = crc32(_WHERE.pack(scope, layout))
        self._families = families
        self._size = len(written)
        self._end = _HEAD.size + _DOUBLE * self._size
        series = [_series(each, families) for each in written]
        self._is_known = [each is not None for each in series]
        self._series = tuple(each for each in series if each is not None)

    def read(self, customer: bytes, content: bytes) -> Kept:
        """Return what a row keeps.

        Raises:
            CorruptState: it is not what was written.
        """
        end = self._end
        if len(content) < end:
            raise CorruptState("a row is too short")
        check, since, last_success, last_attempt, settings = _HEAD.unpack_from(content)
        if crc32(content[4:], crc32(customer, self._check)) != check:
            raise CorruptState("a row is not what was written")
        numbers = content[_HEAD.size : end]
        if len(self._series) < self._size:
            numbers = b"".join(
                numbers[_DOUBLE * at : _DOUBLE * (at + 1)] for at, is_known in enumerate(self._is_known) if is_known
            )
        rare = _unpack_rare(content[end:], self._families) if len(content) > end else NOTHING_RARE
        return Kept(self._series, numbers, since, last_success, last_attempt, settings, rare)


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
