"""What the Web API says of the reseller's own account → samples."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from exporter.providers.sendgrid_web import reseller
from exporter.providers.sendgrid_web.api import WebApi
from exporter.providers.sendgrid_web.collector_config import (
    InvoicesConfig,
    IpsConfig,
    PackagesConfig,
    PendingConfig,
)
from exporter.providers.sendgrid_web.metrics import INVOICES, INVOICES_AMOUNT, IPS, PACKAGES, PENDING_CHANGES
from exporter.samples import Family, Sample


@dataclass(frozen=True, slots=True)
class IpsCollector:
    """Collects how many IP addresses the account has, by state."""

    api: WebApi
    settings: IpsConfig
    name: ClassVar[str] = "ips"
    families: ClassVar[Sequence[Family]] = tuple(IPS.values())

    def fetch_source(self) -> Iterable[Sample]:
        """Yield the number of addresses in each state.

        Raises:
            FetchError: one of the vendor's answers is no list of addresses.
        """
        for state, family in IPS.items():
            yield family.sample(reseller.count_ips(self.api, state))


@dataclass(frozen=True, slots=True)
class PendingCollector:
    """Collects how many changes of customers' accounts wait to be made."""

    api: WebApi
    settings: PendingConfig
    name: ClassVar[str] = "pending"
    families: ClassVar[Sequence[Family]] = (PENDING_CHANGES,)

    def fetch_source(self) -> Iterable[Sample]:
        """Yield the number of changes of each kind.

        Raises:
            FetchError: the vendor's answer is no list of changes.
        """
        for change, count in reseller.pending_changes(self.api).items():
            yield PENDING_CHANGES.sample(count, change)


@dataclass(frozen=True, slots=True)
class PackagesCollector:
    """Collects what the packages hold and cost that customers can book."""

    api: WebApi
    settings: PackagesConfig
    name: ClassVar[str] = "packages"
    families: ClassVar[Sequence[Family]] = tuple(PACKAGES.values())

    def fetch_source(self) -> Iterable[Sample]:
        """Yield the numbers of each package, as far as the vendor sent them.

        Raises:
            FetchError: the vendor's answer is no list of packages.
        """
        packages = reseller.packages(self.api)
        for field, family in PACKAGES.items():
            yield from (family.sample(numbers[field], name) for name, numbers in packages.items() if field in numbers)


@dataclass(frozen=True, slots=True)
class InvoicesCollector:
    """Collects how many invoices the account has, and what they come to, by status."""

    api: WebApi
    settings: InvoicesConfig
    name: ClassVar[str] = "invoices"
    families: ClassVar[Sequence[Family]] = (INVOICES, INVOICES_AMOUNT)

    def fetch_source(self) -> Iterable[Sample]:
        """Yield the number and the sum of the invoices of each status.

        Raises:
            FetchError: the vendor's answer is no list of invoices.
        """
        invoices = reseller.invoices(self.api)
        for status, each in invoices.items():
            yield INVOICES.sample(each.count, status)
        for status, each in invoices.items():
            if each.amount is not None:
                yield INVOICES_AMOUNT.sample(float(each.amount), status)
