"""Families, a scope and rows, to be kept and read again."""

from collections.abc import Mapping
from struct import pack

from exporter.errors import Reason
from exporter.samples import Family, Kind
from exporter.state import Kept, Rare, Row, Scope, SqliteState

REQUESTS = Family("sendgrid_requests_total", Kind.COUNTER, "Requests.", "")
CATEGORY = Family("sendgrid_category_latest_day_requests", Kind.GAUGE, "By category.", "", ("category",))
SCOPE = Scope(0x0123456789ABCDEF, b"settings", {family.name: family for family in (REQUESTS, CATEGORY)})
NOON = 1_773_403_200.0
A, B = b"a" * 16, b"b" * 16

PLAIN = Kept(((REQUESTS, ()), (CATEGORY, ("é\n",))), pack("2d", 10, 2.5), NOON, NOON, NOON - 1, b"settings")
RARE = Kept(
    (),
    b"",
    NOON,
    NOON - 60,
    NOON,
    b"settings",
    Rare(
        reason=Reason.AUTH,
        error="the vendor refused the credentials",
        marks={(REQUESTS, ()): 7.0},
        held={"sendgrid_requests_total": 2.0},
        corrections={"sendgrid_requests_total": 3},
        left_out={"max_series": 4},
        memory='{"until":"2026-01-01"}',
    ),
)


def row(kept: Kept = PLAIN, customer: bytes = A, scope: int = SCOPE.number) -> Row:
    return Row(scope, customer, kept)


def found(state: SqliteState, scope: Scope = SCOPE) -> Mapping[str, Kept]:
    """Return what is kept of two customers, by name."""
    return dict(state.rows(scope, {A: "a", B: "b"}))
