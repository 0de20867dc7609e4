import json
from datetime import date

import pytest

from exporter.config import load
from exporter.errors import ConfigError
from exporter.providers.sendgrid_v3.accounts import AccountKind
from exporter.providers.sendgrid_v3.config import V3Source

SOURCE = {
    "name": "mail",
    "type": "sendgrid_v3",
    "credentials": {"api_key": "SG.correct-horse-battery"},
    "customers": [{"subuser": "alice"}],
}
SIX = ("requests", "delivered", "bounces", "clicks", "opens", "spam_reports")
UNIQUE = {"unique_clicks", "unique_opens"}


@pytest.fixture
def read(tmp_path):
    def read(**keys):
        path = tmp_path / "config.json"
        path.write_text(json.dumps({"sources": [{**SOURCE, **keys}]}))
        return load(path, {"sendgrid_v3": V3Source}).sources[0]

    return read


@pytest.fixture
def mistakes(read):
    def mistakes(**keys):
        with pytest.raises(ConfigError) as caught:
            read(**keys)
        return [(problem.path.removeprefix("sources[0]."), problem.message) for problem in caught.value.problems]

    return mistakes


def test_what_is_left_out_has_the_defaults_of_the_contract(read):
    source = read()

    assert source.base_url == "https://api.sendgrid.com"
    assert (source.rate_limit.calls, source.rate_limit.per) == (600, 60)
    assert {name: collector.interval for name, collector in source.collectors} == {
        "daily": 900,
        "credits": 3600,
        "reputation": 3600,
    }
    assert source.collectors.daily.fields == SIX
    assert source.collectors.daily.days == 3
    assert source.discovery is None


def test_opt_in_collectors_come_after_the_others(read):
    on = {"enabled": True}
    source = read(collectors={"categories": on, "totals": {**on, "since": "2026-01-01"}, "month": on})

    assert [name for name, _ in source.collectors] == [
        *("daily", "credits", "reputation", "totals", "month", "categories")
    ]
    assert source.collectors.totals.since == date(2026, 1, 1)


def test_all_fields_are_the_sixteen_of_the_vendor(read):
    every = {name: {"fields": "all"} for name in ("daily", "totals", "month", "categories")}
    collectors = read(collectors=every).collectors

    assert len(collectors.daily.fields) == len(collectors.categories.fields) == 16
    assert set(collectors.daily.fields) - set(collectors.totals.fields) == UNIQUE
    assert collectors.month.fields == collectors.totals.fields


@pytest.mark.parametrize("field", ["repeat_bounces", "unique_clicks"])
def test_a_field_that_the_totals_can_not_have_is_refused(mistakes, field):
    [(path, message)] = mistakes(collectors={"totals": {"fields": [field]}})

    assert path == "collectors.totals.fields[0]"
    assert message.startswith(f"'{field}' is no field that this call has; it has requests, ")


def test_a_customer_is_one_of_three_kinds(read):
    customers = read(
        customers=[
            {"subuser": "alice"},
            {"account": "sg2a2b", "name": "partner"},
            {"own": True},
            {"subuser": "bob", "own": False},
        ]
    ).customers

    assert [(each.kind, each.id, each.label) for each in customers] == [
        (AccountKind.SUBUSER, "alice", "alice"),
        (AccountKind.ACCOUNT, "sg2a2b", "partner"),
        (AccountKind.OWN, "", "own"),
        (AccountKind.SUBUSER, "bob", "bob"),
    ]


@pytest.mark.parametrize(
    ("customer", "mistake"),
    [
        ({}, ("customers[0].subuser", "is missing; give subuser, account or own: true")),
        ({"own": False}, ("customers[0].subuser", "is missing; give subuser, account or own: true")),
        (
            {"subuser": "alice", "account": "sg2a2b"},
            ("customers[0].account", "can't stand beside subuser; a customer is one of the two"),
        ),
        (
            {"account": "sg2a2b", "own": True},
            ("customers[0].own", "can't stand beside account; a customer is one of the two"),
        ),
        (
            {"account": "sg 2a2b"},
            (
                "customers[0].account",
                "holds spaces or characters that no HTTP header can carry; copy the id from the list",
            ),
        ),
    ],
)
def test_a_customer_of_no_kind_or_two_is_refused(mistakes, customer, mistake):
    assert mistakes(customers=[customer]) == [mistake]


def test_the_own_account_can_stand_in_the_list_once(mistakes):
    [(path, message)] = mistakes(customers=[{"own": True}, {"own": True, "name": "again"}])

    assert path.startswith("customers[1]")
    assert message == "is listed as customer [0] already; remove one of the two"


@pytest.mark.parametrize(
    ("totals", "words"),
    [
        (
            {"enabled": True},
            "is missing; totals are summed up from a day that you choose, such as 2026-01-01, to today",
        ),
        ({"since": "2026-02-30"}, "must be a real date; write it like 2026-01-01"),
        ({"since": "1 January 2026"}, "must be a real date; write it like 2026-01-01"),
        ({"since": 20260101}, "must be a real date; write it like 2026-01-01"),
        ({"since": "2008-12-31"}, "is too early; SendGrid has nothing from before 2009-01-01"),
        ({"since": "9999-12-31"}, "is in the future; totals are summed up from this day to today"),
    ],
)
def test_a_wrong_first_day_of_the_totals_is_refused(mistakes, totals, words):
    assert mistakes(collectors={"totals": totals}) == [("collectors.totals.since", words)]


@pytest.mark.parametrize("collector", ["daily", "categories"])
@pytest.mark.parametrize("days", [0, 49])
def test_more_days_than_an_answer_can_have_are_refused(mistakes, collector, days):
    [(path, _)] = mistakes(collectors={collector: {"days": days}})

    assert path == f"collectors.{collector}.days"


def test_a_key_that_no_header_can_carry_is_refused_and_not_quoted(mistakes):
    assert mistakes(credentials={"api_key": "SG.schlüssel"}) == [
        ("credentials.api_key", "holds characters that no API key has and no HTTP header can carry")
    ]


def test_the_list_of_customers_is_one_of_two(read, mistakes):
    assert read(discovery={}).discovery.of == "subusers"
    assert read(discovery={"of": "accounts"}).discovery.of == "accounts"
    assert mistakes(discovery={"of": "sites"}) == [("discovery.of", "must be one of: 'subusers', 'accounts'")]


def test_ten_subusers_are_one_call_and_any_other_customer_is_one_each(read):
    source = read(
        customers=[
            *({"subuser": f"user{number}"} for number in range(25)),
            {"own": True},
            {"account": "sg2a2b"},
        ],
        collectors={
            "totals": {"enabled": True, "since": "2020-01-15"},
            "month": {"enabled": True},
            "categories": {"enabled": True},
        },
    )

    calls = {name: round(per_second * 3600, 6) for name, per_second in source.planned_calls().items()}
    assert calls == {
        "daily": 4 * (3 + 2),
        "credits": 27,
        "reputation": 3 + 2,
        "totals": 4 * (3 + 2),
        "month": 3 + 2,
        "categories": 2 * 27,
    }


def test_a_thousand_subusers_fit_into_the_default_limit_with_little_of_it(read):
    source = read(customers=[{"subuser": f"user{number}"} for number in range(1000)])

    assert {name: round(per_second * 3600) for name, per_second in source.planned_calls().items()} == {
        "daily": 400,
        "credits": 1000,
        "reputation": 100,
    }


def test_customers_need_not_be_configured_where_they_are_listed(read):
    assert read(discovery={}, customers=[]).customers == ()
