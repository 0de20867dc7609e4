import copy
import json

import pytest

from exporter.config import VENDOR_ZONE, json_schema, load
from exporter.errors import ConfigError
from exporter.providers import discover

SOURCE = {
    "name": "acme",
    "type": "sendgrid_reseller",
    "credentials": {"username": "acme", "password": "correct-horse-battery"},
    "customers": [{"user": "customer@example.com"}],
}
MODELS = {name: provider.config for name, provider in discover().items()}


@pytest.fixture
def read(tmp_path):
    def read(**keys):
        path = tmp_path / "config.json"
        path.write_text(json.dumps({"sources": [{**SOURCE, **keys}]}))
        return load(path, MODELS).sources[0]

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
        "totals": 900,
        "daily": 900,
        "credits": 3600,
    }
    six = ("requests", "delivered", "bounces", "clicks", "opens", "spam_reports")
    assert (source.collectors.totals.fields, source.collectors.daily.fields) == (six, six)
    assert source.collectors.daily.days == 3


def test_the_schedule_is_one_call_for_each_customer_and_collector(read):
    source = read(customers=[{"user": "a"}, {"user": "b"}], collectors={"daily": {"enabled": False}})

    assert source.planned_calls() == {"totals": 2 / 900, "credits": 2 / 3600}


def test_all_fields_are_those_that_the_call_can_have(read):
    collectors = read(collectors={"totals": {"fields": "all"}, "daily": {"fields": "all"}}).collectors

    assert len(collectors.totals.fields) == 12
    assert set(collectors.daily.fields) - set(collectors.totals.fields) == {"unique_clicks", "unique_opens"}


@pytest.mark.parametrize(
    ("collector", "field"),
    [
        *(("totals", "unique_clicks"), ("totals", "unique_opens"), ("totals", "spamreports")),
        *(("totals", "processed"), ("daily", "processed"), ("daily", "deferred"), ("daily", "bounce_drops")),
        *(("daily", "spam_report_drops"), ("daily", "unsubscribe_drops"), ("daily", "date")),
    ],
)
def test_a_field_that_the_call_can_not_have_is_refused_with_those_that_it_can(mistakes, collector, field):
    [(path, message)] = mistakes(collectors={collector: {"fields": ["requests", field]}})

    assert path == f"collectors.{collector}.fields[1]"
    assert message.startswith(f"'{field}' is no field that this call has; it has requests, delivered, bounces, ")
    assert ("unique_opens" in message.partition(";")[2]) is (collector == "daily")


@pytest.mark.parametrize("days", [0, -1, 1096, 1.5, "3", True, None])
def test_a_number_of_days_that_the_vendor_refuses_is_refused_here(mistakes, days):
    assert [path for path, _ in mistakes(collectors={"daily": {"days": days}})] == ["collectors.daily.days"]


@pytest.mark.parametrize("days", [1, 1095])
def test_the_shortest_and_the_longest_number_of_days_are_taken(read, days):
    assert read(collectors={"daily": {"days": days}}).collectors.daily.days == days


@pytest.mark.parametrize(
    ("credentials", "mistake"),
    [
        ({}, ("credentials.username", "is missing; give username and password, or api_key")),
        ({"username": "a"}, ("credentials.password", "is missing; give password, password_file or password_env")),
        ({"password": "p"}, ("credentials.username", "is missing; give username and password, or api_key")),
        (
            {"username": "a", "password": "p", "api_key": "k"},
            ("credentials.api_key", "can't stand beside username and password; give one or the other"),
        ),
        (
            {"username": "a", "api_key": "k"},
            ("credentials.api_key", "can't stand beside username and password; give one or the other"),
        ),
        (
            {"api_key": "schlüssel"},
            ("credentials.api_key", "holds characters that no API key has and no HTTP header can carry"),
        ),
    ],
)
def test_credentials_are_a_user_name_with_its_password_or_an_api_key(mistakes, credentials, mistake):
    assert mistakes(credentials=credentials) == [mistake]


def test_a_password_may_hold_any_letters(read):
    assert read(credentials={"username": "ü", "password": "pässword €"}).credentials.password.value() == "pässword €"


@pytest.mark.parametrize("user", ["", " ", "a\nb", 5, None])
def test_a_customer_needs_a_user_that_can_be_sent(mistakes, user):
    assert [path for path, _ in mistakes(customers=[{"user": user}])] == ["customers[0].user"]


def test_a_customer_without_a_name_is_called_by_its_user(read):
    source = read(customers=[{"user": "a"}, {"user": "b", "name": "second"}])

    assert [(customer.id, customer.label) for customer in source.customers] == [("a", "a"), ("b", "second")]


@pytest.mark.parametrize("format_", ["json", "xml"])
def test_answers_can_be_asked_for_in_two_formats(read, format_):
    assert read(format=format_).format == format_


@pytest.mark.parametrize("format_", ["yaml", "JSON", "", None, 5])
def test_no_other_format_can_be_asked_for(mistakes, format_):
    assert [path for path, _ in mistakes(format=format_)] == ["format"]


