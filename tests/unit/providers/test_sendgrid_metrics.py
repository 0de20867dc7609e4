import re

import pytest

from exporter.providers import sendgrid_metrics as metrics
from exporter.samples import Family, Kind

SINGLE = [family for family in vars(metrics).values() if isinstance(family, Family)]
FAMILIES = [
    *metrics.TOTALS.values(),
    *metrics.LATEST_DAY.values(),
    *metrics.LAST_COMPLETE_DAY.values(),
    *SINGLE,
]


def test_the_statistics_are_those_of_the_contract():
    assert sorted(metrics.LATEST_DAY) == sorted(metrics.LAST_COMPLETE_DAY)
    assert list(metrics.LATEST_DAY) == [
        *("requests", "delivered", "bounces", "clicks", "opens", "spam_reports", "unsubscribes", "blocks"),
        *("invalid_emails", "repeat_bounces", "repeat_unsubscribes", "repeat_spam_reports"),
        *("unique_clicks", "unique_opens"),
    ]


def test_nothing_that_is_unique_within_a_day_has_a_total():
    assert set(metrics.LATEST_DAY) - set(metrics.TOTALS) == {"unique_clicks", "unique_opens"}


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


def test_a_help_names_the_vendors_field():
    assert metrics.TOTALS["spam_reports"].help == (
        "Messages reported as spam since the account began; SendGrid's field spamreports, polled."
    )
    assert metrics.LAST_COMPLETE_DAY["invalid_emails"].help == (
        "Messages to invalid addresses on the day that was yesterday in the customer's time zone when it was polled; "
        "SendGrid's field invalid_email, polled."
    )
