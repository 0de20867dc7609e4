"""Panels of a moment: one large number, bars, tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.grafana.generator.colours import BLUE
from tests.deploy.rendering.board import Board, Json
from tests.deploy.rendering.rows import Row, heads, rows, settings
from tests.deploy.rendering.space import FAINT, INK, Space
from tests.deploy.rendering.units import colour_of, mapped, printed

_ROW = 19
_BAR = 22


def draw_stat(space: Space, board: Board, panel: Json) -> None:
    """Draw the newest value, or what stands in place of one."""
    lines = board.lines(panel)
    defaults = panel["fieldConfig"]["defaults"]
    if not lines:
        _large(space, defaults.get("noValue") or "No data", FAINT)
        return
    value = lines[0].last
    state = mapped(value, defaults["mappings"])
    if state:
        _large(space, state["text"], state["color"])
    elif panel["options"]["textMode"] == "name":
        _large(space, lines[0].name, BLUE)
    else:
        is_by_thresholds = defaults["color"]["mode"] == "thresholds"
        colour = colour_of(value, defaults["thresholds"]) if is_by_thresholds else defaults["color"]["fixedColor"]
        _large(space, printed(value, defaults["unit"], defaults.get("decimals")), colour)


def draw_bars(space: Space, board: Board, panel: Json) -> None:
    """Draw a bar for each series, the largest on top."""
    lines = board.lines(panel)
    defaults = panel["fieldConfig"]["defaults"]
    most = defaults.get("max") or max((line.last for line in lines), default=1.0) or 1.0
    height = min(_BAR, space.height / max(1, len(lines)))
    room = space.width * 0.38
    for index, line in enumerate(lines):
        top = index * height
        space.text(0, top + height * 0.68, space.cut(line.name, room))
        bar = space.axes(room + 6, top + 2, space.width - room - 70, height - 5)
        bar.set_xlim(0, most)
        bar.axis("off")
        is_by_thresholds = defaults["color"]["mode"] == "thresholds"
        colour = colour_of(line.last, defaults["thresholds"]) if is_by_thresholds else defaults["color"]["fixedColor"]
        bar.barh(0, most, height=1, color="#eef0f2")
        bar.barh(0, line.last, height=1, color=colour)
        bar.set_ylim(-0.5, 0.5)
        value = printed(line.last, defaults["unit"], defaults.get("decimals"))
        space.text(space.width, top + height * 0.68, value, align="right", colour=colour, weight="bold")


def draw_table(space: Space, board: Board, panel: Json) -> None:
    """Draw the heads, and as many rows as there is room for."""
    table = rows(board, panel)
    if not table:
        text = panel["fieldConfig"]["defaults"].get("noValue") or "No data"
        space.text(space.width / 2, space.height / 2, text, size=10, colour=FAINT, align="center")
        return
    columns = heads(panel)
    places = _places(space, panel, columns, table)
    room = int(space.height // _ROW) - 1
    for head, (left, right) in places.items():
        is_number = _is_number(head, table)
        at = right if is_number else left
        space.text(
            at,
            12,
            space.cut(head, right - left + 8),
            colour=BLUE,
            align="right" if is_number else "left",
            weight="bold",
        )
    line = space.axes(0, 17, space.width, 1)
    line.axis("off")
    line.axhline(0, color="#dcdde0", linewidth=1)
    shown = table if len(table) <= room else table[: room - 1]
    for index, row in enumerate(shown):
        for head, (left, right) in places.items():
            _cell(space, settings(panel, head), row.get(head), (left, right, _ROW * (index + 1) + 13))
    if len(shown) < len(table):
        space.text(0, _ROW * (len(shown) + 1) + 13, f"and {len(table) - len(shown)} more", colour=FAINT)


def _large(space: Space, text: str, colour: str) -> None:
    size = min(23.0, space.height * 0.36, 1.1 * space.width / max(4, len(text)))
    space.text(
        space.width / 2, space.height / 2 + size * 0.45, text, size=size, colour=colour, align="center", weight="bold"
    )


def _cell(space: Space, look: Mapping[str, Any], value: Any, place: tuple[float, float, float]) -> None:
    left, right, baseline = place
    if isinstance(value, float):
        state = mapped(value, look.get("mappings", []))
        colour = INK
        if state:
            colour = state["color"]
        elif look.get("custom.cellOptions", {}).get("type") == "color-text":
            colour = colour_of(value, look["thresholds"])
        text = state["text"] if state else printed(value, look["unit"], look.get("decimals"))
        space.text(right, baseline, space.cut(text, right - left + 8), align="right", colour=colour)
    elif value:
        space.text(left, baseline, space.cut(str(value), right - left))


def _places(
    space: Space, panel: Json, columns: Sequence[str], table: Sequence[Row]
) -> Mapping[str, tuple[float, float]]:
    """Return from where to where each column goes: as wide as its texts are long, together the whole width."""
    letters = {head: max(len(head), *(_letters(panel, head, row.get(head)) for row in table)) + 2 for head in columns}
    unit = space.width / sum(letters.values())
    places, left = {}, 0.0
    for head, length in letters.items():
        places[head] = (left, left + length * unit - 8)
        left += length * unit
    return places


def _letters(panel: Json, head: str, value: Any) -> int:
    if not isinstance(value, float):
        return len(str(value or ""))
    look = settings(panel, head)
    state = mapped(value, look.get("mappings", []))
    return len(state["text"] if state else printed(value, look["unit"], look.get("decimals")))


def _is_number(head: str, table: Sequence[Row]) -> bool:
    return any(isinstance(row.get(head), float) for row in table)
