from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.demo import World
from tests.fake_clock import FakeClock

WORLD = World(FakeClock())
USERS = st.sampled_from([account.user for account in WORLD.customers])
# 2024-01-01 to 2028-01-01: before every account began, over several changes of the clocks, and long after.
MOMENTS = st.floats(1_704_067_200, 1_830_297_600)
GAPS = st.one_of(st.floats(0, 600), st.floats(0, 5 * 86_400))

HUGE = "mail@aurora-retail.example"
OFFICE = "billing@northwind-saas.example"
TINY = "me@tiny-ceramics.example"
SUSPENDED = "promo@closed-casino.example"


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def age(user: str, at: float) -> int:
    account = WORLD.find(user)
    assert account
    return (WORLD.today(user, at) - account.since).days + 1


@settings(deadline=None)
@given(USERS, MOMENTS, GAPS)
def test_totals_never_go_back(user, at, gap):
    before, after = WORLD.totals(user, at), WORLD.totals(user, at + gap)

    assert {name for name in before if after[name] < before[name]} == set()


@settings(deadline=None)
@given(USERS, MOMENTS, GAPS)
def test_no_number_of_a_day_goes_back(user, at, gap):
    later = {row["date"]: row for row in WORLD.days(user, 20, at + gap)}

    for row in WORLD.days(user, 5, at):
        after = later[row["date"]]
        assert {name for name in row if after[name] < row[name]} == set()


@settings(deadline=None, max_examples=40)
@given(USERS, MOMENTS)
def test_totals_are_the_sum_of_all_days(user, at):
    rows = WORLD.days(user, max(1, age(user, at)), at)

    totals = WORLD.totals(user, at)

    assert {name: sum(row[name] for row in rows) for name in totals} == totals


@settings(deadline=None)
@given(USERS, MOMENTS)
def test_the_parts_of_a_day_fit_into_the_whole(user, at):
    for row in WORLD.days(user, 5, at):
        parts = ("delivered", "bounces", "blocks", "invalid_email")
        drops = ("repeat_bounces", "repeat_unsubscribes", "repeat_spamreports")
        assert sum(row[name] for name in parts + drops) <= row["requests"]
        assert row["unique_opens"] <= row["delivered"]
        assert row["unique_opens"] <= row["opens"]
        assert row["unique_clicks"] <= row["unique_opens"]
        assert row["unique_clicks"] <= row["clicks"]
        assert row["unsubscribes"] + row["spamreports"] <= row["delivered"]
        assert min(value for name, value in row.items() if name != "date") >= 0


@settings(deadline=None)
@given(USERS, MOMENTS, st.integers(1, 2_000))
def test_days_end_with_today_and_have_no_date_twice(user, at, n):
    today = WORLD.today(user, at)

    dates = [row["date"] for row in WORLD.days(user, n, at)]

    assert dates == sorted(set(dates))
    assert all((today - timedelta(days=n)).isoformat() < day <= today.isoformat() for day in dates)


@settings(deadline=None)
@given(USERS, MOMENTS)
def test_credits_add_up(user, at):
    overview = WORLD.overview(user, at)

    allowed, used = int(overview["credits_allowed"]), int(overview["credits_used"])

    assert 0 <= used <= int(overview["requests"])
    assert overview["credits_remain"] == max(0, allowed - used)
    assert overview["credits_overage"] == str(max(0, used - allowed))
    assert str(overview["billing_start_date"]) <= str(WORLD.today(user, at)) <= str(overview["billing_end_date"])


@settings(deadline=None, max_examples=40)
@given(USERS, MOMENTS, st.integers(0, 700), st.integers(0, 100))
def test_sums_are_those_of_the_days_between(user, at, back, length):
    first = WORLD.today(user, at) - timedelta(days=back)
    last = first + timedelta(days=length)

    sums = WORLD.sums(user, first, last, at)

    rows = WORLD.between(user, first, last, at)
    assert sums == {name: sum(row[name] for row in rows) for name in sums}


