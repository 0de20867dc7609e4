"""Weeks of a whole program: which day is the latest, which the last complete one, wherever its customers are."""

import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.simulation.almanac import Almanac, Teller, consulted, midnight
from tests.simulation.clock import SimulatedClock
from tests.simulation.exporter import SimulatedExporter

ZONES = ("Pacific/Kiritimati", "Asia/Kathmandu", "Europe/London", "America/St_Johns", "Pacific/Niue", "UTC")
AN_HOUR, A_DAY = 3600.0, timedelta(days=1)
LINE = re.compile(r'(\w+)\{(?:collector="(\w+)",)?customer="([^"]*)",source="acme"\} (\S+)')
LATEST, COMPLETE, MONTH = "sendgrid_latest_day_", "sendgrid_last_complete_day_", "sendgrid_month_to_date_"
OFF = {"enabled": False}
# An interval that is no whole part of a day, so that the fetches wander over midnight.
DAILY = {"interval": "50m", "fields": ["requests"]}


class Program:
    """An exporter that lives through hours, and what it shows of each customer."""

    def __init__(self, exporter, almanac):
        self.exporter = exporter
        self.almanac = almanac

    def live(self, hours=1):
        """Let hours pass, one after the other: the simulation is only true in steps of about an interval."""
        for _ in range(hours):
            self.exporter.live(AN_HOUR)

    def shown(self):
        """Return the values of each customer's series, by name; of health, with the collector."""
        found: dict[str, dict[str, float]] = {}
        for line in self.exporter.page().decode().splitlines():
            if match := LINE.fullmatch(line):
                name, collector, customer, value = match.groups()
                key = f"{name.removeprefix('email_stats_exporter_')} {collector}" if collector else name
                found.setdefault(customer, {})[key] = float(value)
        assert set(found) == set(self.almanac.tellers)
        return found


@contextmanager
def program(tmp_path, begin, *, zones=ZONES, configured=None, type_="sendgrid_reseller", month=False, edit=None):
    """Start an exporter at a moment, for customers who are named by their time zones."""
    clock = SimulatedClock(datetime.fromisoformat(begin).replace(tzinfo=UTC).timestamp())
    almanac = Almanac(clock, {zone: Teller(ZoneInfo(zone)) for zone in zones})
    if edit:
        almanac.edit = edit
    is_v3 = type_ == "sendgrid_v3"
    section = {
        "name": "acme",
        "type": type_,
        "base_url": "https://vendor.example",
        "credentials": {"api_key": "k"} if is_v3 else {"username": "acme", "password": "p"},
        "collectors": {
            "daily": {**DAILY, "days": 3},
            "credits": OFF,
            "month": {**DAILY, "enabled": month},
            **({"reputation": OFF} if is_v3 else {"totals": OFF}),
        },
        "customers": [
            {"subuser" if is_v3 else "user": zone, "name": zone, "timezone": (configured or {}).get(zone, zone)}
            for zone in zones
        ],
    }
    with consulted(almanac), SimulatedExporter({"sources": [section]}, tmp_path, clock) as exporter:
        yield Program(exporter, almanac)


def days_of(values, zone):
    """Return the length of the last complete day, after seeing to it that both days are those of the last fetch."""
    zone = ZoneInfo(zone)
    at = values["last_attempt_timestamp_seconds daily"]
    today = datetime.fromtimestamp(at, zone).date()
    began, before = midnight(today, zone), midnight(today - A_DAY, zone)
    assert values[f"{LATEST}timestamp_seconds"] == began
    assert values[f"{LATEST}requests"] == int(at - began) // 60
    assert values[f"{COMPLETE}timestamp_seconds"] == before
    assert values[f"{COMPLETE}requests"] == (began - before) / 60
    return values[f"{COMPLETE}requests"]


