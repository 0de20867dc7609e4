"""Panels that show one thing each; a page gives them their number and their place."""

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.grafana.generator.colours import (
    BLUE,
    BY_NAME,
    BY_THRESHOLDS,
    CURVES,
    Json,
    State,
    Thresholds,
    fixed,
    mappings,
)

PROMETHEUS: Json = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Curve:
    """One query of a panel.

    Attributes:
        name: what the legend says; ``{{customer}}`` stands for a label, and then the query may have many series.
        expr: the query.
        colour: its colour, the next of the palette where none is given.
        dashed: whether it is drawn with dashes: a forecast, or another day.
        unit: its unit where that is not the panel's.
    """

    name: str
    expr: str
    colour: str = ""
    dashed: bool = False
    unit: str = ""

    @property
    def is_single(self) -> bool:
        """Whether the query has one series, which can have a colour of its own."""
        return "{{" not in self.name


def stat(
    title: str,
    description: str,
    expr: str,
    unit: str = "short",
    *,
    thresholds: Thresholds | None = None,
    states: Sequence[State] = (),
    decimals: int | None = None,
    label: str = "",
    empty: str = "no data",
    links: Sequence[Json] = (),
) -> Json:
    """Return a panel with one large number, as it is at the end of the time range.

    Args:
        title: its title.
        description: what the number is, and how old it can be.
        expr: a query with one series.
        unit: Grafana's name of the unit.
        thresholds: where its colour changes.
        states: words in place of numbers.
        decimals: how many digits after the point, Grafana's choice where none is given.
        label: a label whose text is shown in place of the number.
        empty: what stands there when the query has no series.
        links: where a click leads.
    """
    legend = f"{{{{{label}}}}}" if label else title
    panel = _panel("stat", title, description, [target(expr, legend, instant=True)])
    panel["options"] = {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "name" if label else "value",
        "wideLayout": True,
    }
    panel["fieldConfig"]["defaults"] = {
        **_field(unit, thresholds, states, decimals),
        "color": BY_THRESHOLDS if thresholds else fixed(BLUE),
        "links": list(links),
        "noValue": empty,
    }
    return panel


