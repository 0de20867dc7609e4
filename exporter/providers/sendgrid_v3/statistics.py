"""Statistics as the v3 API sends them: a list of periods, each with rows of counters by name."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from exporter.errors import InvalidResponse
from exporter.providers.documents import Value
from exporter.providers.records import Record, any_text, real_day
from exporter.providers.sendgrid_statistics import Counters, read_counters
from exporter.providers.sendgrid_v3.metrics import STATISTICS_FIELDS

Table: TypeAlias = Mapping[date, Counters]
"""The counters of each period that the vendor has, by its first day."""
MakeRecord: TypeAlias = Callable[[str, Value], Record]

# What a table stands under where the vendor's rows have no names, since they are all of one account.
NAMELESS = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The days that a call asks for, and the periods that their counters are added up in.

    Attributes:
        start: the first day.
        end: the last day; without one it is the vendor's today.
        by: what one row is about.
        takes_older: whether rows of earlier days count, too, as where the newest is shown, whenever it was.
    """

    start: date
    end: date | None = None
    by: Literal["day", "month"] = "day"
    takes_older: bool = False

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The fields of a request for these days."""
        end = () if self.end is None else (("end_date", self.end.isoformat()),)
        return (("start_date", self.start.isoformat()), *end, ("aggregated_by", self.by))

    def has(self, day: date) -> bool:
        """Return whether a row of this date counts: a sum has no days but those that were asked for."""
        # A month's row is dated on its first day, wherever in the month the window starts.
        start = self.start if self.by == "day" else self.start.replace(day=1)
        return (self.takes_older or start <= day) and (self.end is None or day <= self.end)


def read_tables(
    document: Value, fields: Collection[str], record: MakeRecord, *, is_named: bool
) -> Mapping[str, dict[date, Counters]]:
    """Return the tables of an answer by the names in its rows, or the only one under ``NAMELESS``.

    Rows are matched by ``name``, never by ``type``: some of the vendor's own samples have a wrong one.

    Raises:
        InvalidResponse: no list of periods, one without a real date, a row without a name or a required counter,
            or two rows of one name and date that say different things.
    """
    tables: dict[str, dict[date, Counters]] = {}
    for what, day, row in _rows(document, record):
        name = row.require("name", any_text, "text") if is_named else NAMELESS
        counters = read_counters(record(f"{what}: metrics", row.members.get("metrics")), fields, STATISTICS_FIELDS)
        if tables.setdefault(name, {}).setdefault(day, counters) != counters:
            raise InvalidResponse(f"{what}: there was an earlier row of its name and date, with other numbers")
    return tables


def listed(what: str, value: Value) -> list[Value]:
    """Return the rows of a list; ``what`` is what it is called in an error's text.

    Raises:
        InvalidResponse: it is no list.
    """
    if not isinstance(value, list):
        raise InvalidResponse(f"{what}: not a list")
    return value


def _rows(document: Value, record: MakeRecord) -> Iterator[tuple[str, date, Record]]:
    for place, entry in enumerate(listed("the statistics", document), start=1):
        period = record(f"entry {place} of the statistics", entry)
        day = period.require("date", real_day, "real date (YYYY-MM-DD)")
        for number, row in enumerate(listed(f"{period.what}: stats", period.members.get("stats")), start=1):
            what = f"{period.what}, row {number}"
            yield what, day, record(what, row)
