import re

import pytest

from exporter.providers import discover
from exporter.samples import Kind

FAMILIES = discover()["sendgrid_reseller"].families


@pytest.mark.parametrize("family", FAMILIES, ids=repr)
def test_every_help_is_one_sentence_that_says_it_is_polled(family):
    assert re.fullmatch(r"[A-Z][^.\n]+ polled\.", family.help)
    assert len(family.help) < 240
    assert "SendGrid" in family.help
    assert family.origin


def test_names_follow_the_prometheus_rules():
    assert all(re.fullmatch(r"sendgrid_[a-z]+(_[a-z]+)*", family.name) for family in FAMILIES)
    assert all(family.name.endswith("_total") is (family.kind is Kind.COUNTER) for family in FAMILIES)
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)


def test_what_belongs_to_the_account_itself_names_no_customer():
    assert {family.name: family.labels for family in FAMILIES if not family.per_customer} == {
        "sendgrid_ips": (),
        "sendgrid_ips_free": (),
        "sendgrid_ips_taken": (),
        "sendgrid_ips_available": (),
        "sendgrid_pending_changes": ("change",),
        "sendgrid_package_price": ("package",),
        "sendgrid_package_credits": ("package",),
        "sendgrid_package_overage_price": ("package",),
        "sendgrid_invoices": ("status",),
        "sendgrid_invoices_amount": ("status",),
    }


def test_what_a_customer_has_several_of_is_told_apart_by_one_label():
    assert {label for family in FAMILIES if family.per_customer for label in family.labels} == {
        "category",
        "list",
        "package",
    }
