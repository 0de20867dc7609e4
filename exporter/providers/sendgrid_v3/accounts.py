"""The three kinds of accounts that the v3 API knows, and how a call names one of each."""

import re
from enum import StrEnum
from urllib.parse import quote

from exporter.errors import ClientRefused
from exporter.providers.base import Customer

# Upstream lets nothing else into a header or, decoded, into a path: servers disagree about what it means there.
_IN_HEADER = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?", re.ASCII)
_NOT_IN_PATH = re.compile(r"[\x00-\x20\x7f/\\%?#;]|\A\.{1,2}\Z", re.ASCII)


class AccountKind(StrEnum):
    """What a customer is to the account that the API key belongs to; a customer's ``settings``."""

    SUBUSER = "subuser"
    ACCOUNT = "account"
    OWN = "own"


def on_behalf_of(customer: Customer) -> tuple[tuple[str, str], ...]:
    """Return the header that makes a call as this customer's account; none for the key's own.

    Raises:
        ClientRefused: the customer's id can't stand in a header.
    """
    if customer.settings is AccountKind.OWN:
        return ()
    if not _IN_HEADER.fullmatch(customer.id):
        raise ClientRefused("not asked: the customer's id holds characters that no HTTP header can carry")
    is_partner = customer.settings is AccountKind.ACCOUNT
    return (("On-Behalf-Of", f"account-id {customer.id}" if is_partner else customer.id),)


def path_segment(customer: Customer) -> str:
    """Return a subuser's name as one segment of a path, percent-encoded.

    Raises:
        ClientRefused: it holds what no path can carry safely.
    """
    if _NOT_IN_PATH.search(customer.id):
        raise ClientRefused("not asked: the subuser's name holds characters that no URL can carry safely")
    return quote(customer.id, safe="")
