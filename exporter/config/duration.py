"""Prometheus durations such as ``1h30m``, read and written as Prometheus does."""

import re

SECONDS = {"y": 31_536_000.0, "w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_MILLISECONDS = {unit: round(seconds * 1000) for unit, seconds in SECONDS.items()}
_PARTS = "".join(rf"(?:([0-9]+){unit})?" for unit in SECONDS)
_DURATION = re.compile(_PARTS)
# No duration that makes sense is longer than this, and none that is can slow the program down.
_LONGEST_TEXT = 64

# For the JSON Schema: at least one part, the units from the largest to the smallest, each at most once.
PATTERN = "^(?=[0-9])" + "".join(f"([0-9]+{unit})?" for unit in SECONDS) + "$"


def parse_duration(text: str) -> float:
    """Return the seconds of a Prometheus duration: ``1h30m`` is 5400.0.

    Units are y, w, d, h, m, s and ms, each at most once and in this order; ``0`` needs no unit.

    Raises:
        ValueError: the text is no duration; the error says what to write.
    """
    if text == "0":
        return 0.0
    match = _DURATION.fullmatch(text) if 0 < len(text) <= _LONGEST_TEXT else None
    if match is None:
        message = "is no duration; write it like 90s, 15m, 1h30m or 1d (units y, w, d, h, m, s, ms, in this order)"
        raise ValueError(message)
    parts = zip(_MILLISECONDS.values(), match.groups(), strict=True)
    return sum(unit * int(count) for unit, count in parts if count) / 1000


def format_duration(seconds: float) -> str:
    """Return seconds as the shortest usual Prometheus duration: 5400 is ``1h30m``, 0 is ``0s``.

    As in Prometheus, years and weeks are written only where they leave no rest; less than a
    millisecond is rounded.
    """
    rest = round(seconds * 1000)
    if not rest:
        return "0s"
    text = ""
    for unit, size in _MILLISECONDS.items():
        if unit in ("y", "w") and rest % size:
            continue
        count, rest = divmod(rest, size)
        text += f"{count}{unit}" if count else ""
    return text
