"""Draws a dashboard: its panels where Grafana's grid has them, in Grafana's light colours."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from tests.deploy.rendering.board import Board, Json
from tests.deploy.rendering.curves import draw_heatmap, draw_states, draw_time_series
from tests.deploy.rendering.numbers import draw_bars, draw_stat, draw_table
from tests.deploy.rendering.space import FAINT, PAPER, Space

# Pixels: of the page, of a unit of Grafana's grid, between two panels, and of the heading of the page.
_WIDTH, _UNIT, _GAP, _HEAD = 1500, 36, 8, 66
_COLUMNS = 24
_COLOURS = 200

_DRAW: Mapping[str, Callable[[Space, Board, Json], None]] = {
    "stat": draw_stat,
    "timeseries": draw_time_series,
    "state-timeline": draw_states,
    "bargauge": draw_bars,
    "table": draw_table,
    "heatmap": draw_heatmap,
}
# matplotlib counts its settings up by name, so the type of the whole is its own.
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "text.color": "#24292e",
    "axes.edgecolor": "#c7c9cc",
    "axes.linewidth": 0.6,
    "grid.color": "#e8e9eb",
    "grid.linewidth": 0.6,
    "xtick.color": "#5b6066",
    "ytick.color": "#5b6066",
    "text.parse_math": False,
}


def draw(board: Board, file: Path) -> None:
    """Write a picture of a dashboard."""
    height = _HEAD + _UNIT * max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board.model["panels"])
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH / 100, height / 100), dpi=100, facecolor="#f4f5f5")
        page = Space(figure, 0, 0, _WIDTH, height)
        _head(page, board)
        for panel in board.model["panels"]:
            place = panel["gridPos"]
            unit = (_WIDTH - _GAP) / _COLUMNS
            left, top = _GAP + place["x"] * unit, _HEAD + place["y"] * _UNIT
            space = Space(figure, left, top, place["w"] * unit - _GAP, place["h"] * _UNIT - _GAP)
            if panel["type"] == "row":
                space.text(2, space.height / 2 + 3, f"⌄  {panel['title']}", size=10, weight="bold")
            else:
                _frame(space, panel)
                _DRAW[panel["type"]](space.below_title(), board, panel)
        _save(figure, file)


def _head(page: Space, board: Board) -> None:
    page.text(12, 24, board.model["title"], size=13, weight="bold")
    shown = [variable for variable in board.model["templating"]["list"] if variable["type"] != "datasource"]
    chosen = [f"{each['label']}: {_choice(board.values[each['name']])}" for each in shown]
    page.text(12, 48, "     ".join(chosen), size=8.5, colour=FAINT)
    page.text(page.width - 12, 24, f"{board.model['time']['from']} to now", size=8.5, colour=FAINT, align="right")


def _choice(value: str) -> str:
    return "All" if value == ".*" else value or "–"


def _frame(space: Space, panel: Json) -> None:
    axes: Axes = space.axes(0, 0, space.width, space.height)
    axes.set_facecolor(PAPER)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#dcdde0")
    title = panel["title"] + (f"   last {panel['timeFrom']}" if panel.get("timeFrom") else "")
    space.text(9, 17, space.cut(title, space.width - 16, 8.5), size=8.5, weight="bold")


def _save(figure: Figure, file: Path) -> None:
    canvas = FigureCanvasAgg(figure)
    stream = BytesIO()
    canvas.print_png(stream)
    # A few dozen colours are all there are; so a picture takes a quarter of the bytes.
    picture = Image.open(stream).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    picture.save(file, optimize=True)
