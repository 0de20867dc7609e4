"""A source that is asked through SendGrid's Web API, in any dialect and format, with the vendor at the wire."""

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime

from exporter.config import LimitsConfig
from exporter.errors import FetchError
from exporter.providers import discover
from exporter.providers.base import BatchCollector, CustomerCollector, SourceCollector
from exporter.providers.sendgrid_web import WebProvider
from exporter.samples import Item
from tests.contract.account import Account, shown

CUSTOMER = {"user": "customer@example.com", "name": "acme-eu"}
CREDENTIALS = {"username": "acme", "password": "correct-horse-battery"}
COLLECTORS = (
    *("totals", "daily", "credits", "categories", "month", "limits", "suppressions"),
    *("ips", "pending", "packages", "invoices", "usage", "discovery", "probe"),
)


class WebAccount:
    """Fetches from the vendor with settings that a test gives, and counts what is left out."""

    def __init__(self, vendor, ca_file, *, type_="sendgrid_reseller", format_="json"):
        self.vendor = vendor
        self.type = type_
        self.format = format_
        provider = discover()[type_]
        assert isinstance(provider, WebProvider)
        self.provider = provider
        self.account = Account(provider, ca_file, dict.fromkeys(COLLECTORS, 3600))
        self.clock = self.account.clock
        self.rejected = self.account.rejected

    def at(self, moment):
        """Set the clock to a moment in ISO 8601."""
        self.clock.jump(datetime.fromisoformat(moment).timestamp() - self.clock.time())

    def replies(self, *bodies):
        """Answer these one after the other; a number is a status with an empty body."""
        left = list(bodies)

        def turn():
            body = left.pop(0)
            if isinstance(body, int):
                self.vendor.replies("", status=body)
            else:
                self.vendor.replies(body)

        self.vendor.on_request = turn

    @property
    def asked(self):
        """Return the path and the fields of each request so far, without the credentials at their end."""
        return [(each.path, each.form[:-2]) for each in self.vendor.asked]

    def source(self, *, collectors=None, customer=None, credentials=None, customers=None):
        """Return the configuration."""
        return self.provider.config.model_validate(
            {
                "name": "acme",
                "type": self.type,
                "base_url": self.vendor.url,
                "format": self.format,
                "credentials": credentials or CREDENTIALS,
                "collectors": collectors or {},
                "customers": customers or [{**CUSTOMER, **(customer or {})}],
            }
        )

    def fetch_all(self, collector, *, limits=None, settings=None, **configuration):
        """Return what one fetch of each configured customer, or of the source, shows and leaves out, by name."""
        source = self.source(collectors={collector: {"enabled": True, **(settings or {})}}, **configuration)
        customers = self.provider.customers(source, self.clock)
        with closing(self.account.upstream(source)) as upstream:
            collectors = self.provider.collectors(source, upstream.client, LimitsConfig(**(limits or {})))
            [wanted] = [each for each in collectors if each.name == collector]
            answers: dict[str, Iterable[Item] | FetchError]
            if isinstance(wanted, SourceCollector):
                answers = {"": wanted.fetch_source()}
            elif isinstance(wanted, BatchCollector):
                answers = {customer.name: each for customer, each in wanted.fetch_batch(customers).items()}
            else:
                assert isinstance(wanted, CustomerCollector)
                answers = {customer.name: wanted.fetch(customer) for customer in customers}
            return {
                name: each if isinstance(each, FetchError) else shown(list(each), wanted.families)
                for name, each in answers.items()
            }

    def fetch(self, collector, *, customer=None, credentials=None, **settings):
        """Return the samples of one fetch: values by the name of the metric and its further labels."""
        shown_by_name = self.fetch_all(collector, settings=settings, customer=customer, credentials=credentials)
        [(samples, left_out)] = shown_by_name.values()
        assert left_out == {}
        return samples

    def probe(self, **configuration):
        """Make the call that tells whether the vendor answers."""
        source = self.source(**configuration)
        with closing(self.account.upstream(source)) as upstream:
            self.provider.probe(source, upstream.client("probe"), self.provider.customers(source, self.clock))

    def probe_without_customers(self):
        """Make the call that tells whether the vendor answers where all customers are to be found yet."""
        source = self.source()
        with closing(self.account.upstream(source)) as upstream:
            self.provider.probe(source, upstream.client("probe"), [])

    def discover(self):
        """Return the customers on the vendor's list."""
        source = self.source()
        with closing(self.account.upstream(source)) as upstream:
            return self.provider.discover(source, upstream.client("discovery"))

    def repaired(self, collector):
        """Return how many answers could be read only after a repair."""
        labels = {"source": "acme", "collector": collector}
        registry = self.account.instruments.registry
        return registry.get_sample_value("email_stats_exporter_repaired_responses_total", labels)
