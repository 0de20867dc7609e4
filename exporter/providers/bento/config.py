"""The section of a source that is asked through Bento's stats API."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag, field_validator, model_validator

from exporter.config import (
    CollectorConfig,
    CollectorsConfig,
    Credentials,
    CustomerConfig,
    Duration,
    Name,
    RateLimitConfig,
    Secret,
    Section,
    SourceConfig,
    mistake,
    mistakes,
    repeated,
)

ALL = "all"
_HOUR = 3600.0


class BentoCredentials(Credentials):
    """The two keys of a Bento account, sent as user name and password of HTTP Basic."""

    publishable_key: Secret
    """The account's publishable key."""
    secret_key: Secret
    """The account's secret key."""

    @model_validator(mode="after")
    def _sendable(self) -> Self:
        for name, key in (("publishable_key", self.publishable_key), ("secret_key", self.secret_key)):
            if not key.value().isascii():
                raise mistake("holds characters that no key has; copy it again", name)
        if ":" in self.publishable_key.value():
            raise mistake("holds a colon, which no publishable key has; copy it again", "publishable_key")
        return self


def _listed(value: object) -> object:
    # A file has lists, and strict models tell them from tuples.
    return tuple(value) if isinstance(value, list) else value


def _listed_or_all(value: object) -> object:
    if isinstance(value, str) and value != ALL:
        raise mistake(f"must be a list of segments, or {ALL}")
    return _listed(value)


def _path(text: str) -> str:
    if not all(text.split(".")):
        raise mistake("is no path; write the keys with one dot between them, like rate.open")
    return text


def _named_once(entries: "Sequence[SegmentConfig | ReportConfig]") -> None:
    """Refuse an entry that has the id or the label of an earlier one."""
    ids, labels = repeated(entry.id for entry in entries), repeated(entry.label for entry in entries)
    wrong = [((place, "id"), f"is what [{first}] is already; remove one of the two") for place, first in ids.items()]
    wrong += [
        ((place, "id" if entries[place].name is None else "name"), _called_alike(entries[place].label, first))
        for place, first in labels.items()
        if place not in ids
    ]
    if wrong:
        raise mistakes(wrong)


def _called_alike(name: str, first: int) -> str:
    return f"{name[:64]!r} is what [{first}] is called; give it another name"


class SegmentConfig(Section):
    """A segment of a site."""

    id: Name
    """What Bento calls the segment."""
    name: Name | None = None
    """Value of the label `segment`; the id where it is left out."""

    @property
    def label(self) -> str:
        """The value of the label ``segment``: the name, or else the id."""
        return self.id if self.name is None else self.name


