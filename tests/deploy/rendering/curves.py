"""Panels over time: curves with a legend, bands of states, heatmaps of histograms."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, DayLocator, HourLocator
from matplotlib.ticker import FuncFormatter, Locator, MaxNLocator, MultipleLocator

from deploy.grafana.generator.colours import CURVES
from tests.deploy.rendering.board import Board, Json, Line
from tests.deploy.rendering.space import FAINT, Space
from tests.deploy.rendering.units import mapped, printed

# Pixels: of a line of a legend, below the axes, and left of them.
_LEGEND_LINE, _BELOW, _LEFT = 15, 20, 52
_MOST_IN_LEGEND = 5
# Seconds between two numbers of an axis of times.
_TIMES = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 172_800, 604_800, math.inf)


def draw_time_series(space: Space, board: Board, panel: Json) -> None:
    """Draw curves, and what they are called with their last value."""
    lines = sorted(board.lines(panel), key=lambda line: line.letter)
    legend = _legend(space, panel, lines)
    if not lines:
        return
    axes = space.axes(_LEFT, 4, space.width - _LEFT - 4, space.height - legend - _BELOW - 4)
    begin, end, step = board.range(panel)
    defaults = panel["fieldConfig"]["defaults"]
    _time_axis(axes, begin, end)
    if defaults["custom"]["stacking"]["mode"] == "normal":
        _stack(axes, panel, lines, (begin, end, step))
    else:
        for index, line in enumerate(lines):
            _curve(axes, line, _look(panel, line, index), step)
    _number_axis(axes, defaults)
    if defaults["custom"]["thresholdsStyle"]["mode"] != "off":
        low, high = axes.get_ylim()
        for each in defaults["thresholds"]["steps"]:
            if each["value"] is not None and low <= each["value"] <= high:
                axes.axhline(each["value"], color=each["color"], linewidth=1, linestyle=(0, (6, 4)))


def draw_states(space: Space, board: Board, panel: Json) -> None:
    """Draw a band for each series, coloured by what its numbers stand for."""
    lines = sorted(board.lines(panel), key=lambda line: line.name)
    if not lines:
        return
    begin, end, step = board.range(panel)
    room = min(190.0, 16 + 6.4 * max(len(line.name) for line in lines))
    axes = space.axes(room, 2, space.width - room - 4, space.height - _BELOW - _LEGEND_LINE)
    _time_axis(axes, begin, end)
    axes.grid(visible=False)
    mappings = panel["fieldConfig"]["defaults"]["mappings"]
    for row, line in enumerate(reversed(lines)):
        for at, value in line.curve.values.items():
            state = mapped(value, mappings)
            axes.barh(
                row, step / 86_400, left=_date(at), height=0.8, color=state["color"] if state else FAINT, alpha=0.8
            )
    axes.set_ylim(-0.6, len(lines) - 0.4)
    axes.set_yticks(range(len(lines)), [space.cut(line.name, room - 6) for line in reversed(lines)])
    axes.tick_params(axis="y", length=0)
    states = [state for mapping in mappings for state in mapping["options"].values()]
    for index, state in enumerate(states):
        left = room + index * min(130, (space.width - room) / len(states))
        space.text(left, space.height, "■", colour=state["color"])
        space.text(left + 13, space.height, state["text"])


def draw_heatmap(space: Space, board: Board, panel: Json) -> None:
    """Draw a column for each step, a cell for each bucket, darker where more was counted."""
    begin, end, step = board.range(panel)
    lines = sorted(board.lines(panel), key=lambda line: float(line.name))
    if not lines:
        return
    moments = [begin + index * step for index in range(round((end - begin) / step) + 1)]
    below = np.array([[line.curve.values.get(at, 0.0) for at in moments] for line in lines])
    cells = np.diff(below, axis=0, prepend=0)
    axes = space.axes(_LEFT, 4, space.width - _LEFT - 4, space.height - _BELOW - 4)
    _time_axis(axes, begin, end)
    dates = [_date(at - step) for at in moments] + [_date(moments[-1])]
    axes.pcolormesh(dates, range(len(lines) + 1), np.ma.masked_less(np.sqrt(cells.clip(0)), 0.3), cmap="Blues")
    unit = panel["options"]["yAxis"]["unit"]
    names = ["∞" if line.name == "+Inf" else printed(float(line.name), unit) for line in lines]
    axes.set_yticks(range(1, len(lines) + 1), names)


def _curve(axes: Axes, line: Line, look: Mapping[str, Any], step: float) -> None:
    moments = sorted(line.curve.values)
    dates: list[float] = []
    values: list[float] = []
    for index, at in enumerate(moments):
        if index and at - moments[index - 1] > step:
            dates.append(_date(at))
            values.append(math.nan)
        dates.append(_date(at))
        values.append(line.curve.values[at])
    style = (0, (5, 3)) if look["dashed"] else "solid"
    marker = "o" if len(moments) == 1 else None
    axes.plot(dates, values, color=look["colour"], linewidth=1.5, linestyle=style, marker=marker, markersize=3)
    if not look["dashed"]:
        axes.fill_between(dates, values, axes.get_ylim()[0] if min(values) < 0 else 0, color=look["colour"], alpha=0.06)


def _stack(axes: Axes, panel: Json, lines: Sequence[Line], times: tuple[float, float, float]) -> None:
    begin, end, step = times
    moments = [begin + index * step for index in range(round((end - begin) / step) + 1)]
    values = [[line.curve.values.get(at, 0.0) for at in moments] for line in lines]
    colours = [_look(panel, line, index)["colour"] for index, line in enumerate(lines)]
    axes.stackplot([_date(at) for at in moments], values, colors=colours, alpha=0.55)


def _look(panel: Json, line: Line, index: int) -> Mapping[str, Any]:
    look = {"colour": CURVES[index % len(CURVES)], "dashed": False}
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["options"] == line.letter:
            settings = {each["id"]: each["value"] for each in override["properties"]}
            look["colour"] = settings.get("color", {}).get("fixedColor", look["colour"])
            look["dashed"] = "custom.lineStyle" in settings
    return look


def _legend(space: Space, panel: Json, lines: Sequence[Line]) -> float:
    """Write what curves are called, in columns, and return how many pixels that takes."""
    if not lines:
        text = panel["fieldConfig"]["defaults"].get("noValue") or "No data"
        space.text(space.width / 2, space.height / 2, text, size=10, colour=FAINT, align="center")
        return 0
    defaults = panel["fieldConfig"]["defaults"]
    columns = 1 if len(lines) <= 3 else 2 if len(lines) <= 2 * _MOST_IN_LEGEND else 3
    height = math.ceil(len(lines) / columns) * _LEGEND_LINE
    most = int(min(height, space.height * 0.4) // _LEGEND_LINE) * columns
    shown = lines if len(lines) <= most else lines[: most - 1]
    taken = math.ceil(min(len(lines), most) / columns) * _LEGEND_LINE
    width = space.width / columns
    for index, line in enumerate(shown):
        left, top = index % columns * width, space.height - taken + _LEGEND_LINE * (1 + index // columns) - 3
        look = _look(panel, line, index)
        space.text(left + 4, top, "┅" if look["dashed"] else "━", colour=look["colour"], weight="bold")
        value = printed(line.last, defaults["unit"], defaults.get("decimals"))
        space.text(left + 18, top, space.cut(line.name, width - 100))
        space.text(left + width - 14, top, value, align="right", colour=FAINT)
    if len(shown) < len(lines):
        left, top = len(shown) % columns * width, space.height - taken + _LEGEND_LINE * (1 + len(shown) // columns) - 3
        space.text(left + 18, top, f"and {len(lines) - len(shown)} more", colour=FAINT)
    return taken


def _number_axis(axes: Axes, defaults: Mapping[str, Any]) -> None:
    axes.margins(y=0.08)
    axes.autoscale(axis="y")
    if "min" in defaults:
        axes.set_ylim(bottom=defaults["min"])
        if axes.get_ylim()[1] <= defaults["min"]:
            axes.set_ylim(top=defaults["min"] + 1)
    if "max" in defaults:
        axes.set_ylim(top=defaults["max"])
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(_locator(defaults["unit"], high - low))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, defaults["unit"], high - low)))


def _locator(unit: str, span: float) -> Locator:
    """Return where an axis of a unit has its numbers: about four, at whole minutes, hours or powers of 2."""
    if unit == "bytes":
        return MultipleLocator(2.0 ** math.ceil(math.log2(max(span, 4) / 5)))
    if unit == "s" and span > _TIMES[0]:
        return MultipleLocator(next(each for each in _TIMES if each * 5 >= span))
    return MaxNLocator(5, steps=[1, 2, 2.5, 5, 10])


def _tick(value: float, unit: str, span: float) -> str:
    scale = 100 if unit == "percentunit" else 1
    digits = 0 if span * scale >= 4 else 1 if span * scale >= 0.4 else 2
    decimals = digits if unit == "percentunit" or abs(value) < 100 else None
    return printed(value, unit, decimals)


def _time_axis(axes: Axes, begin: float, end: float) -> None:
    axes.set_facecolor("none")
    axes.set_xlim(_date(begin), _date(end))
    if end - begin > 3 * 86_400:
        axes.xaxis.set_major_locator(DayLocator(tz=UTC))
        axes.xaxis.set_major_formatter(DateFormatter("%m/%d", tz=UTC))
    else:
        axes.xaxis.set_major_locator(HourLocator(byhour=range(0, 24, 4), tz=UTC))
        axes.xaxis.set_major_formatter(DateFormatter("%H:%M", tz=UTC))
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=7)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _date(at: float) -> float:
    return at / 86_400
