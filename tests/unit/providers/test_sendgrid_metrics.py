import re

import pytest

from exporter.providers import sendgrid_metrics as metrics
from exporter.samples import Family, Kind

SINGLE = [family for family in vars(metrics).values() if isinstance(family, Family)]
FAMILIES = [
    *metrics.TOTALS.values(),
    *metrics.LATEST_DAY.values(),
    *metrics.LAST_COMPLETE_DAY.values(),
    *metrics.MONTH_TO_DATE.values(),
    *metrics.CATEGORY_LATEST_DAY.values(),
    *SINGLE,
]


def test_the_statistics_are_those_of_the_contract():
    assert list(metrics.LATEST_DAY) == [
        *("requests", "delivered", "bounces", "clicks", "opens", "spam_reports", "unsubscribes", "blocks"),
        *("invalid_emails", "repeat_bounces", "repeat_unsubscribes", "repeat_spam_reports"),
        *("bounce_drops", "unsubscribe_drops", "spam_report_drops", "processed", "deferred"),
        *("unique_clicks", "unique_opens"),
    ]
    assert [*metrics.LAST_COMPLETE_DAY] == [*metrics.CATEGORY_LATEST_DAY] == [*metrics.LATEST_DAY]


def test_nothing_that_is_unique_within_a_day_has_a_total():
    assert set(metrics.LATEST_DAY) - set(metrics.TOTALS) == {"unique_clicks", "unique_opens"}
    assert [*metrics.MONTH_TO_DATE] == [*metrics.TOTALS]


def test_names_follow_the_prometheus_rules():
    assert all(re.fullmatch(r"sendgrid_[a-z]+(_[a-z]+)*", family.name) for family in FAMILIES)
    assert {family.name for family in FAMILIES if family.name.endswith("_total")} == {
        family.name for family in FAMILIES if family.kind is Kind.COUNTER
    }
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES, ids=repr)
def test_every_help_is_one_sentence_that_says_it_is_polled(family):
    assert re.fullmatch(r"[A-Z][^.\n]+ polled\.", family.help)
    assert len(family.help) < 240
    assert family.origin


@pytest.mark.parametrize(
    ("family", "fields"),
    [
        (metrics.TOTALS["requests"], "requests"),
        (metrics.TOTALS["spam_reports"], "spamreports (v3: spam_reports)"),
        (metrics.TOTALS["repeat_bounces"], "repeat_bounces"),
        (metrics.LATEST_DAY["spam_report_drops"], "spam_report_drops"),
        (metrics.LATEST_DAY["blocks"], "blocks"),
        (metrics.CATEGORY_LATEST_DAY["blocks"], "blocked (v3: blocks)"),
        (metrics.CATEGORY_LATEST_DAY["spam_report_drops"], "spam_drop (v3: spam_report_drops)"),
        (metrics.MONTH_TO_DATE["processed"], "processed"),
    ],
)
def test_a_help_names_the_vendors_fields(family, fields):
    assert family.help.endswith(f"; SendGrid's field {fields}, polled.")


def test_an_origin_names_the_calls_of_both_apis():
    assert metrics.CATEGORY_LATEST_DAY["blocks"].origin == (
        "Web API statistics by category (`category[]`): `blocked`; "
        "v3 statistics by category (`/v3/categories/stats`): `blocks`"
    )
    assert metrics.TOTALS["processed"].origin == (
        "v3 statistics by day, summed over the months since `since`: `processed`"
    )
