"""The configuration as the rest of the program sees it: frozen, typed, seconds and bytes as plain numbers."""

from abc import abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import (
    Field,
    PrivateAttr,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_serializer,
    field_validator,
    model_validator,
)

from exporter.config.addresses import FilePath, ProxyUrl, ReadableFile
from exporter.config.addresses import base_url as read_base_url
from exporter.config.customer_list import CustomerList
from exporter.config.customer_table import CustomerTable
from exporter.config.section import Section
from exporter.config.values import Duration, DurationRange, LabelName, LabelValue, Name, Size, TimeZone, mistake
from exporter.errors import Problem

_HOUR = 3600.0
# One for all customers without labels, of whom there may be a hundred thousand.
_NO_LABELS: Mapping[str, str] = {}


class RetryConfig(Section):
    """How often and how patiently a request that failed is sent again."""

    attempts: int = Field(4, ge=1, le=20)
    """Requests sent at most, the first one included."""
    initial_backoff: Annotated[float, DurationRange(least=0, most=_HOUR)] = 1.0
    """Longest pause before the first repetition; it doubles with each one."""
    max_backoff: Annotated[float, DurationRange(least=0, most=_HOUR)] = 30.0
    """Longest pause of all; a vendor that asks for a longer one ends the fetch."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_backoff < self.initial_backoff:
            raise mistake("must be at least as long as initial_backoff", "max_backoff")
        return self


class PollingConfig(Section):
    """How vendors are asked, for all sources."""

    timeout: Annotated[float, DurationRange(most=_HOUR)] = 10.0
    """Longest time for one request, from connect to the last byte."""
    concurrency: int = Field(8, ge=1, le=1000)
    """Requests in flight, per source."""
    stale_after: float = Field(3.0, ge=1, le=1000)
    """Times a collector's interval without success after which its numbers count as stale."""
    drop_after: Duration = 86_400.0
    """Time without success after which a customer's series leave."""
    retry: RetryConfig = RetryConfig()
    """What happens to a request that failed."""
    probe_interval: Duration = 60.0
    """Time between two probes of a source that is down; where the credentials are refused, five times as long."""


class LimitsConfig(Section):
    """Upper bounds that keep a mistake, ours or a vendor's, from filling the memory."""

    max_series: int = Field(5_000_000, ge=1, le=1_000_000_000)
    """Vendor series exposed at most."""
    max_response_bytes: Size = 8 * 1024 * 1024
    """Longest answer that is read; a longer one is refused whole."""
    categories_per_customer: int = Field(50, ge=1, le=1_000_000)
    """Categories of one customer that are shown at most; those beyond it are counted as left out."""
    breakdown_rows: int = Field(50, ge=1, le=1_000_000)
    """Rows of one breakdown that are shown at most; those beyond it are counted as left out."""


class StateConfig(Section):
    """Where last good numbers, counters and used limits are kept over restarts; without it, they are not."""

    path: FilePath
    """File of an SQLite database, made if it is not there; one process alone can have it."""


class HttpConfig(Section):
    """The way to the vendor; nothing of it is ever taken from environment variables."""

    proxy_url: ProxyUrl | None = None
    """Proxy that every request goes through."""
    ca_file: ReadableFile | None = None
    """PEM file of the certificate authorities to trust instead of the usual ones."""


class RateLimitConfig(Section):
    """What the vendor allows: no window of ``per`` ever holds more than ``calls`` requests."""

    calls: int = Field(600, ge=1, le=1_000_000_000)
    """Requests allowed in one period."""
    per: Duration = 60.0
    """The period."""
    shared: Name | None = None
    """Sources of the same name here draw from one budget."""


class CollectorConfig(Section):
    """Whether and how often one kind of data is fetched for each customer."""

    enabled: bool = True
    """Whether it is fetched at all."""
    interval: Duration = 900.0
    """Time between two fetches of one customer."""

    @property
    def meaning(self) -> str:
        """What says what the numbers mean, so that those of another meaning never go on from them."""
        return ""

    def calls(self, customers: Sequence[Any]) -> float:
        """Return how many requests one round over these customers makes: one each, unless a subclass knows better."""
        return len(customers)


class CollectorsConfig(Section):
    """The collectors of a source by name; iterating gives the enabled ones."""

    # pydantic's own iteration gives every field; nobody asks a section of the configuration for that.
    def __iter__(self) -> Generator[tuple[str, CollectorConfig], None, None]:
        """Yield the name and the settings of each enabled collector, in the order of their declaration."""
        for name in type(self).model_fields:
            collector: CollectorConfig = getattr(self, name)
            if collector.enabled:
                yield name, collector


