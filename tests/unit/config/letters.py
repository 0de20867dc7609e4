"""A source type that no provider has, as the models of one would look."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

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
    mistake,
)


class LetterCredentials(Credentials):
    """One secret that must be there, and one that may."""

    username: Name | None = None
    password: Secret
    second_key: Secret | None = None

    @model_validator(mode="after")
    def _sendable(self):
        if not self.password.value().isascii():
            raise mistake("holds letters that no password has", "password")
        return self


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


class ParcelCustomer(LetterCustomer):
    """A customer that may have credentials of its own."""

    credentials: LetterCredentials | None = None


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
    customers: tuple[ParcelCustomer, ...]
    discovery: DiscoveryConfig | None = None

    @model_validator(mode="after")
    def _one_language(self):
        if len({customer.language for customer in self.customers}) > 1:
            raise mistake("must be of one language", "customers")
        return self


LETTERS: Mapping[str, type[SourceConfig]] = {"letters": LetterSource, "parcels": ParcelSource}
