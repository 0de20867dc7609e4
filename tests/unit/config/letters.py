"""A source type that no provider has, as the models of one would look."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from exporter.config import (
    CollectorConfig,
    CollectorsConfig,
    Credentials,
    CustomerConfig,
    DiscoveryConfig,
    Name,
    RateLimitConfig,
    Secret,
    SourceConfig,
)


class LetterCredentials(Credentials):
    """One secret that must be there, and one that may."""

    username: Name | None = None
    password: Secret
    second_key: Secret | None = None


class DailyConfig(CollectorConfig):
    """A collector with an option of its own, that asks for ten customers at once."""

    days: int = Field(3, ge=1, le=30)

    def calls(self, customers):
        return -(-len(customers) // 10)


class LetterCollectors(CollectorsConfig):
    """One call for each customer, and one for ten of them."""

    totals: CollectorConfig = CollectorConfig()
    daily: DailyConfig = DailyConfig()


class LetterCustomer(CustomerConfig):
    """A customer by the number of a box."""

    box: Name
    language: Literal["de", "en"] = "en"

    @property
    def id(self):
        return self.box


class PostSource(SourceConfig):
    """What letters and parcels have in common."""

    base_url: str = "https://letters.example.com"
    credentials: LetterCredentials
    collectors: LetterCollectors = LetterCollectors()
    # Without a default, as the first types of sources had it.
    customers: tuple[LetterCustomer, ...]


class LetterSource(PostSource):
    """The letters of a source."""

    type: Literal["letters"]


class ParcelSource(PostSource):
    """The parcels of a source, whose vendor has a list of its customers and allows little."""

    type: Literal["parcels"]
    rate_limit: RateLimitConfig = RateLimitConfig(calls=30, per=3600, shared="parcels")
    discovery: DiscoveryConfig | None = None


LETTERS: Mapping[str, type[SourceConfig]] = {"letters": LetterSource, "parcels": ParcelSource}