OPT_IN = {
    "categories": 3600,
    "month": 3600,
    "limits": 3600,
    "suppressions": 21600,
    "ips": 21600,
    "pending": 3600,
    "packages": 86400,
    "invoices": 21600,
    "usage": 3600,
}


@pytest.mark.parametrize("type_", ["sendgrid_reseller", "sendgrid_distributor"])
def test_a_resellers_further_collectors_are_off_until_they_are_switched_on(read, type_):
    assert [name for name, _ in read(type=type_).collectors] == ["totals", "daily", "credits"]

    every = read(type=type_, collectors={name: {"enabled": True} for name in OPT_IN}).collectors
    assert {name: collector.interval for name, collector in every} == {
        "totals": 900,
        "daily": 900,
        "credits": 3600,
        **OPT_IN,
    }


def test_subusers_have_those_collectors_whose_calls_there_are(read, mistakes):
    opt_in = ("categories", "month", "limits")
    every = read(type="sendgrid_customer", collectors={name: {"enabled": True} for name in opt_in}).collectors

    assert [name for name, _ in read(type="sendgrid_customer").collectors] == ["totals", "daily"]
    assert [name for name, _ in every] == ["totals", "daily", *opt_in]
    for name in ("credits", "suppressions", "ips", "pending", "packages", "invoices", "usage"):
        [(path, message)] = mistakes(type="sendgrid_customer", collectors={name: {}})
        assert path == f"collectors.{name}"
        assert message.startswith("unknown key")


@pytest.mark.parametrize(
    ("collector", "customers", "calls"),
    [
        *(("totals", 1000, 1000), ("daily", 1000, 1000), ("month", 1000, 1000), ("limits", 1000, 1000)),
        *(("categories", 1000, 2000), ("suppressions", 1000, 4000), ("credits", 1000, 1000)),
        *(("ips", 1000, 4), ("pending", 1000, 1), ("packages", 1000, 1), ("invoices", 1000, 1)),
        *(("usage", 1, 1), ("usage", 1000, 1), ("usage", 1001, 2)),
    ],
)
def test_the_schedule_knows_how_many_calls_a_round_makes(read, collector, customers, calls):
    source = read(
        customers=[{"user": f"user{number}"} for number in range(customers)],
        rate_limit={"calls": 1_000_000},
        collectors={collector: {"enabled": True, "interval": "1h"}},
    )

    assert source.planned_calls()[collector] == calls / 3600


@pytest.mark.parametrize("fields", [["unique_opens"], ["spam_report_drops"], ["processed"]])
def test_a_sum_of_the_month_is_not_had_of_every_field(mistakes, fields):
    assert [path for path, _ in mistakes(collectors={"month": {"fields": fields}})] == ["collectors.month.fields[0]"]


def test_categories_have_fields_of_their_own(read, mistakes):
    settings = read(collectors={"categories": {"fields": "all", "include": ["Newsletter", "/^promo-/"]}}).collectors

    assert set(settings.categories.fields) - set(settings.daily.fields) == {
        *("unsubscribes", "blocks", "invalid_emails", "repeat_bounces", "repeat_unsubscribes", "repeat_spam_reports"),
        *("spam_report_drops", "unique_clicks", "unique_opens"),
    }
    assert settings.categories.include == ("Newsletter", "/^promo-/")
    [(path, message)] = mistakes(collectors={"categories": {"include": ["/(/"]}})
    assert path == "collectors.categories.include[0]"
    assert "is no regular expression" in message


@pytest.mark.parametrize("type_", ["sendgrid_reseller", "sendgrid_distributor", "sendgrid_customer"])
def test_customers_can_be_found_by_the_vendors_list(read, type_):
    source = read(type=type_, customers=[], discovery={"exclude": "^test-"})

    assert source.customers == ()
    assert source.discovery.admits("user")
    assert not source.discovery.admits("test-user")


def test_the_json_schema_can_be_written():
    assert "sendgrid_reseller" in json.dumps(json_schema(MODELS))


@pytest.mark.parametrize("type_", ["sendgrid_reseller", "sendgrid_distributor"])
def test_the_vendor_can_be_asked_for_the_time_zone_of_a_reseller_s_customers(read, type_):
    source = read(
        type=type_, timezone="vendor", customers=[{"user": "a"}, {"user": "b", "timezone": "vendor"}, {"user": "c"}]
    )

    assert source.timezone is VENDOR_ZONE
    assert [each.timezone for each in source.customers] == [None, VENDOR_ZONE, None]
    assert copy.deepcopy(source).timezone is VENDOR_ZONE
    assert source.model_dump(mode="json")["timezone"] == "vendor"


def test_nobody_knows_the_time_zone_of_subusers(mistakes):
    words = "can't be had from this vendor's API; write an IANA name like UTC or America/Denver"

    assert mistakes(type="sendgrid_customer", timezone="vendor", customers=[{"user": "a", "timezone": "vendor"}]) == [
        ("timezone", words),
        ("customers[0].timezone", words),
    ]
