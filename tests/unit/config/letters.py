"""A source type that no provider has, as the models of one would look."""

from typing import Literal

from pydantic import Field

from exporter.config import (
    CollectorConfig,
    CollectorsConfig,
    Credentials,
    CustomerConfig,
    Name,
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


class LetterSource(SourceConfig):
    """The letters of a source."""

    type: Literal["letters"]
    base_url: str = "https://letters.example.com"
    credentials: LetterCredentials
    collectors: LetterCollectors = LetterCollectors()
    customers: tuple[LetterCustomer, ...]


LETTERS = {"letters": LetterSource}
