"""The time zones that the vendor has customers' accounts in, for those who are configured with ``vendor``."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from exporter.providers.base import Customer
from exporter.providers.records import Record

# Accounts move seldom, and their days are asked for again and again.
_LASTS = 86_400.0
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Zones:
    """Knows the time zone of each customer's account for a day after it was read."""

    _read: dict[str, tuple[float, ZoneInfo]] = field(default_factory=dict)

    def of(self, customer: Customer, ask: Callable[[Customer], ZoneInfo]) -> ZoneInfo:
        """Return a customer's time zone; ``ask`` reads it from the vendor.

        Raises:
            FetchError: it had to be read and could not be.
        """
        now = customer.clock.monotonic()
        known = self._read.get(customer.id)
        if known is not None and now - known[0] < _LASTS:
            return known[1]
        zone = ask(customer)
        self._read[customer.id] = (now, zone)
        return zone


def read_zone(record: Record) -> ZoneInfo:
    """Return the time zone in an answer.

    Raises:
        InvalidResponse: it has none that is known here.
    """
    return record.require("timezone", _zone, "time zone that is known here")


def _zone(value: object) -> ZoneInfo | None:
    if not isinstance(value, str):
        return None
    # The vendor's page prints a slash that is escaped twice.
    name = value.replace("\\/", "/")
    try:
        return ZoneInfo(name) if _NAME.fullmatch(name) else None
    except (OSError, ValueError, LookupError):
        # A name may be too long for the file system, or that of a folder of zones.
        return None
