"""Small charts of one line, as the points of an SVG: the last hour from left to right."""

from collections.abc import Sequence
from dataclasses import dataclass

# The size of a chart in units of its own; the page stretches it.
HEIGHT = 36
WIDTH = 240


@dataclass(frozen=True, slots=True)
class Chart:
    """A line with the area below it.

    Attributes:
        lines: points of each unbroken piece of the line, as SVG writes them; a minute of which nothing is known
            breaks it.
        areas: the outline of what is below each piece.
        dots: where a minute stands alone, between two of which nothing is known.
        words: what the chart shows, for whoever can't see it.
    """

    lines: Sequence[str]
    areas: Sequence[str]
    dots: Sequence[tuple[str, str]]
    words: str
    width: int = WIDTH
    height: int = HEIGHT


def chart(values: Sequence[float | None], top: float, words: str) -> Chart:
    """Return the chart of values over the minutes, from 0 to ``top``; what is higher stays at the top."""
    pieces = _pieces(values, top)
    whole = [piece for piece in pieces if len(piece) > 1]
    return Chart(
        [" ".join(f"{x},{y}" for x, y in piece) for piece in whole],
        [" ".join(f"{x},{y}" for x, y in ((piece[0][0], HEIGHT), *piece, (piece[-1][0], HEIGHT))) for piece in whole],
        [piece[0] for piece in pieces if len(piece) == 1],
        words,
    )


def _pieces(values: Sequence[float | None], top: float) -> list[list[tuple[str, str]]]:
    pieces: list[list[tuple[str, str]]] = [[]]
    step = WIDTH / max(1, len(values) - 1)
    for number, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            height = min(1.0, value / top) if top else 0.0
            pieces[-1].append((f"{number * step:.1f}", f"{(1 - height) * HEIGHT:.1f}"))
    return [piece for piece in pieces if piece]
