"""What is kept is found by: digests that tell accounts apart, and from which no id or secret can be read."""

from enum import Enum
from functools import lru_cache
from hashlib import blake2s
from typing import Any

from exporter.config import SourceConfig
from exporter.providers.base import AnyCollector, Customer
from exporter.state.kept import Remembering, Scope

_CUSTOMER, _SETTINGS, _SCOPE = 16, 8, 8


def account(source: SourceConfig) -> str:
    """Return what tells one account at a vendor from any other, on one line."""
    return f"{source.name}\n{_holder(source)}"


def scope_of(source: SourceConfig, collector: AnyCollector) -> Scope:
    """Return the scope of a collector of a source."""
    settings = collector.settings
    what = f"{account(source)}\n{collector.name}\n{settings.meaning}"
    asked = settings.model_dump_json(exclude={"enabled", "interval"})
    return Scope(
        # SQLite's whole numbers have a sign.
        number=int.from_bytes(_digest(what, _SCOPE)) >> 1,
        settings=_digest(asked, _SETTINGS),
        families={family.name: family for family in collector.families},
        collector=collector if isinstance(collector, Remembering) else None,
    )


def customer_digest(customer: Customer | None) -> bytes:
    """Return what stands for a customer among those of its source; None is the source itself."""
    # Another account under the same label is another customer.
    return _digest(f"{customer.id}\n{customer.name}" if customer else "", _CUSTOMER)


def settings_digest(scope: Scope, customer: Customer | None) -> bytes:
    """Return what changes when something else is asked for, or for other days."""
    settings = customer.settings if customer else None
    zone = customer.zone.key if customer else ""
    if settings is None or isinstance(settings, Enum):
        return _plain_settings(scope.settings, zone, settings)
    return _whole_settings(scope.settings, zone, settings)


def fact_name(kind: str, whose: str) -> str:
    """Return the name that something else is kept under, such as the budget of a source."""
    return f"{kind}:{_digest(whose, _CUSTOMER).hex()}"


def nameless_account(source: SourceConfig) -> str:
    """Return what stands for an account at a vendor whatever its source is called, as far as no key tells it."""
    return _digest(_holder(source), _CUSTOMER).hex()


def budget_name(source: SourceConfig) -> str:
    """Return the name that the budget of a source is kept under, which it may share."""
    return fact_name("budget", source.rate_limit.shared or account(source))


def pause_name(source: SourceConfig) -> str:
    """Return the name that a pause is kept under which the vendor of a source asked for."""
    return fact_name("pause", account(source))


def list_name(source: SourceConfig) -> str:
    """Return the name that the list of a source's customers is kept under; each list of an account has its own."""
    which = getattr(getattr(source, "discovery", None), "of", "")
    return fact_name("list", f"{account(source)}\n{which}")


def _holder(source: SourceConfig) -> str:
    credentials = getattr(source, "credentials", None)
    username = getattr(credentials, "username", "")
    return "\n".join((source.type, source.base_url, username if isinstance(username, str) else ""))


@lru_cache(maxsize=1024)
def _plain_settings(scope: bytes, zone: str | None, settings: Any) -> bytes:
    return _whole_settings(scope, zone, settings)


def _whole_settings(scope: bytes, zone: str | None, settings: Any) -> bytes:
    # Secrets show as `<secret>` here.
    return _digest(f"{scope.hex()}\n{zone}\n{settings!r}", _SETTINGS)


def _digest(text: str, size: int) -> bytes:
    return blake2s(text.encode(errors="surrogatepass"), digest_size=size).digest()
