"""A dashboard as Grafana would fill it: values of variables, steps of queries, and what Prometheus answers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exporter.config.duration import format_duration, parse_duration
from tests.simulation.archive import Archive, Curve

Json = Mapping[str, Any]

# Grafana takes these as steps; the finest is never reached.
_STEPS = (60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
_SCRAPE_INTERVAL = 300
# How many points a panel of the whole width asks for, and so many fewer a narrower one.
_POINTS, _COLUMNS = 1_000, 24
_LABEL_VALUES = re.compile(r"label_values\((?P<selector>.*), (?P<label>\w+)\)", re.DOTALL)
_SINCE = re.compile(r"now-(\w+)")
_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")
_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Line:
    """One series of a panel.

    Attributes:
        letter: of the query that it comes from.
        name: what the legend calls it.
    """

    letter: str
    name: str
    curve: Curve

    @property
    def last(self) -> float:
        """The newest value."""
        return self.curve.values[max(self.curve.values)]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard at a moment.

    Attributes:
        model: as its file has it.
        now: Unix time of the end of its time range.
        values: of its variables, as they stand in a query.
    """

    model: Json
    archive: Archive
    now: float
    values: Mapping[str, str]

    @property
    def panels(self) -> Sequence[Json]:
        """All panels but for the headings of rows."""
        return [panel for panel in self.model["panels"] if panel["type"] != "row"]

    def range(self, panel: Json) -> tuple[float, float, float]:
        """Return when a panel's time begins and ends, and the step between two points."""
        found = _SINCE.fullmatch(self.model["time"]["from"])
        assert found, self.model["time"]
        length = parse_duration(panel.get("timeFrom") or found[1])
        points = panel.get("maxDataPoints") or _POINTS * panel["gridPos"]["w"] / _COLUMNS
        wanted = max(length / points, parse_duration(panel.get("interval") or "1m"))
        step = next(each for each in _STEPS if each >= wanted)
        end = self.now // step * step
        return end - length // step * step, end, step

    def query(self, text: str, panel: Json) -> str:
        """Return a query with values for all variables."""
        begin, end, step = self.range(panel)
        values = {
            **self.values,
            "__interval": format_duration(step),
            "__rate_interval": format_duration(max(step + _SCRAPE_INTERVAL, 4 * _SCRAPE_INTERVAL)),
            "__range": format_duration(end - begin),
        }
        return _VARIABLE.sub(lambda found: values[found[1] or found[2]], text)

    def lines(self, panel: Json) -> Sequence[Line]:
        """Return the series that the queries of a panel have."""
        return [line for target in panel["targets"] for line in self.answer(target, panel)]

    def answer(self, target: Json, panel: Json) -> Iterator[Line]:
        """Yield the series that one query of a panel has; values that are not a number are left out."""
        text = self.query(target["expr"], panel)
        curves = self.archive.at(text, self.now) if target["instant"] else self.archive.over(text, *self.range(panel))
        for curve in curves:
            values = {at: value for at, value in curve.values.items() if value == value}  # noqa: PLR0124 - but for nan
            if values:
                name = _LABEL.sub(lambda found: curve.labels.get(found[1], ""), target.get("legendFormat", ""))  # noqa: B023 - used at once
                yield Line(target["refId"], name, Curve(curve.labels, values))


def fill(model: Json, archive: Archive, now: float, chosen: Mapping[str, str]) -> Board:
    """Return a dashboard with the values of its variables: chosen ones, else those that Grafana would begin with."""
    values: dict[str, str] = {}
    for variable in model["templating"]["list"]:
        name = variable["name"]
        values[name] = chosen.get(name) or _first(Board(model, archive, now, values), variable)
    return Board(model, archive, now, values)


def choices(board: Board, variable: Json) -> Sequence[str]:
    """Return what a variable's query offers."""
    found = _LABEL_VALUES.fullmatch(variable["query"]["query"])
    assert found, variable["query"]
    selector = board.query(found["selector"], board.panels[0])
    begin = board.range(board.panels[0])[0]
    return sorted(board.archive.labels(found["label"], selector, begin, board.now), key=str.lower)


def _first(board: Board, variable: Json) -> str:
    match variable["type"]:
        case "datasource":
            return "prometheus"
        case "query" if variable["includeAll"]:
            return str(variable["allValue"])
        case "query":
            return choices(board, variable)[0]
        case _:
            return str(variable["current"]["value"])
