"""What stands in the file: lines of a series, in the order of time, where days are as long as they are."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from exporter.backfill.keeping import Journal
from exporter.backfill.plan import Errand, Order, Plan
from exporter.backfill.writing import Times, Writer
from exporter.errors import StartError, Stopped
from exporter.providers.base import Customer
from exporter.providers.sendgrid_metrics import CATEGORY_LATEST_DAY, LAST_COMPLETE_DAY, TOTALS
from tests.fake_clock import FakeClock

FIRST, LAST = date(2026, 3, 28), date(2026, 3, 30)
DAY = timedelta(days=1)
TOTAL, COMPLETE, CATEGORY = TOTALS["requests"], LAST_COMPLETE_DAY["requests"], CATEGORY_LATEST_DAY["requests"]
NEVER = 1e12


class Past:
    """A journal of one customer, and what is written of it."""

    def __init__(self, folder, zone="UTC", name="acme-eu"):
        self.output = folder / "history.om"
        self.journal = Journal(None, {}, 0.0)
        customer = Customer("customer@example.com", name, ZoneInfo(zone), FakeClock())
        [self.kept] = self.journal.enlist("acme", [(customer, LAST)])
        self.customer = customer

    def has(self, step, *figures):
        """Keep samples by the day that they are of."""
        days: dict[date, list] = {}
        for day, sample in figures:
            days.setdefault(day, []).append(sample)
        self.journal.keep_days("daily", step, {self.kept.number: days})
        self.journal.complete("daily", [self.kept.number])

    def totals(self, *samples):
        self.journal.keep_totals("daily", "totals", {self.kept.number: samples})

    def write(self, *families, step=43_200, end=NEVER, labels=None, is_told=lambda: False):
        """Return the lines of the file, and the writer."""
        errand = Errand(None, _History(), ((self.customer, self.kept),), FIRST)  # type: ignore[arg-type]  # nothing is asked
        plan = Plan(Order(FIRST, LAST, step, labels or {}), [], {"acme": [errand]}, self.journal)
        writer = Writer(plan, Times(step, end))
        writer.write(self.output, families, is_told)
        return self.output.read_text().splitlines(), writer.written


class _History:
    since = None
    collectors = ("daily",)


@pytest.fixture
def past(tmp_path):
    return Past(tmp_path)


def at(year, month, day, hour=0, minute=0, zone=UTC):
    return int(datetime(year, month, day, hour, minute, tzinfo=zone).timestamp())


def values(lines):
    """Return each sample's value and time."""
    return [tuple(map(float, line.rsplit(" ", 2)[1:])) for line in lines if not line.startswith("#")]


def test_a_days_figure_is_shown_through_the_day_after_it(past):
    past.has("days", (FIRST, COMPLETE.sample(7)))

    lines, written = past.write(COMPLETE)

    assert lines[1:] == [
        "# TYPE sendgrid_last_complete_day_requests gauge",
        f'sendgrid_last_complete_day_requests{{customer="acme-eu",source="acme"}} 7 {at(2026, 3, 29)}',
        f'sendgrid_last_complete_day_requests{{customer="acme-eu",source="acme"}} 7 {at(2026, 3, 29, 12)}',
        "# EOF",
    ]
    assert (written.series, written.samples) == (1, 2)


def test_a_counter_steps_up_as_each_day_ends(past):
    past.has("days", *((FIRST + n * DAY, TOTAL.sample(10**n)) for n in range(3)))
    past.totals(TOTAL.sample(1_000))

    lines, _ = past.write(TOTAL)

    assert lines[1] == "# TYPE sendgrid_requests counter"
    assert values(lines) == [
        *((889, at(2026, 3, 28, hour)) for hour in (0, 12)),
        *((890, at(2026, 3, 29, hour)) for hour in (0, 12)),
        *((900, at(2026, 3, 30, hour)) for hour in (0, 12)),
        *((1000, at(2026, 3, 31, hour)) for hour in (0, 12)),
    ]


def test_a_day_of_daylight_saving_is_as_long_as_it_is(tmp_path):
    berlin = ZoneInfo("Europe/Berlin")
    past = Past(tmp_path, "Europe/Berlin")
    past.has("days", *((FIRST + n * DAY, COMPLETE.sample(n)) for n in range(2)))

    lines, _ = past.write(COMPLETE, step=3600)

    assert [value for value, _ in values(lines)] == [0] * 23 + [1] * 24
    assert values(lines)[23] == (1, at(2026, 3, 30, zone=berlin))


def test_nothing_is_written_of_a_time_when_the_exporter_has_the_word(past):
    past.has("days", (LAST, COMPLETE.sample(7)))

    lines, _ = past.write(COMPLETE, end=at(2026, 3, 31, 11, 59))

    assert values(lines) == [(7, at(2026, 3, 31))]


def test_each_label_is_escaped_and_in_order(tmp_path):
    past = Past(tmp_path, name='a "b" \\ c')
    past.has("days", (LAST, CATEGORY.sample(1, "line\nbreak")))

    lines, _ = past.write(CATEGORY, step=86_400, labels={"job": 'm"x'})

    assert lines[2].startswith(
        'sendgrid_category_latest_day_requests{category="line\\nbreak",customer="a \\"b\\" \\\\ c",'
        'job="m\\"x",source="acme"} 1 '
    )


def test_a_total_that_the_vendor_does_not_give_is_not_written(past):
    past.has("days", (LAST, TOTAL.sample(3)))

    lines, written = past.write(TOTAL)

    assert lines == ["# EOF"]
    assert written.shortened == []


def test_what_is_shorter_than_asked_for_is_said(past):
    past.has("days", *((FIRST + n * DAY, TOTAL.sample(10)) for n in range(3)))
    past.totals(TOTAL.sample(25))

    lines, written = past.write(TOTAL)

    assert values(lines)[0] == (5, at(2026, 3, 29))
    [said] = written.shortened
    assert said == (
        "source acme, customer acme-eu: sendgrid_requests_total begins with 2026-03-29: "
        "its days to 2026-03-28 sum up to more than the total"
    )


def test_a_file_that_stops_half_way_is_not_there(past):
    past.has("days", (LAST, COMPLETE.sample(7)))

    with pytest.raises(Stopped):
        past.write(COMPLETE, is_told=lambda: True)

    assert list(past.output.parent.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(past):
    past.output = past.output.parent / "missing" / "history.om"

    with pytest.raises(StartError, match=r"missing/history.om: can't be written \(No such file or directory\)"):
        past.write(COMPLETE)


def test_days_that_were_asked_for_once_more_count_as_they_were_then(past):
    past.has("days", (LAST, TOTAL.sample(5)), (LAST + DAY, TOTAL.sample(2)))
    past.totals(TOTAL.sample(107))
    past.journal.keep_later("daily", "later", {past.kept.number: {LAST + DAY: [TOTAL.sample(4)]}})

    lines, _ = past.write(TOTAL, step=86_400)

    # Between 2 and 4 of today's were in the total.
    assert values(lines)[-1] == (103, at(2026, 3, 31))
