"""A dashboard: rows of panels on Grafana's grid, and the variables, links and annotations around them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from deploy.grafana.generator.colours import Json
from deploy.grafana.generator.panels import PROMETHEUS

TAG = "email-stats"
# Grafana's grid is this many columns wide.
COLUMNS = 24


@dataclass(frozen=True, slots=True)
class Band:
    """Panels of one height, side by side.

    Attributes:
        height: in Grafana's grid units.
        panels: from left to right.
        widths: of each panel, 24 together; equal ones where none are given.
    """

    height: int
    panels: Sequence[Json]
    widths: Sequence[int] = ()

    def places(self, top: int) -> Sequence[Json]:
        """Return where each panel stands."""
        number = len(self.panels)
        edges = [index * COLUMNS // number for index in range(number + 1)]
        if self.widths:
            edges = [sum(self.widths[:index]) for index in range(number + 1)]
        return [{"x": left, "y": top, "w": right - left, "h": self.height} for left, right in pairwise(edges)]


@dataclass(frozen=True, slots=True)
class Row:
    """A titled row, whose bands stand below each other."""

    title: str
    bands: Sequence[Band]


def page(
    *,
    uid: str,
    title: str,
    description: str,
    rows: Sequence[Row],
    variables: Sequence[Json],
    links: Sequence[Json] = (),
    annotations: Sequence[Json] = (),
    since: str = "now-24h",
) -> Json:
    """Return a whole dashboard.

    Args:
        uid: what its address and links to it name.
        title: its title.
        description: what it is for, in a sentence.
        rows: its panels.
        variables: what can be chosen on top; `DATASOURCE` first.
        links: to other dashboards, by `jump`.
        annotations: marks on all curves.
        since: where the time range begins at first.
    """
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": [TAG],
        "timezone": "browser",
        "editable": True,
        "graphTooltip": 1,
        "fiscalYearStartMonth": 0,
        "schemaVersion": 41,
        "time": {"from": since, "to": "now"},
        "timepicker": {"refresh_intervals": ["1m", "5m", "15m", "1h"]},
        "refresh": "5m",
        "templating": {"list": list(variables)},
        "annotations": {"list": list(annotations)},
        "links": list(links),
        "panels": _panels(rows),
    }


def _panels(rows: Sequence[Row]) -> list[Json]:
    placed: list[Json] = []
    top = 0

    def put(panel: Json, place: Json) -> None:
        placed.append({**panel, "id": len(placed) + 1, "gridPos": place})

    for row in rows:
        heading = {"type": "row", "title": row.title, "collapsed": False, "panels": []}
        put(heading, {"x": 0, "y": top, "w": COLUMNS, "h": 1})
        top += 1
        for band in row.bands:
            for panel, place in zip(band.panels, band.places(top), strict=True):
                put(panel, place)
            top += band.height
    return placed


DATASOURCE: Json = {
    "type": "datasource",
    "name": "datasource",
    "label": "Data source",
    "description": "The Prometheus that scrapes the exporter.",
    "query": "prometheus",
    "current": {},
    "multi": False,
    "includeAll": False,
    "refresh": 1,
}


def choice(name: str, label: str, query: str, *, several: bool = False, description: str = "") -> Json:
    """Return a variable whose values Prometheus knows, such as ``label_values(bento_users, source)``.

    With ``several``, all are chosen at first, and queries match it with ``=~``.
    """
    return {
        "type": "query",
        "name": name,
        "label": label,
        "description": description,
        "datasource": PROMETHEUS,
        "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]} if several else {},
        "multi": several,
        "includeAll": several,
        # Anew whenever the time range changes, so that those of last month can be looked at too.
        "refresh": 2,
        "sort": 5,
    } | ({"allValue": ".*"} if several else {})


def options(name: str, label: str, values: Sequence[str], description: str) -> Json:
    """Return a variable with a few values to choose from, the first at first; others can be typed."""
    return {
        "type": "custom",
        "name": name,
        "label": label,
        "description": description,
        "query": ",".join(values),
        "current": {"selected": True, "text": values[0], "value": values[0]},
        "options": [{"selected": value == values[0], "text": value, "value": value} for value in values],
        "multi": False,
        "includeAll": False,
        "allowCustomValue": True,
    }


def typed(name: str, label: str, value: str, description: str) -> Json:
    """Return a variable that is typed, with what stands there at first."""
    return {
        "type": "textbox",
        "name": name,
        "label": label,
        "description": description,
        "query": value,
        "current": {"selected": True, "text": value, "value": value},
        "options": [{"selected": True, "text": value, "value": value}],
    }


def jump(uid: str, title: str, *variables: str, tooltip: str = "") -> Json:
    """Return a link to another dashboard that takes these variables and the time range along."""
    return {
        "type": "link",
        "title": title,
        "tooltip": tooltip,
        "icon": "dashboard",
        "url": f"/d/{uid}?" + "&".join(f"${{{name}:queryparam}}" for name in variables),
        "tags": [],
        "asDropdown": False,
        "targetBlank": False,
        "includeVars": False,
        "keepTime": True,
    }


def drill(uid: str, title: str, **variables: str) -> Json:
    """Return a link from a row or a curve to another dashboard, with that dashboard's variables.

    In a table ``customer="${__data.fields.Customer:percentencode}"`` is the row's, in other panels
    ``"${__field.labels.customer:percentencode}"`` is the curve's.
    """
    values = "&".join(f"var-{name}={value}" for name, value in variables.items())
    return {"title": title, "url": f"/d/{uid}?${{datasource:queryparam}}&{values}&${{__url_time_range}}"}


def annotation(name: str, expr: str, *, title: str, text: str, colour: str, step: str = "5m") -> Json:
    """Return marks on all curves, where a query has series: ``{{metric}}`` in title and text is a label."""
    return {
        "name": name,
        "datasource": PROMETHEUS,
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "expr": expr,
        "step": step,
        "titleFormat": title,
        "textFormat": text,
        "useValueForTime": "off",
    }
