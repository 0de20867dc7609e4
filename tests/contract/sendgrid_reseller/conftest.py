"""A reseller's source from its configuration to its samples, with the vendor at the wire."""

from contextlib import closing
from datetime import datetime

import pytest

from exporter.config import RetryConfig
from exporter.instruments import Instruments
from exporter.providers import discover
from exporter.providers.base import CustomerCollector
from exporter.samples import Sample
from exporter.upstream import Limiter, Upstream
from tests.fake_clock import FakeClock

CUSTOMER = {"user": "customer@example.com", "name": "acme-eu"}
CREDENTIALS = {"username": "acme", "password": "correct-horse-battery"}


class Reseller:
    """Fetches from the vendor with settings that a test gives, and counts what is left out."""

    def __init__(self, vendor, ca_file):
        self.vendor = vendor
        self.ca_file = ca_file
        self.clock = FakeClock()
        self.instruments = Instruments()
        self.instruments.add_source("acme", {"totals": 900, "daily": 900, "credits": 3600})
        self.provider = discover()["sendgrid_reseller"]

    def at(self, moment):
        """Set the clock to a moment in ISO 8601."""
        self.clock.jump(datetime.fromisoformat(moment).timestamp() - self.clock.time())

    def source(self, *, collectors=None, customer=None, credentials=None):
        """Return the configuration."""
        return self.provider.config.model_validate(
            {
                "name": "acme",
                "type": "sendgrid_reseller",
                "base_url": self.vendor.url,
                "credentials": credentials or CREDENTIALS,
                "collectors": collectors or {},
                "customers": [{**CUSTOMER, **(customer or {})}],
            }
        )

    def upstream(self, source):
        """Return the connection, which sends nothing a second time."""
        return Upstream(
            source=source.name,
            base_url=source.base_url,
            allow_list=self.provider.allow_list(source),
            authorize=self.provider.authorize(source),
            limiter=Limiter(calls=1_000_000, per=1.0, clock=self.clock),
            retry=RetryConfig(attempts=1),
            timeout=5.0,
            max_response_bytes=1_000_000,
            concurrency=1,
            proxy_url=None,
            ca_file=self.ca_file,
            instruments=self.instruments,
            clock=self.clock,
        )

    def fetch(self, collector, *, customer=None, credentials=None, **settings):
        """Return the samples of one fetch: values by the name of the metric and its further labels."""
        source = self.source(collectors={collector: settings}, customer=customer, credentials=credentials)
        with closing(self.upstream(source)) as upstream:
            [wanted] = [each for each in self.provider.collectors(source, upstream.client) if each.name == collector]
            assert isinstance(wanted, CustomerCollector)
            items = list(wanted.fetch(self.provider.customers(source, self.clock)[0]))
        samples = [item for item in items if isinstance(item, Sample)]
        assert samples == items
        assert {sample.family for sample in samples} <= set(wanted.families)
        shown = {shown_name(sample): sample.value for sample in samples}
        assert len(shown) == len(samples)
        return shown

    def probe(self, **configuration):
        """Make the call that tells whether the vendor answers."""
        source = self.source(**configuration)
        with closing(self.upstream(source)) as upstream:
            self.provider.probe(source, upstream.client("probe"), self.provider.customers(source, self.clock))

    def rejected(self, collector):
        """Return how many fields were left out because they were ill-formed."""
        labels = {"source": "acme", "collector": collector}
        return self.instruments.registry.get_sample_value("email_stats_exporter_fields_rejected_total", labels)


def shown_name(sample):
    """Return a sample's name with the labels that the vendor's answer gives it."""
    labels = ",".join(f'{name}="{value}"' for name, value in zip(sample.family.labels, sample.labels, strict=True))
    return f"{sample.family.name}{{{labels}}}" if labels else sample.family.name


@pytest.fixture
def reseller(vendor, ca_file):
    """Give a reseller's source, on 2026-03-13 at 12:00 UTC."""
    return Reseller(vendor, ca_file)
