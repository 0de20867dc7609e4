"""A year and more of the vendor's past in a real Prometheus, and where it meets what the live exporter shows."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from exporter.demo import Account, World
from tests.e2e.programs import Prometheus, free_port
from tests.e2e.sources import source
from tests.e2e.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

DAY = timedelta(days=1)
DAYS = 400
FIELDS = ["requests", "opens"]
# Of three time zones, two of them with daylight saving; the last one has no rows for days without mails.
NAMES = ["aurora-retail", "daily-herald", "pixelforge-games", "tiny-ceramics"]
TARGET = {"job": "mail", "instance": "exporter"}


@dataclass(frozen=True, slots=True)
class Joined:
    """A Prometheus with the past of some customers in blocks, which scrapes their present."""

    prometheus: Prometheus
    world: World
    first: date
    printed: str

    def today(self, account: Account) -> date:
        """Return the date at the vendor."""
        return self.world.today(account.user, self.world.clock.time())

    def rows(self, account: Account) -> Mapping[date, Mapping[str, int]]:
        """Return what the vendor has of each day since the first one, today among them."""
        found = self.world.between(account.user, self.first, self.today(account), self.world.clock.time())
        return {date.fromisoformat(row["date"]): row for row in found}

    def noons(self, account: Account, expression: str) -> Mapping[date, float]:
        """Return the value of an expression at noon or an hour beside it, by the date that it is in the zone then."""
        begin = datetime(self.first.year, self.first.month, self.first.day, 12, tzinfo=account.zone).timestamp()
        answer = self.prometheus._get(
            "query_range", query=expression, start=str(begin), end=str(self.world.clock.time()), step="86400"
        )
        [series] = answer["result"]
        return {datetime.fromtimestamp(at, account.zone).date(): float(value) for at, value in series["values"]}


@pytest.fixture(scope="module")
def accounts(world) -> list[Account]:
    return [account for account in world.customers if account.name in NAMES]


@pytest.fixture(scope="module")
def joined(shell, vendor, world, accounts, servers, stack) -> Iterator[Joined]:
    """Do what docs/history.md says, step by step."""
    first = datetime.fromtimestamp(world.clock.time(), UTC).date() - DAYS * DAY
    collectors = {"totals": {"fields": FIELDS}, "daily": {"fields": FIELDS}, "credits": {"enabled": False}}
    sources = [source(vendor, accounts, collectors=collectors)]
    file = shell.configure(sources)
    output, folder = file.parent / "history.om", file.parent / "prometheus"
    backfill = shell.start(
        *("backfill", f"--config.file={file}", f"--from={first}", f"--output={output}"),
        *(f"--label={name}={value}" for name, value in TARGET.items()),
    )
    assert backfill.wait(120) == 0, backfill.stderr
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=8760h"]
    subprocess.run([*command, str(output), str(folder / "data")], capture_output=True, check=True)
    output.unlink()
    exporter = shell.run(sources)
    target = {"targets": [f"127.0.0.1:{exporter.port}"], "labels": TARGET}
    prometheus = Prometheus(
        folder,
        exporter.port,
        free_port(),
        scrape={"static_configs": [target]},
        program=("prometheus", "--storage.tsdb.retention.time=10y"),
    )
    with prometheus:
        eventually(lambda: prometheus.scalar('count(scrape_samples_scraped{job="mail"})') == 1, 60)
        eventually(lambda: prometheus.scalar("count(email_stats_exporter_up == 1)") == 2 * len(accounts), 60)
        eventually(lambda: prometheus.scalar("count(count_over_time(sendgrid_requests_total[5s]))") == len(accounts))
        yield Joined(prometheus, world, first, backfill.stdout)


def test_history_and_live_numbers_are_one_series_each(joined, accounts):
    counted = joined.prometheus.query("count by (customer) (last_over_time(sendgrid_requests_total[400d]))")

    assert sorted(counted.values()) == [1.0] * len(accounts)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("span", ["2d", f"{DAYS}d"])
def test_no_counter_is_reset_where_history_ends_or_within_it(span, field, joined, accounts):
    resets = joined.prometheus.query(f"resets(sendgrid_{field}_total[{span}])")

    assert list(resets.values()) == [0.0] * len(accounts)


@pytest.mark.parametrize("field", FIELDS)
def test_the_increase_over_the_seam_is_the_truth_but_for_what_prometheus_extrapolates(field, joined, accounts):
    """Of two days it sees all but five minutes at most, and adds as much as these would have had."""
    prometheus, now = joined.prometheus, joined.world.clock.time()
    increases = prometheus.query(f"increase(sendgrid_{field}_total[2d])")
    shown = {dict(labels)["customer"]: value for (_, labels), value in increases.items()}

    for account in accounts:
        # Two days ago the counter stood where the day before had ended.
        begun = datetime.fromtimestamp(now - 2 * 86_400, account.zone).date()
        truth = sum(row[field] for day, row in joined.rows(account).items() if day >= begun)
        assert truth <= shown[account.name] <= truth * 1.002


@pytest.mark.parametrize("field", FIELDS)
def test_the_live_counter_goes_on_exactly_where_history_ends(field, joined, accounts):
    for account in accounts:
        today = joined.today(account)
        midnight = datetime(today.year, today.month, today.day, tzinfo=account.zone).timestamp()
        total = f'sendgrid_{field}_total{{customer="{account.name}"}}'
        sent = joined.prometheus.scalar(f"{total} - {total} @ {midnight:.0f}")
        assert sent == joined.rows(account).get(today, {}).get(field, 0)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("name", NAMES)
def test_every_day_is_what_the_vendor_says(name, field, joined, accounts):
    [account] = [each for each in accounts if each.name == name]
    rows = joined.rows(account)
    ended = {day: row[field] for day, row in rows.items() if day < joined.today(account) - DAY}

    shown = joined.noons(account, f'sendgrid_last_complete_day_{field}{{customer="{name}"}}')
    days = joined.noons(account, f'sendgrid_last_complete_day_timestamp_seconds{{customer="{name}"}}')

    assert len(ended) > DAYS - 15 or account.skips_idle_days
    # On the day after it, which may be before or after noon by now.
    assert {day - DAY: value for day, value in shown.items() if day < joined.today(account)} == ended
    assert {datetime.fromtimestamp(at, account.zone) for day, at in days.items() if day < joined.today(account)} == {
        datetime(day.year, day.month, day.day, tzinfo=account.zone) for day in ended
    }


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("name", NAMES)
def test_the_steps_of_a_counter_are_the_vendors_days(name, field, joined, accounts):
    [account] = [each for each in accounts if each.name == name]
    rows, total = joined.rows(account), f'sendgrid_{field}_total{{customer="{name}"}}'

    steps = joined.noons(account, f"{total} - {total} offset 1d")

    today = joined.today(account)
    expected = {day: rows.get(day - DAY, {}).get(field, 0) for day in steps if day < today}
    assert {day: value for day, value in steps.items() if day < today} == expected
    assert len(expected) > DAYS - 15


def test_yesterdays_figure_is_there_before_the_exporter_is(joined, accounts):
    for account in accounts:
        today = joined.today(account)
        midnight = datetime(today.year, today.month, today.day, tzinfo=account.zone).timestamp()
        row = joined.rows(account).get(today - DAY, {})
        shown = joined.prometheus.scalar(
            f'sendgrid_last_complete_day_requests{{customer="{account.name}"}} @ {midnight:.0f}'
        )
        assert shown == row.get("requests", shown)


def test_it_says_before_and_after_what_it_takes(joined):
    lines = joined.printed.splitlines()

    assert lines[0].startswith(f"source acme (sendgrid_reseller): totals, daily of 4 customers, {joined.first} to ")
    assert lines[0].endswith(": 16 calls")
    assert lines[1] == "16 calls at most, 1s at 100000 per 1m"
    assert lines[2].startswith("estimated, at most: 20 series, ")
    assert lines[3].split(":")[1].startswith(" 20 series, ")
