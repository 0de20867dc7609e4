"""Numbers as Grafana prints them, by the names of its units."""

from collections.abc import Mapping, Sequence
from typing import Any

_SHORT: Sequence[tuple[float, str]] = ((1e12, " Tri"), (1e9, " Bil"), (1e6, " Mil"), (1e3, " K"))
_TIMES: Sequence[tuple[float, str]] = (
    *((31_536_000.0, " years"), (604_800.0, " weeks"), (86_400.0, " days"), (3_600.0, " hours")),
    *((60.0, " mins"), (1.0, " s"), (1e-3, " ms")),
)
_BYTES: Sequence[tuple[float, str]] = ((2.0**30, " GiB"), (2.0**20, " MiB"), (2.0**10, " KiB"))
_SCALES: Mapping[str, Sequence[tuple[float, str]]] = {"short": _SHORT, "s": _TIMES, "bytes": _BYTES}


def printed(value: float, unit: str, decimals: int | None = None) -> str:
    """Return a number in a unit, scaled to what is easy to read."""
    if unit == "percentunit":
        return f"{_number(value * 100, decimals)}%"
    if unit == "locale":
        return f"{value:,.{decimals or (0 if value == int(value) else 2)}f}"
    for size, name in _SCALES.get(unit, ()):
        if abs(value) >= size:
            text = _number(value / size, decimals)
            return text + (name.removesuffix("s") if text == "1" and unit == "s" and len(name) > 3 else name)
    return _number(value, decimals) + (" s" if unit == "s" else " B" if unit == "bytes" else "")


def colour_of(value: float, thresholds: Mapping[str, Any]) -> str:
    """Return the colour that a number has by thresholds."""
    steps = thresholds["steps"]
    return str([step["color"] for step in steps if step["value"] is None or value >= step["value"]][-1])


def mapped(value: float, mappings: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the text and colour that stand for a number, None where nothing does."""
    for mapping in mappings:
        state: Mapping[str, Any] | None = mapping["options"].get(f"{value:g}")
        if state is not None:
            return state
    return None


def _number(value: float, decimals: int | None) -> str:
    if decimals is None:
        # Three digits, as many as Grafana's own choice mostly has.
        decimals = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    text = f"{value:.{decimals}f}"
    return "0" if float(text) == 0 and decimals == 0 else text
