"""Numbers and times in words, and text of others in which nothing is hidden."""

from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def visible(text: str) -> str:
    """Return a text in which every character shows: one that would be invisible, or turn others round, as its code."""
    # Also what JSON can spell and no page can hold: half a character.
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else f"[U+{ord(each):04X}]" for each in text)


def span(seconds: float) -> str:
    """Return a time in two units at most: ``42 s``, ``3 min``, ``2 h 5 min``, ``4 d 1 h``."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return _two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    return _two(whole // _DAY, "d", whole % _DAY // _HOUR, "h")


def short(seconds: float) -> str:
    """Return a short time with two digits that mean something: ``85 ms``, ``1.2 s``, ``34 s``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 10 else span(seconds)  # noqa: PLR2004 - from two digits on


def percent(fraction: float) -> str:
    """Return a fraction in percent; one that is not quite nothing never reads as nothing."""
    if 0 < fraction < 0.01:  # noqa: PLR2004 - the least that is written
        return "<1%"
    return f"{fraction:.0%}"


def count(number: int, one: str, many: str) -> str:
    """Return a number with what it counts: ``1 customer``, ``1,200 customers``."""
    return f"{number:,} {one if number == 1 else many}"


def moment(seconds: float) -> str:
    """Return a Unix time as people write it, to the second, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def stamp(seconds: float) -> str:
    """Return a Unix time as RFC 3339 does, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _two(first: int, large: str, second: int, little: str) -> str:
    return f"{first} {large} {second} {little}" if second else f"{first} {large}"
