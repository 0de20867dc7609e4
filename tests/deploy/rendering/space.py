"""A rectangle of a picture, in pixels from its upper left corner: where a panel draws."""

from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

PAPER = "#ffffff"
INK = "#24292e"
FAINT = "#6b7178"
# Pixels that the title of a panel takes.
_TITLE = 26
# The width of a letter as a part of its size, on average, and pixels in a point.
_LETTER, _PIXELS = 0.6, 100 / 72


@dataclass(frozen=True, slots=True)
class Space:
    """A rectangle within a figure.

    Attributes:
        left, top: of its upper left corner, from that of the figure.
        width, height: of itself.
    """

    figure: Figure
    left: float
    top: float
    width: float
    height: float

    def below_title(self) -> "Space":
        """Return what a panel's title leaves, with a margin."""
        return Space(self.figure, self.left + 9, self.top + _TITLE, self.width - 18, self.height - _TITLE - 7)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return axes on a part of it."""
        whole_width, whole_height = self.figure.get_size_inches() * self.figure.dpi
        bottom = whole_height - self.top - top - height
        place = ((self.left + left) / whole_width, bottom / whole_height, width / whole_width, height / whole_height)
        return self.figure.add_axes(place)

    def text(
        self,
        left: float,
        baseline: float,
        text: str,
        *,
        size: float = 7.5,
        colour: str = INK,
        align: str = "left",
        weight: str = "normal",
    ) -> None:
        """Write a line of text."""
        whole_width, whole_height = self.figure.get_size_inches() * self.figure.dpi
        options: dict[str, Any] = {"fontsize": size, "color": colour, "ha": align, "va": "baseline", "weight": weight}
        self.figure.text(
            (self.left + left) / whole_width,
            1 - (self.top + baseline) / whole_height,
            text,
            **options,
            parse_math=False,
        )

    def cut(self, text: str, width: float, size: float = 7.5) -> str:
        """Return as much of a text as fits into so many pixels."""
        letters = max(3, int(width / (size * _PIXELS * _LETTER)))
        return text if len(text) <= letters else text[: letters - 1] + "…"