@settings(deadline=None, max_examples=40)
@given(USERS, MOMENTS, st.integers(0, 40))
def test_a_calendar_has_every_day_and_leaves_no_number_out(user, at, back):
    today = WORLD.today(user, at)
    first = today - timedelta(days=back)

    rows = WORLD.calendar(user, first, today + timedelta(days=1), at)

    assert [row["date"] for row in rows] == [str(first + timedelta(days=n)) for n in range(back + 1)]
    told = WORLD.between(user, first, today, at)
    assert [row for row in rows if row["requests"]] == [row for row in told if row["requests"]]


@settings(deadline=None, max_examples=40)
@given(USERS, MOMENTS)
def test_the_categories_of_a_day_fit_into_it(user, at):
    today = WORLD.today(user, at)
    days = {row["date"]: row for row in WORLD.days(user, 7, at)}

    rows = WORLD.category_rows(user, WORLD.categories(user), today - timedelta(days=6), today, at)

    for day, whole in days.items():
        parts = [row for row in rows if row["date"] == day]
        for name in whole.keys() - {"date"}:
            assert sum(part[name] for part in parts) <= whole[name]


@settings(deadline=None, max_examples=40)
@given(USERS, MOMENTS, GAPS)
def test_no_number_of_a_category_goes_back(user, at, gap):
    today = WORLD.today(user, at)

    def rows(moment: float) -> dict[tuple[str, str], dict]:
        told = WORLD.category_rows(user, WORLD.categories(user), today - timedelta(days=2), today, moment)
        return {(row["date"], row["category"]): row for row in told}

    later = rows(at + gap)
    for key, row in rows(at).items():
        assert {name for name in row if later[key][name] < row[name]} == set()


def test_a_newsletter_has_its_days(world):
    at = moment("2026-03-15T23:00")

    rows = world.category_rows(HUGE, ["Newsletter"], date(2026, 3, 9), date(2026, 3, 15), at)

    assert [row["date"] for row in rows] == ["2026-03-11", "2026-03-14"]


def test_the_reseller_sends_mails_of_its_own_and_is_no_customer(world):
    assert world.totals(world.reseller.user, moment("2026-03-13T12:00"))["requests"] > 1_000_000
    assert world.find(world.reseller.user) is None


def test_a_number_and_an_id_belong_to_one_customer_each(world):
    assert len({account.number for account in world.customers}) == 12
    assert len({account.partner_id for account in world.customers}) == 12


def test_midnight_is_not_rounded_up_into_the_next_day(world):
    assert str(world.today(HUGE, moment("2028-01-01T00:00") - 0.0000002)) == "2027-12-31"


def test_the_first_day_of_an_account_is_in_its_totals(world):
    at = moment("2024-03-01T18:00")

    (row,) = world.days(HUGE, 30, at)

    assert row["date"] == "2024-03-01"
    assert world.totals(HUGE, at)["requests"] == row["requests"] > 1_000_000


def test_credits_used_are_the_requests_of_the_billing_period(world):
    at = moment("2026-03-13T12:00")
    rows = world.between(HUGE, date(2026, 3, 1), date(2026, 3, 13), at)

    assert world.overview(HUGE, at)["credits_used"] == str(sum(row["requests"] for row in rows))


def test_a_billing_period_goes_from_its_day_of_the_month_to_the_eve_of_the_next(world):
    overview = world.overview("news@daily-herald.example", moment("2026-01-05T12:00"))

    assert overview["billing_start_date"] == "2025-12-17"
    assert overview["billing_end_date"] == "2026-01-16"
    assert overview["billing_process_date"] == "2026-01-17"


def test_the_overview_mixes_strings_and_a_bare_number_as_the_vendor_does(world):
    overview = world.overview(HUGE, moment("2026-03-13T12:00"))

    assert list(overview) == [
        "reputation",
        "requests",
        "package",
        "credits_allowed",
        "credits_used",
        "credits_remain",
        "credits_overage",
        "billing_start_date",
        "billing_end_date",
        "billing_process_date",
    ]
    assert [name for name, value in overview.items() if isinstance(value, int)] == ["credits_remain"]


def test_a_row_has_every_counter_of_the_vendor(world):
    (row,) = world.days(HUGE, 1, moment("2026-03-13T12:00"))

    assert set(row) == {
        "date",
        "requests",
        "delivered",
        "bounces",
        "repeat_bounces",
        "unsubscribes",
        "repeat_unsubscribes",
        "clicks",
        "opens",
        "spamreports",
        "repeat_spamreports",
        "invalid_email",
        "blocks",
        "unique_clicks",
        "unique_opens",
    }
    assert row["date"] == "2026-03-13"


