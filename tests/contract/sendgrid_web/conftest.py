"""Sources of the Web API's types."""

import pytest

from tests.contract.web_account import WebAccount


@pytest.fixture
def reseller(vendor, ca_file):
    """Give a reseller's source, on 2026-03-13 at 12:00 UTC."""
    return WebAccount(vendor, ca_file)


@pytest.fixture
def of_type(vendor, ca_file):
    """Return a function that gives a source of a type and a format, on 2026-03-13 at 12:00 UTC."""
    return lambda type_, format_="json": WebAccount(vendor, ca_file, type_=type_, format_=format_)
