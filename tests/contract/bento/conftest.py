"""A Bento source from its configuration to its samples, with the vendor at the wire."""

from contextlib import closing, contextmanager
from urllib.parse import parse_qsl, urlsplit

import pytest

from exporter.config import LimitsConfig
from exporter.providers.base import CustomerCollector
from exporter.providers.bento import BentoProvider
from tests.contract.account import Account, shown

KEYS = {"publishable_key": "p123456", "secret_key": "correct-horse-battery"}
SITE = {"site_uuid": "0123abcd", "name": "shop"}


class Bento:
    """Fetches from the vendor for sites that a test gives, and counts what is left out."""

    def __init__(self, vendor, ca_file):
        self.vendor = vendor
        self.provider = BentoProvider()
        self.account = Account(self.provider, ca_file, dict.fromkeys(("site", "segments", "reports", "ads"), 3600))
        self.clock = self.account.clock

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
        """Return the path and the fields of each request so far."""
        urls = [urlsplit(each.path) for each in self.vendor.asked]
        return [(url.path, parse_qsl(url.query, keep_blank_values=True)) for url in urls]

    def source(self, *sites, **keys):
        """Return the configuration."""
        return self.provider.config.model_validate(
            {
                "name": "acme",
                "type": "bento",
                "base_url": self.vendor.url,
                "credentials": KEYS,
                "customers": [{**SITE, **site} for site in sites] or [SITE],
                **keys,
            }
        )

    @contextmanager
    def fetching(self, collector, *sites, limits=None, **keys):
        """Give a function that fetches for one of the sites, again and again, as the poller does."""
        source = self.source(*sites, **keys)
        with closing(self.account.upstream(source)) as upstream:
            collectors = self.provider.collectors(source, upstream.client, limits or LimitsConfig())
            [wanted] = [each for each in collectors if each.name == collector]
            assert isinstance(wanted, CustomerCollector)
            customers = self.provider.customers(source, self.clock)
            yield lambda site=0: shown(list(wanted.fetch(customers[site])), wanted.families)

    def fetch_all(self, collector, site=None, **keys):
        """Return the samples of one fetch and how much was left out, by reason."""
        with self.fetching(collector, site or {}, **keys) as fetch:
            return fetch()

    def fetch(self, collector, site=None, **keys):
        """Return the samples of one fetch: values by the name of the metric and its further labels."""
        values, left_out = self.fetch_all(collector, site, **keys)
        assert left_out == {}
        return values

    def probe(self, *sites, **keys):
        """Make the call that tells whether the vendor answers."""
        source = self.source(*sites, **keys)
        with closing(self.account.upstream(source)) as upstream:
            self.provider.probe(source, upstream.client("probe"), self.provider.customers(source, self.clock))

    def rejected(self, collector):
        """Return how many fields were left out because they were ill-formed."""
        return self.account.rejected(collector)


@pytest.fixture
def bento(vendor, ca_file):
    """Give an account at Bento with one site."""
    return Bento(vendor, ca_file)
