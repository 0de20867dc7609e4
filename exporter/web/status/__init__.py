"""The status page: version, sources, and how the last fetch of each customer went."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html import escape

from exporter import __version__
from exporter.store import Place, Record, SourceRecord, Store

# A page that a browser can still show; the failing ones come first.
_MOST_ROWS = 1_000

_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}
th,td{text-align:left;padding:.25rem .75rem;border-bottom:1px solid #8884;vertical-align:top}
.failed{color:#c62828}.stale{color:#b26a00}
"""


def status_page(store: Store, telemetry_path: str) -> str:
    """Return the page as HTML; everything that a vendor or a configuration wrote is text in it, never markup."""
    with store.lock:
        store.advance()
        body = "".join(_source(name, source) for name, source in store.sources.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>email-stats-exporter</title><style>{_STYLE}</style></head><body>"
        f"<h1>email-stats-exporter {escape(__version__)}</h1>"
        f'<p><a href="{escape(telemetry_path)}">Metrics</a> · <a href="/-/healthy">Healthy</a> · '
        f'<a href="/-/ready">Ready</a></p>{body}</body></html>'
    )


def _source(name: str, source: SourceRecord) -> str:
    places = [(record, place) for record in source.records.values() for place in record.places if place.collector]
    failed = sum(place.up is False for _, place in places)
    customers = sum(bool(record.name) for record in source.records.values())
    rows = sorted(places, key=lambda row: row[1].up is not False)
    more = f"<p>{len(rows) - _MOST_ROWS} more are not shown.</p>" if len(rows) > _MOST_ROWS else ""
    return (
        f"<h2>{escape(name)}</h2><p>{customers} customers, {source.series} series, {failed} fetches failing.</p>"
        "<table><thead><tr><th>Customer</th><th>Collector</th><th>Last result</th><th>Last success</th>"
        f"<th>Last error</th></tr></thead><tbody>{''.join(_rows(rows[:_MOST_ROWS]))}</tbody></table>{more}"
    )


def _rows(places: Iterable[tuple[Record, Place]]) -> Iterator[str]:
    for record, place in places:
        kind, result = _result(place)
        cells = (place.collector, result, _moment(place.last_success), place.last_error)
        rest = "".join(f"<td>{_text(cell)}</td>" for cell in cells)
        yield f'<tr class="{kind}"><td>{_text(record.name)}</td>{rest}</tr>'


def _text(value: str) -> str:
    # JSON can spell half a character, which no page can hold.
    return escape(value.encode(errors="backslashreplace").decode())


def _result(place: Place) -> tuple[str, str]:
    stale = ", stale" if place.is_stale else ""
    if place.up is None:
        return "waiting", f"not fetched yet{stale}"
    if place.reason is not None:
        return "failed", f"failed: {place.reason}{stale}"
    return ("stale", "stale") if stale else ("good", "good")


def _moment(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