class ReportConfig(Section):
    """A report of a site."""

    id: Name
    """What Bento calls the report; no call lists them."""
    name: Name | None = None
    """Value of the label `report`; the id where it is left out."""
    fields: Annotated[tuple[Annotated[Name, AfterValidator(_path)], ...], BeforeValidator(_listed)] = ()
    """Paths of the numbers that are shown of a report whose data is an object, such as rate.open."""

    @property
    def label(self) -> str:
        """The value of the label ``report``: the name, or else the id."""
        return self.id if self.name is None else self.name

    @field_validator("fields")
    @classmethod
    def _fields_once(cls, fields: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := repeated(fields):
            raise mistakes(
                ((place,), f"{fields[place][:64]!r} stands in the list twice; remove one of them") for place in wrong
            )
        return fields


class AdsConfig(Section):
    """A question about the signups, customers and revenue that a site owes to its ads."""

    name: Name
    """Value of the label `query`."""
    dimension: Literal["source", "campaign", "medium", "content", "ad"] | None = None
    """What visits are told apart by; Bento takes source where it is left out."""
    value: Name | None = None
    """The one value of the dimension that is counted; all of them where it is left out."""
    start_date: Name | None = None
    """Begin of the time that is counted, in words as Bento reads them, such as 30 days ago."""
    end_date: Name | None = None
    """End of the time that is counted; Bento takes now where it is left out."""
    revenue_mode: Literal["all_revenue", "first_revenue", "subscriptions"] | None = None
    """Which revenue is counted; Bento takes all_revenue where it is left out."""
    breakdown: bool = False
    """Whether the values of the dimension are shown one by one, too."""


Segments = Annotated[
    Annotated[Literal["all"], Tag("word")] | Annotated[tuple[SegmentConfig, ...], Tag("list")],
    Discriminator(lambda value: "word" if isinstance(value, str) else "list"),
    BeforeValidator(_listed_or_all),
]


class BentoSite(CustomerConfig):
    """A site of a Bento account."""

    site_uuid: Name
    """The site's UUID, as its settings page shows it."""
    credentials: BentoCredentials | None = None
    """Keys of this site alone, where it has its own."""
    segments: Segments = ()
    """Segments whose users are counted: a list of them, or all."""
    reports: Annotated[tuple[ReportConfig, ...], BeforeValidator(_listed)] = ()
    """Reports whose numbers are shown."""
    ads: Annotated[tuple[AdsConfig, ...], BeforeValidator(_listed)] = ()
    """Questions about the site's ads."""

    @property
    def id(self) -> str:
        """What the vendor calls the site."""
        return self.site_uuid

    @field_validator("segments", "reports")
    @classmethod
    def _entries_once(cls, entries: Any) -> Any:
        if entries != ALL:
            _named_once(entries)
        return entries

    @field_validator("ads")
    @classmethod
    def _names_once(cls, ads: tuple[AdsConfig, ...]) -> tuple[AdsConfig, ...]:
        if wrong := repeated(each.name for each in ads):
            raise mistakes(((place, "name"), _called_alike(ads[place].name, first)) for place, first in wrong.items())
        return ads


def site_of(customer: Any) -> BentoSite:
    """Return what is configured for a site, of its section or of the ``Customer`` that was made of it."""
    site: BentoSite = getattr(customer, "settings", customer)
    return site


class SiteConfig(CollectorConfig):
    """The users of each site."""

    interval: Duration = _HOUR
    """Time between two fetches of one site."""


class SegmentsConfig(CollectorConfig):
    """The users of each site's segments, with a call for each segment."""

    interval: Duration = 4 * _HOUR
    """Time between two fetches of one site."""

    def calls(self, customers: Sequence[Any]) -> float:
        """Return the number of configured segments; `all` counts as one, as nobody knows here how many there are."""
        segments = (site_of(customer).segments for customer in customers)
        return sum(1 if each == ALL else len(each) for each in segments)


class ReportsConfig(CollectorConfig):
    """The numbers of each site's reports, with a call for each report."""

    interval: Duration = 4 * _HOUR
    """Time between two fetches of one site."""

    def calls(self, customers: Sequence[Any]) -> float:
        """Return the number of configured reports."""
        return sum(len(site_of(customer).reports) for customer in customers)


class AdsCollectorConfig(CollectorConfig):
    """The ads of each site, with a call for each question."""

    interval: Duration = 4 * _HOUR
    """Time between two fetches of one site."""

    def calls(self, customers: Sequence[Any]) -> float:
        """Return the number of configured questions."""
        return sum(len(site_of(customer).ads) for customer in customers)


class BentoCollectors(CollectorsConfig):
    """What is fetched, and how often."""

    site: SiteConfig = SiteConfig()
    """Users of the site."""
    segments: SegmentsConfig = SegmentsConfig()
    """Users of its segments."""
    reports: ReportsConfig = ReportsConfig()
    """Numbers of its reports."""
    ads: AdsCollectorConfig = AdsCollectorConfig()
    """What it owes to its ads."""


class BentoSource(SourceConfig):
    """An account at Bento, whose sites are asked for through its stats API."""

    type: Literal["bento"]
    """Which vendor API it is."""
    base_url: str = "https://app.bentonow.com"
    """Scheme and host of the API."""
    credentials: BentoCredentials
    """What Bento knows the account by; a site may have its own."""
    # Bento counts by address, so all Bento sources of the program draw from one budget.
    rate_limit: RateLimitConfig = RateLimitConfig(calls=30, per=_HOUR, shared="bento")
    """What the vendor allows."""
    collectors: BentoCollectors = BentoCollectors()
    """What is fetched, and how often."""
    customers: tuple[BentoSite, ...]
    """Whose numbers are fetched."""
