"""Statistics of the v3 API by category → samples."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from exporter.providers import sendgrid_metrics as metrics
from exporter.providers.base import Customer
from exporter.providers.categories import choose
from exporter.providers.sendgrid_v3.api import BATCH_SIZE, V3Api
from exporter.providers.sendgrid_v3.config import CategoriesConfig
from exporter.providers.sendgrid_v3.lists import categories
from exporter.providers.sendgrid_v3.metrics import CATEGORIES_FAMILIES
from exporter.providers.sendgrid_v3.statistics import Table, Window
from exporter.samples import Family, Item, LeftOut


@dataclass(frozen=True, slots=True)
class CategoriesCollector:
    """Collects the newest day of each customer's allowed categories.

    Attributes:
        most: how many categories of one customer are shown.
    """

    api: V3Api
    settings: CategoriesConfig
    most: int
    name: ClassVar[str] = "categories"
    families: ClassVar[Sequence[Family]] = CATEGORIES_FAMILIES

    def fetch(self, customer: Customer) -> Iterable[Item]:
        """Yield a sample for each configured counter of each category that has a row on the newest day of them all.

        Raises:
            FetchError: the list or the statistics could not be read.
        """
        window = Window(customer.today() - timedelta(days=self.settings.days - 1), takes_older=True)
        choice = choose(categories(self.api, customer), self.settings.include, self.most)
        tables: dict[str, Table] = {}
        for start in range(0, len(choice.names), BATCH_SIZE):
            batch = choice.names[start : start + BATCH_SIZE]
            tables |= self.api.category_statistics(customer, batch, window, self.settings.fields)
        newest = max((day for table in tables.values() for day in table), default=date.min)
        rows = {name: table[newest] for name, table in tables.items() if newest in table}
        for field in self.settings.fields:
            for name, counters in rows.items():
                if field in counters:
                    yield metrics.CATEGORY_LATEST_DAY[field].sample(counters[field], name)
        if choice.left_out:
            yield LeftOut("categories", choice.left_out)