class CustomerConfig(Section):
    """One customer of a source; each type of source adds the key of the vendor's id, and ``id``."""

    name: Name | None = None
    """Value of the label ``customer``; the id where it is left out."""
    labels: Mapping[LabelName, LabelValue] = Field(default_factory=lambda: _NO_LABELS)
    """Labels on the customer's info series."""
    timezone: TimeZone | None = None
    """Time zone of this customer's days, where it differs from the source's."""

    @property
    @abstractmethod
    def id(self) -> str:
        """What the vendor calls the customer."""

    @property
    def label(self) -> str:
        """The value of the label ``customer``: the name, or else the id."""
        return self.id if self.name is None else self.name


class SourceConfig(Section):
    """One vendor account with one set of credentials; each type of source narrows and adds to these keys."""

    name: Name
    """Value of the label ``source``."""
    type: str
    """Which vendor API it is."""
    # Stands before base_url, whose validator asks for it.
    allow_http: bool = False
    """Let requests go unencrypted to another machine."""
    base_url: str
    """Scheme and host of the API."""
    http: HttpConfig = HttpConfig()
    """The way to the vendor."""
    rate_limit: RateLimitConfig = RateLimitConfig()
    """What the vendor allows."""
    timezone: TimeZone = ZoneInfo("UTC")
    """Time zone of the vendor's days."""
    collectors: SerializeAsAny[CollectorsConfig]
    """What is fetched, and how often."""
    customers: tuple[SerializeAsAny[CustomerConfig], ...] = ()
    """Whose numbers are fetched: the entries here, and after loading those of the customer files too."""
    customer_files: tuple[Name, ...] = ()
    """Patterns of files that hold more customers, YAML or JSON: a list of the same entries each."""
    _lists: tuple[CustomerList, ...] = PrivateAttr(default=())

    @field_validator("base_url")
    @classmethod
    def _reachable(cls, url: str, info: ValidationInfo) -> str:
        # A wrong allow_http is a mistake of its own, and then nobody knows what was meant here.
        return read_base_url(url, allow_http=info.data.get("allow_http", True))

    @field_validator("rate_limit", mode="wrap")
    @classmethod
    def _over_the_type_s_own(cls, value: object, read: ValidatorFunctionWrapHandler) -> RateLimitConfig:
        """Take what is left out from the limit of this type of source, which need not be the usual one."""
        limit: RateLimitConfig = read(value)
        usual = cls.model_fields["rate_limit"].get_default()
        if limit is value or not isinstance(usual, RateLimitConfig):
            return limit
        return usual.model_copy(update={name: getattr(limit, name) for name in limit.model_fields_set})

    @field_validator("customers", "customer_files", mode="before")
    @classmethod
    def _as_tuple(cls, entries: object) -> object:
        # A file has lists, and strict models tell them from tuples.
        return tuple(entries) if isinstance(entries, list) else entries

    @field_validator("customers", mode="wrap")
    @classmethod
    def _but_once(cls, customers: object, read: ValidatorFunctionWrapHandler) -> object:
        """Take a table as it is: its customers have been read, and it would make each of them anew."""
        return customers if isinstance(customers, CustomerTable) else read(customers)

    @field_serializer("customers", mode="wrap")
    def _written(self, customers: Sequence[CustomerConfig], write: SerializerFunctionWrapHandler) -> Any:
        return write(tuple(customers))

    @property
    def lists(self) -> Sequence[CustomerList]:
        """The lists that the customers stand in, one after the other: the configuration's own, then the files'."""
        return self._lists

    def of_lists(self, lists: Sequence[CustomerList]) -> Self:
        """Return this source with the knowledge of where its customers stand, who now take less memory."""
        tables = [CustomerTable(each.customers) for each in lists]
        copy = self.model_copy(update={"customers": CustomerTable(*tables)})
        pairs = zip(lists, tables, strict=True)
        copy._lists = tuple(replace(each, customers=table) for each, table in pairs)  # noqa: SLF001 - a copy of itself
        return copy

    def listed_settings(self, option: str) -> Any:  # noqa: ARG002 - most types have none
        """Return the ``settings`` of a listed customer that a configuration would have under this key."""
        return None

    def planned_calls(self) -> Mapping[str, float]:
        """Return the requests a second that each enabled collector makes for the configured customers."""
        return {name: collector.calls(self.customers) / collector.interval for name, collector in self.collectors}


class Config(Section):
    """A whole configuration in which everything fits."""

    polling: PollingConfig = PollingConfig()
    """How vendors are asked."""
    limits: LimitsConfig = LimitsConfig()
    """Upper bounds."""
    state: StateConfig | None = None
    """What is kept over restarts; without it, nothing is."""
    sources: tuple[SerializeAsAny[SourceConfig], ...]
    """The accounts that are asked, in the order of the file."""
    _warnings: tuple[Problem, ...] = PrivateAttr(default=())

    @property
    def warnings(self) -> Sequence[Problem]:
        """What is right, but hardly meant so, such as a pattern of customer files that matches none."""
        return self._warnings

    def with_warnings(self, warnings: Sequence[Problem]) -> Self:
        """Return this configuration with warnings in the place of its own."""
        copy = self.model_copy()
        copy._warnings = tuple(warnings)  # noqa: SLF001 - a copy of itself
        return copy