def test_another_world_is_the_same_world():
    at = moment("2026-03-13T12:00")

    assert World(FakeClock()).totals(HUGE, at) == World(FakeClock()).totals(HUGE, at)


@pytest.mark.parametrize("hour", range(24))
def test_a_large_customer_grows_while_one_watches_at_any_hour(world, hour):
    at = moment("2026-03-13T00:00") + hour * 3600 + 60

    assert world.totals(HUGE, at + 5)["requests"] > world.totals(HUGE, at)["requests"]


def test_opens_and_clicks_arrive_late_and_then_no_more(world):
    monday = date(2026, 3, 9)
    at_end, a_day_later, in_the_end, long_after = (
        world.between(HUGE, monday, monday, moment(text))[0]
        for text in ("2026-03-10T00:00", "2026-03-11T00:00", "2026-03-13T00:00", "2026-03-20T00:00")
    )

    for name in ("opens", "clicks", "unique_opens", "unique_clicks"):
        assert at_end[name] < a_day_later[name] < in_the_end[name] == long_after[name]
    assert at_end["requests"] == long_after["requests"]


def test_a_business_sender_is_idle_on_weekends_and_has_rows_of_zeros_then(world):
    rows = world.days(OFFICE, 7, moment("2026-03-15T23:00"))

    assert [row["requests"] > 0 for row in rows] == [True] * 5 + [False] * 2


def test_a_tiny_customer_has_days_without_a_row(world):
    assert 0 < len(world.days(TINY, 365, moment("2026-03-13T12:00"))) < 360


def test_a_suspended_customer_has_no_rows_but_keeps_its_totals(world):
    at = moment("2026-03-13T12:00")

    assert world.days(SUSPENDED, 30, at) == []
    assert world.totals(SUSPENDED, at) == world.totals(SUSPENDED, at + 86_400)
    assert world.totals(SUSPENDED, at)["requests"] > 1_000_000


def test_days_begin_at_midnight_of_the_customers_own_zone(world):
    at = moment("2026-03-13T03:00")

    (row,) = world.days("noreply@pixelforge-games.example", 1, at)

    assert row["date"] == "2026-03-12"


def test_one_customer_is_always_near_the_end_of_its_credits(world):
    shares = [
        int(overview["credits_remain"]) / int(overview["credits_allowed"])
        for day in range(5, 31)
        if (overview := world.overview("hello@green-grocer.example", moment(f"2026-03-{day:02}T18:00")))
    ]

    assert min(shares) > 0
    assert max(shares) < 0.25


def test_one_customer_is_in_overage(world):
    assert int(world.overview("alerts@skywatch.example", moment("2026-03-13T12:00"))["credits_overage"]) > 100_000


def test_one_reputation_sinks_from_day_to_day(world):
    monday = moment("2026-03-09T00:00")
    told = [world.overview("team@bright-recruiting.example", monday + day * 86_400)["reputation"] for day in range(7)]

    assert told == ["74.9", "69.9", "64.9", "59.9", "54.9", "49.9", "44.9"]


def test_one_customer_bounces_a_lot(world):
    (row,) = world.between(
        "offers@lucky-coupons.example", date(2026, 3, 10), date(2026, 3, 10), moment("2026-03-13T12:00")
    )

    assert row["bounces"] / row["requests"] > 0.05


def test_sizes_go_from_three_mails_a_day_to_two_million(world):
    at = moment("2026-03-12T23:59")
    week = {
        account.user: sum(row["requests"] for row in world.days(account.user, 7, at)) / 7 for account in world.customers
    }

    assert len(week) == 12
    assert 1_800_000 < week[HUGE] < 2_200_000
    assert 1 < week[TINY] < 6


def test_nothing_is_told_of_the_time_before_an_account_began(world):
    at = moment("2024-01-01T00:00")

    assert set(world.totals(HUGE, at).values()) == {0}
    assert world.days(HUGE, 30, at) == []


def test_a_stranger_is_not_found(world):
    assert world.find("who@else.example") is None