@pytest.mark.parametrize("type_", ["sendgrid_reseller", "sendgrid_v3"])
@pytest.mark.parametrize(
    ("begin", "odd"),
    [
        ("2026-03-05T00:07", {"America/St_Johns": 1380}),
        ("2026-03-26", {"Europe/London": 1380}),
        ("2026-10-23", {"Europe/London": 1500}),
        ("2026-10-29T00:22", {"America/St_Johns": 1500}),
        ("2026-12-28", {}),
        ("2028-02-26", {}),
    ],
)
def test_a_week_passes_and_each_customer_has_its_own_days(tmp_path, type_, begin, odd):
    lengths: dict[str, set[float]] = {zone: set() for zone in ZONES}
    with program(tmp_path, begin, type_=type_) as running:
        for _ in range(7 * 24):
            running.live()
            for zone, values in running.shown().items():
                assert values["up daily"] == 1
                lengths[zone].add(days_of(values, zone))

    assert lengths == {zone: {1440, odd[zone]} if zone in odd else {1440} for zone in ZONES}


@pytest.mark.parametrize(("begin", "following"), [("2026-10-30", date(2026, 11, 1)), ("2026-12-30", date(2027, 1, 1))])
def test_a_month_begins_where_the_customer_is(tmp_path, begin, following):
    with program(tmp_path, begin, month=True) as running:
        starts: dict[str, set[date]] = {zone: set() for zone in ZONES}
        for _ in range(4 * 24):
            running.live()
            for name, values in running.shown().items():
                zone = ZoneInfo(name)
                at = values["last_attempt_timestamp_seconds month"]
                first = datetime.fromtimestamp(at, zone).date().replace(day=1)
                assert values[f"{MONTH}start_timestamp_seconds"] == midnight(first, zone)
                assert values[f"{MONTH}requests"] == int(at - midnight(first, zone)) // 60
                starts[name].add(first)

    assert all(found == {date.fromisoformat(begin).replace(day=1), following} for found in starts.values())


def test_a_vendor_that_is_behind_has_yesterday_for_its_newest_day(tmp_path):
    """Fourteen hours of each day nobody there has heard of it."""
    seen = set()
    with program(tmp_path, "2026-03-10", zones=("UTC",), configured={"UTC": "Pacific/Kiritimati"}) as running:
        for _ in range(48):
            running.live()
            values = running.shown()["UTC"]
            at = values["last_attempt_timestamp_seconds daily"]
            here = datetime.fromtimestamp(at, ZoneInfo("Pacific/Kiritimati")).date()
            newest = running.almanac.tellers["UTC"].today(at)
            seen.add((here - newest).days)
            assert values["up daily"] == 1
            assert values[f"{LATEST}timestamp_seconds"] == midnight(newest, ZoneInfo("Pacific/Kiritimati"))
            # Whatever the vendor says of yesterday, it may still say more.
            yesterday = running.almanac.tellers["UTC"].minutes(here - A_DAY, at)
            assert values[f"{COMPLETE}requests"] == yesterday

    assert seen == {0, 1}


def test_a_vendor_that_is_ahead_has_tomorrow_for_its_newest_day(tmp_path):
    seen = set()
    with program(tmp_path, "2026-03-10", zones=("Pacific/Kiritimati",), configured={ZONES[0]: "UTC"}) as running:
        for _ in range(48):
            running.live()
            values = running.shown()["Pacific/Kiritimati"]
            at = values["last_attempt_timestamp_seconds daily"]
            here = datetime.fromtimestamp(at, UTC).date()
            newest = running.almanac.tellers["Pacific/Kiritimati"].today(at)
            seen.add((newest - here).days)
            assert values["up daily"] == 1
            assert values[f"{LATEST}timestamp_seconds"] == midnight(newest, ZoneInfo("UTC"))
            assert values[f"{COMPLETE}requests"] == 1440

    assert seen == {0, 1}


def test_a_vendor_two_days_ahead_is_not_believed_and_what_was_shown_stays(tmp_path):
    days = [0]

    def shift(rows, _):
        return [{**row, "date": str(date.fromisoformat(row["date"]) + days[0] * A_DAY)} for row in rows]

    with program(tmp_path, "2026-03-10T10:00", zones=("UTC",), edit=shift) as running:
        running.live(2)
        before = vendor_s(running.shown()["UTC"])
        days[0] = 2
        for _ in range(22):
            running.live()
            values = running.shown()["UTC"]
            assert vendor_s(values) == before
        assert values["up daily"] == 0
        days[0] = 0
        running.live()
        assert days_of(running.shown()["UTC"], "UTC") == 1440


