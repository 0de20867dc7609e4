"""The status page as HTML: one file without anything beside it, in which all that others wrote is text.

Its style and its script stand in it and are allowed by their hashes alone, so nothing else on the same host can
ever run here. The template escapes whatever is put into it; ``visible`` takes from it what would hide or turn round.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from exporter.config import format_duration
from exporter.web.status import words
from exporter.web.status.charts import Chart, chart
from exporter.web.status.query import Order, Query, State
from exporter.web.status.report import Report, SourceStatus
from exporter.web.status.summary import Level, level_of, summarise

_HERE = Path(__file__).parent
_STYLE = (_HERE / "style.css").read_text(encoding="utf-8")
_SCRIPT = (_HERE / "script.js").read_text(encoding="utf-8")
# More sources than this are named only, the worst ones excepted.
_MOST_CARDS = 24
# The tab shows it too.
_COLOURS = {Level.CRITICAL: "#c9382e", Level.WARNING: "#c98a1b", Level.STARTING: "#7a8696", Level.GOOD: "#2e9e68"}


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; connect-src 'self'; "
        "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The other pages.

    Attributes:
        prefix: what their addresses begin with, as a browser sees them; empty for none, a dot for beside this one.
        telemetry_path: where the metrics are, below the prefix.
        paths: what else there is, below the prefix.
    """

    prefix: str = ""
    telemetry_path: str = "/metrics"
    paths: list[str] = field(default_factory=list)

    @property
    def links(self) -> Sequence[tuple[str, str]]:
        """The name and the address of each page where a person may want to go."""
        named = {self.telemetry_path: "Metrics", "/sd": "Targets", "/config": "Configuration"}
        known = {path: name for path, name in named.items() if path in self.paths or path == self.telemetry_path}
        return [(name, f"{self.prefix}{path}") for path, name in known.items()]


@dataclass(frozen=True, slots=True)
class _Card:
    """A source with what is drawn of it."""

    source: SourceStatus
    level: Level
    budget: Chart
    durations: Chart
    states: Sequence[tuple[State, int, float, float]]


def render(report: Report, surroundings: Surroundings) -> str:
    """Return the page of a report."""
    summary = summarise(report)
    ranked = sorted(_shown(report), key=lambda source: list(Level).index(level_of(source)))
    template = _ENVIRONMENT.get_template("template.html")
    return template.render(
        report=report,
        query=report.query,
        program=report.program,
        summary=summary,
        cards=[_card(source) for source in ranked[:_MOST_CARDS]],
        others=[source.name for source in ranked[_MOST_CARDS:]],
        collectors=sorted({name for source in report.sources for name in source.collectors}),
        columns=_columns(report.query),
        surroundings=surroundings,
        pages=-(-report.table.total // report.query.limit),
        icon=_icon(summary.level),
        since=partial(_since, report.now),
        ahead=partial(_ahead, report.now),
    )


def _shown(report: Report) -> Sequence[SourceStatus]:
    wanted = report.query.source
    return [source for source in report.sources if not wanted or source.name in wanted]


def _card(source: SourceStatus) -> _Card:
    budget, durations = source.budget, source.durations
    known = [value for value in budget.by_minute if value is not None]
    longest = max((value for value in durations.by_minute if value is not None), default=0.0)
    left, states = 0.0, []
    for state in reversed(State):
        width = 100 * source.states[state] / max(1, source.fetches)
        # Even one of many thousands must be seen.
        width = max(width, 1.0) if source.states[state] else 0.0
        states.append((state, source.states[state], left, width))
        left += width
    return _Card(
        source,
        level_of(source),
        chart(
            budget.by_minute,
            1.0,
            f"Rate limit used over the last hour: at most {words.percent(max(known, default=0.0))}",
        ),
        chart(
            durations.by_minute,
            longest,
            f"Time of the slowest fetches over the last hour: at most {words.short(longest)}",
        ),
        states,
    )


def _columns(query: Query) -> Sequence[tuple[str, Order, str, str]]:
    """Return the heading of each column with its order, how the rows are ordered by it, and a link that turns it."""
    headings = {
        Order.STATE: "State",
        Order.CUSTOMER: "Customer",
        Order.SOURCE: "Source",
        Order.COLLECTOR: "Collector",
        Order.AGE: "Age",
        Order.NEXT: "Next fetch",
        Order.SERIES: "Series",
        Order.ERROR: "Last error",
    }
    columns = []
    for order, heading in headings.items():
        is_by_it = query.sort is order
        now = "none" if not is_by_it else "descending" if query.is_descending else "ascending"
        # Who looks at ages or numbers of series first looks for the greatest.
        first = "desc" if order in {Order.AGE, Order.SERIES} else "asc"
        turned = "asc" if query.is_descending else "desc"
        link = query.link(sort=order, order=turned if is_by_it else first)
        columns.append((heading, order, now, link))
    return columns


def _since(now: float, moment: float) -> Markup:
    """Return how long ago a Unix time is, as an element that a script can keep up to date."""
    element = Markup('<time datetime="{}" title="{}" data-since="{:.3f}">{}</time>')
    return element.format(words.stamp(moment), words.moment(moment), moment, words.span(now - moment))


def _ahead(now: float, moment: float) -> Markup:
    """Return in how long a Unix time will be, or since when it is overdue, as such an element."""
    left = moment - now
    text = f"in {words.span(left)}" if left >= 1 else f"due {words.span(-left)}"
    element = Markup('<time datetime="{}" title="{}" data-ahead="{:.3f}">{}</time>')
    return element.format(words.stamp(moment), words.moment(moment), moment, text)


def _icon(level: Level) -> str:
    mark = {Level.GOOD: "M9 16.5l5 5 9-11", Level.STARTING: "M16 8v8l5 4"}.get(level, "M16 8v10M16 22.5v1")
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<circle cx="16" cy="16" r="15" fill="{_COLOURS[level]}"/>'
        f'<path d="{mark}" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round"/></svg>'
    )
    return f"data:image/svg+xml,{quote(drawing)}"


def _finalize(value: Any) -> Any:
    return value if isinstance(value, Markup) or not isinstance(value, str) else words.visible(value)


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_HERE),
    autoescape=True,
    auto_reload=False,
    finalize=_finalize,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_ENVIRONMENT.filters.update(
    count=words.count,
    duration=format_duration,
    moment=words.moment,
    percent=words.percent,
    short=words.short,
    span=words.span,
)
_ENVIRONMENT.globals.update(
    style=Markup(_STYLE),  # noqa: S704 - our own file
    script=Markup(_SCRIPT),  # noqa: S704 - our own file
    states=tuple(State),
    orders=tuple(Order),
)
