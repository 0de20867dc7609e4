"""A reseller's source from its configuration to its samples, with the vendor at the wire."""

import pytest

from tests.contract.web_account import WebAccount


@pytest.fixture
def reseller(vendor, ca_file):
    """Give a reseller's source, on 2026-03-13 at 12:00 UTC."""
    return WebAccount(vendor, ca_file)