def vendor_s(values):
    return {name: value for name, value in values.items() if name.startswith("sendgrid_")}


def test_days_without_a_row_are_absent_and_come_back(tmp_path):
    """Weekends, say: on Sunday and Monday there is no row of yesterday, and on Monday none of the last three days."""

    def on_workdays(rows, _):
        return [row for row in rows if date.fromisoformat(row["date"]).weekday() < 5]

    shown = {}
    with program(tmp_path, "2026-03-11T12:00", zones=("Europe/London",), edit=on_workdays) as running:
        for _ in range(7):
            running.live(2)
            values = running.shown()["Europe/London"]
            at = datetime.fromtimestamp(values["last_attempt_timestamp_seconds daily"], UTC)
            latest = datetime.fromtimestamp(values[f"{LATEST}timestamp_seconds"], UTC)
            shown[f"{at:%a}"] = (f"{latest:%a}", values.get(f"{COMPLETE}requests"), values["up daily"])
            running.live(22)

    assert shown == {
        "Wed": ("Wed", 1440, 1),
        "Thu": ("Thu", 1440, 1),
        "Fri": ("Fri", 1440, 1),
        "Sat": ("Fri", 1440, 1),
        "Sun": ("Fri", None, 1),
        "Mon": ("Mon", None, 1),
        "Tue": ("Tue", 1440, 1),
    }


def test_a_long_holiday_takes_the_days_away_and_is_no_failure(tmp_path):
    def nobody_works(rows, at):
        return [row for row in rows if row["date"] not in {"2026-03-12", "2026-03-13", "2026-03-14", "2026-03-15"}]

    with program(tmp_path, "2026-03-11T12:00", zones=("UTC",), edit=nobody_works) as running:
        running.live(2)
        assert vendor_s(running.shown()["UTC"])
        running.live(72)
        values = running.shown()["UTC"]
        # But for who the customer is, nothing is left.
        assert set(vendor_s(values)) <= {"sendgrid_customer_info"}
        assert values["up daily"] == 1
        running.live(48)
        # 2026-03-16 00:00.
        assert running.shown()["UTC"][f"{LATEST}timestamp_seconds"] == 1773619200


@pytest.mark.parametrize("type_", ["sendgrid_reseller", "sendgrid_v3"])
def test_the_order_of_rows_and_rows_that_come_twice_make_no_difference(tmp_path, type_):
    def jumbled(rows, at):
        turned = [*rows[int(at) // 60 % 3 :], *rows[: int(at) // 60 % 3]]
        return [*turned, *turned[::-1]] if type_ == "sendgrid_reseller" else turned

    with program(tmp_path, "2026-10-24", type_=type_, edit=jumbled) as running:
        for _ in range(48):
            running.live()
            for zone, values in running.shown().items():
                assert values["up daily"] == 1
                days_of(values, zone)


def test_a_day_that_comes_twice_with_two_numbers_is_believed_in_neither(tmp_path):
    doubts = [False]

    def doubted(rows, _):
        return [*rows, *([{**rows[-1], "requests": 9_999}] if doubts[0] else [])]

    with program(tmp_path, "2026-03-10", zones=("UTC",), edit=doubted) as running:
        running.live(5)
        before = vendor_s(running.shown()["UTC"])
        doubts[0] = True
        running.live(5)
        values = running.shown()["UTC"]
        assert (vendor_s(values), values["up daily"]) == (before, 0)
        doubts[0] = False
        running.live(1)
        assert running.shown()["UTC"]["up daily"] == 1


def test_the_vendor_says_where_customers_are_and_when_they_move(tmp_path):
    asked_about = dict.fromkeys(ZONES, "vendor")
    with program(tmp_path, "2026-03-26", configured=asked_about) as running:
        for _ in range(48):
            running.live()
            for zone, values in running.shown().items():
                days_of(values, zone)
        running.almanac.tellers["UTC"] = Teller(ZoneInfo("Pacific/Niue"))
        running.live(25)
        days_of(running.shown()["UTC"], "Pacific/Niue")

    # Once a day, and no more.
    assert running.almanac.asked.count("timezone Europe/London") == 4
