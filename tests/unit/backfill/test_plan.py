"""What is to be asked for, step by step, and what of it is left. It is 2026-03-13, 12:00 UTC."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from exporter.backfill.keeping import Journal
from exporter.backfill.plan import Errand, Order, check_days, size_in_words
from exporter.config import VENDOR_ZONE
from exporter.errors import UsageError
from exporter.providers.base import Customer
from exporter.providers.sendgrid_metrics import LAST_COMPLETE_DAY
from tests.fake_clock import FakeClock

DAY = timedelta(days=1)
YESTERDAY, TODAY = date(2026, 3, 12), date(2026, 3, 13)
FIGURES = {YESTERDAY: [LAST_COMPLETE_DAY["requests"].sample(1)]}


class Thirty:
    """A history of thirty days in a call, with totals that take two."""

    collectors = ("totals", "daily")
    span = 30

    def __init__(self, *, has_totals=True):
        self._totals = 2 * has_totals

    def calls_for_days(self):
        return 1

    def calls_for_totals(self, today):
        return self._totals


@pytest.fixture
def journal():
    return Journal(None, {}, 0.0)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def errand(journal, clock):
    def errand(first, last=YESTERDAY, *, has_totals=True, customers=1):
        listed = [Customer(f"{n}@example.com", f"{n}", ZoneInfo("UTC"), clock) for n in range(customers)]
        kept = journal.enlist("acme", [(each, last) for each in listed])
        nobody: Any = None
        history: Any = Thirty(has_totals=has_totals)
        return Errand(nobody, history, tuple(zip(listed, kept, strict=True)), first)

    return errand


def steps(errand, journal):
    return [(step.kind, str(step.first), str(step.last), step.calls) for step in errand.left(journal)]


def test_days_come_first_then_the_totals_and_today_once_more(errand, journal):
    asked = [step for step in steps(errand(TODAY - 70 * DAY), journal) if step[0] != "totals"]

    assert asked == [
        ("days", "2026-01-02", "2026-01-31", 1),
        ("days", "2026-02-01", "2026-03-02", 1),
        ("days", "2026-03-03", "None", 1),
        ("later", "2026-03-13", "None", 1),
    ]
    assert [step.kind for step in errand(TODAY - 70 * DAY).left(journal)] == ["days", "days", "days", "totals", "later"]


def test_days_between_the_last_one_and_today_are_asked_for_too(errand, journal):
    """They are what came later, and the live total has them."""
    kinds = steps(errand(TODAY - 10 * DAY, TODAY - 5 * DAY), journal)

    assert kinds[0] == ("days", "2026-03-03", "None", 1)
    assert kinds[-1] == ("later", "2026-03-09", "None", 1)


def test_without_totals_nothing_is_asked_of_days_that_are_not_written(errand, journal):
    assert steps(errand(TODAY - 35 * DAY, TODAY - 2 * DAY, has_totals=False), journal) == [
        ("days", "2026-02-06", "2026-03-07", 1),
        ("days", "2026-03-08", "2026-03-11", 1),
    ]


def test_a_step_that_was_made_is_not_left(errand, journal):
    asked = errand(TODAY - 35 * DAY)
    journal.keep_days(asked.name, asked.left(journal)[0].name, {1: FIGURES})

    assert [step.kind for step in asked.left(journal)] == ["days", "totals", "later"]


def test_a_step_is_left_until_it_was_made_for_all(errand, journal):
    asked = errand(TODAY - 35 * DAY, customers=2)
    journal.keep_days(asked.name, asked.left(journal)[0].name, {1: FIGURES})

    assert len(asked.left(journal)) == 4
    assert [len(alone.left(journal)) for alone in asked.alone()] == [3, 4]


def test_the_days_around_the_totals_are_asked_for_anew_on_another_day(errand, journal, clock):
    """A total of today less days of yesterday would be a day too much."""
    asked = errand(TODAY - 35 * DAY)
    first, newest, totals, _ = asked.left(journal)
    journal.keep_days(asked.name, first.name, {1: FIGURES})
    journal.keep_days(asked.name, newest.name, {1: FIGURES})
    journal.keep_totals(asked.name, totals.name, {1: []})
    assert [step.kind for step in asked.left(journal)] == ["later"]

    clock.jump(86_400)

    assert [step.kind for step in asked.left(journal)] == ["days", "totals", "later"]


def test_nothing_is_left_of_what_is_whole(errand, journal, clock):
    asked = errand(TODAY - 35 * DAY)
    journal.complete(asked.name, [1])

    clock.jump(86_400)

    assert asked.left(journal) == ()


def test_who_is_whole_is_asked_for_no_more_with_the_others(errand, journal):
    asked = errand(TODAY - 35 * DAY, customers=2)
    journal.keep_days(asked.name, asked.left(journal)[0].name, {2: FIGURES})
    journal.complete(asked.name, [1])

    assert [kept.number for _, kept in asked.unfinished(journal).customers] == [2]
    assert len(asked.left(journal)) == 3


@pytest.mark.parametrize(
    ("count", "words"), [(999, "999 bytes"), (12_345, "12 kB"), (278e6, "278 MB"), (137_654_321_000, "137.7 GB")]
)
def test_a_size_is_said_as_a_person_reads_it(count, words):
    assert size_in_words(count) == words


def test_days_of_a_customer_whose_zone_only_the_vendor_knows_can_not_be_written(clock):
    source: Any = SimpleNamespace(
        config=SimpleNamespace(timezone=ZoneInfo("UTC")), customers=[Customer("a", "a", VENDOR_ZONE, clock)]
    )

    with pytest.raises(UsageError, match="^timezone: vendor: "):
        check_days(Order(YESTERDAY, None, 300, {}), [source], clock.time())