def time_series(
    title: str,
    description: str,
    curves: Sequence[Curve],
    unit: str = "short",
    *,
    thresholds: Thresholds | None = None,
    stacked: bool = False,
    lowest: float | None = 0,
    highest: float | None = None,
    decimals: int | None = None,
    step: str = "5m",
    span: str = "",
    links: Sequence[Json] = (),
) -> Json:
    """Return a panel with curves over time, thresholds as dashed lines.

    Args:
        title: its title.
        description: what the numbers are, and how old they can be.
        curves: the queries.
        unit: Grafana's name of the unit.
        thresholds: lines that are drawn across it.
        stacked: whether the curves stand on each other.
        lowest: where the axis begins, wherever the numbers do if None.
        highest: where the axis ends, wherever the numbers do if None.
        decimals: how many digits after the point.
        step: the shortest time between two points; vendors' numbers change every 15m at most.
        span: a time range of its own up to now, such as ``24h``.
        links: where a click on a point leads.
    """
    panel = _panel("timeseries", title, description, _targets(curves), step=step)
    if span:
        panel["timeFrom"] = span
    panel["options"] = {
        "legend": {"calcs": ["lastNotNull"], "displayMode": "table", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    defaults = _field(unit, thresholds, (), decimals)
    defaults |= {"color": BY_NAME, "links": list(links), "custom": _drawing(stacked=stacked, lines=bool(thresholds))}
    defaults |= {} if lowest is None else {"min": lowest}
    defaults |= {} if highest is None else {"max": highest}
    panel["fieldConfig"] = {"defaults": defaults, "overrides": _overrides(curves)}
    return panel


def bar_gauge(
    title: str,
    description: str,
    curve: Curve,
    unit: str = "short",
    *,
    thresholds: Thresholds | None = None,
    highest: float | None = None,
    decimals: int | None = None,
    links: Sequence[Json] = (),
) -> Json:
    """Return a panel with a bar for each series of one query, as they are at the end of the time range."""
    query = target(f"sort_desc({curve.expr})", curve.name, instant=True)
    panel = _panel("bargauge", title, description, [query])
    panel["options"] = {
        "displayMode": "basic",
        "minVizHeight": 16,
        "namePlacement": "left",
        "orientation": "horizontal",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "text",
    }
    defaults = _field(unit, thresholds, (), decimals)
    defaults |= {"color": BY_THRESHOLDS if thresholds else fixed(BLUE), "links": list(links), "min": 0}
    defaults |= {} if highest is None else {"max": highest}
    panel["fieldConfig"]["defaults"] = defaults
    return panel


def state_timeline(
    title: str,
    description: str,
    curves: Sequence[Curve],
    states: Sequence[State],
    *,
    step: str = "5m",
    links: Sequence[Json] = (),
) -> Json:
    """Return a panel with a band for each series, coloured by the state that its number stands for."""
    panel = _panel("state-timeline", title, description, _targets(curves), step=step)
    panel["options"] = {
        "alignValue": "left",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "mergeValues": True,
        "rowHeight": 0.8,
        "showValue": "never",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    panel["fieldConfig"]["defaults"] = {
        **_field("none", None, states, None),
        "color": BY_THRESHOLDS,
        "custom": {"fillOpacity": 80, "lineWidth": 0},
        "links": list(links),
    }
    return panel


def target(expr: str, legend: str = "", *, instant: bool = False, rows: bool = False) -> Json:
    """Return a query: at one instant, or over the time range; ``rows`` for a table."""
    return {
        "datasource": PROMETHEUS,
        "editorMode": "code",
        "expr": expr,
        "format": "table" if rows else "time_series",
        "instant": instant,
        "range": not instant,
        "refId": "A",
    } | ({"legendFormat": legend} if legend else {})


def letters(targets: Sequence[Json]) -> list[Json]:
    """Return queries lettered in their order, as Grafana tells those of one panel apart."""
    return [{**each, "refId": chr(ord("A") + index)} for index, each in enumerate(targets)]


def _targets(curves: Sequence[Curve]) -> Sequence[Json]:
    return [target(curve.expr, curve.name) for curve in curves]


def _panel(type_: str, title: str, description: str, targets: Sequence[Json], step: str = "") -> Json:
    panel: Json = {
        "type": type_,
        "title": title,
        "description": description,
        "datasource": PROMETHEUS,
        "targets": letters(targets),
        "fieldConfig": {"defaults": {}, "overrides": []},
    }
    return panel | ({"interval": step} if step else {})


def _field(unit: str, thresholds: Thresholds | None, states: Sequence[State], decimals: int | None) -> Json:
    field: Json = {"unit": unit, "mappings": mappings(states)}
    # Without steps of its own Grafana would give a panel its defaults, green and red.
    field["thresholds"] = (thresholds or Thresholds(BLUE, {})).json()
    return field | ({} if decimals is None else {"decimals": decimals})


def _drawing(*, stacked: bool, lines: bool) -> Json:
    return {
        "drawStyle": "line",
        "fillOpacity": 40 if stacked else 8,
        "lineInterpolation": "linear",
        "lineWidth": 2,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
        "thresholdsStyle": {"mode": "dashed" if lines else "off"},
    }


def _overrides(curves: Sequence[Curve]) -> list[Json]:
    # A colour for each curve that has a name of its own; families of curves are coloured by their labels.
    overrides = []
    for index, curve in enumerate(curves):
        properties: list[Json] = []
        if curve.colour or curve.is_single:
            properties.append({"id": "color", "value": fixed(curve.colour or CURVES[index % len(CURVES)])})
        if curve.dashed:
            properties.append({"id": "custom.lineStyle", "value": {"dash": [8, 6], "fill": "dash"}})
            properties.append({"id": "custom.fillOpacity", "value": 0})
        if curve.unit:
            properties.append({"id": "unit", "value": curve.unit})
        if properties:
            letter = chr(ord("A") + index)
            overrides.append({"matcher": {"id": "byFrameRefID", "options": letter}, "properties": properties})
    return overrides
