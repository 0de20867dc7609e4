"""A source of the v3 API from its configuration to its samples, with the vendor at the wire."""

import json
from contextlib import closing, contextmanager
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from exporter.config import LimitsConfig
from exporter.errors import FetchError
from exporter.providers.base import BatchCollector, CustomerCollector
from exporter.providers.sendgrid_v3 import V3Provider
from exporter.state import Remembering
from tests.contract.account import Account, shown

ALICE = {"subuser": "alice"}
KEY = "SG.correct-horse-battery"
COLLECTORS = ("daily", "credits", "reputation", "totals", "month", "categories")
FIVE = {"requests": 100, "bounces": 1, "clicks": 30, "opens": 60, "spam_reports": 2}


class V3:
    """Fetches from the vendor for customers that a test gives, and counts what is left out."""

    def __init__(self, vendor, ca_file):
        self.vendor = vendor
        self.provider = V3Provider()
        self.account = Account(self.provider, ca_file, dict.fromkeys(COLLECTORS, 3600))
        self.clock = self.account.clock
        self.rejected = self.account.rejected
        # What each customer's collector remembered at the end of the last ``fetching``, for the next one.
        self.memories = {}

    def at(self, moment):
        """Set the clock to a moment in ISO 8601."""
        self.clock.jump(datetime.fromisoformat(moment).timestamp() - self.clock.time())

    def replies(self, *bodies):
        """Answer these one after the other, the last one again and again; a number is a status with an empty body."""
        left = list(bodies)

        def turn():
            body = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(body, int):
                self.vendor.replies("", status=body)
            else:
                self.vendor.replies(body if isinstance(body, bytes | str) else json.dumps(body))

        self.vendor.on_request = turn

    @property
    def asked(self):
        """Return the path and the fields of each request so far."""
        urls = [urlsplit(each.path) for each in self.vendor.asked]
        return [(url.path, parse_qsl(url.query, keep_blank_values=True)) for url in urls]

    def values_asked(self, field):
        """Return the values of one field in each request so far."""
        return [[value for name, value in fields if name == field] for _, fields in self.asked]

    def source(self, *customers, collectors=None, **keys):
        """Return the configuration."""
        return self.provider.config.model_validate(
            {
                "name": "acme",
                "type": "sendgrid_v3",
                "base_url": self.vendor.url,
                "credentials": {"api_key": KEY},
                "collectors": collectors or {},
                "customers": list(customers) or [ALICE],
                **keys,
            }
        )

    @contextmanager
    def fetching(self, collector, *customers, limits=None, **settings):
        """Give a function that fetches for all customers, again and again, as the poller does.

        It returns the samples of each, or the error of that customer alone, by label.
        """
        settings = {"enabled": True, **({"since": "2026-01-01"} if collector == "totals" else {}), **settings}
        source = self.source(*customers, collectors={collector: settings})
        with closing(self.account.upstream(source)) as upstream:
            collectors = self.provider.collectors(source, upstream.client, limits or LimitsConfig())
            [wanted] = [each for each in collectors if each.name == collector]
            listed = self.provider.customers(source, self.clock)
            for customer in listed:
                if memory := self.memories.get(customer.name):
                    assert isinstance(wanted, Remembering)
                    wanted.recall(customer, memory)

            def fetch(*names):
                chosen = [each for each in listed if not names or each.name in names]
                if isinstance(wanted, BatchCollector):
                    answers = wanted.fetch_batch(chosen)
                else:
                    assert isinstance(wanted, CustomerCollector)
                    answers = {customer: list(wanted.fetch(customer)) for customer in chosen}
                assert set(answers) == set(chosen)
                return {
                    customer.name: answer if isinstance(answer, FetchError) else shown(list(answer), wanted.families)
                    for customer, answer in answers.items()
                }

            yield fetch
            if isinstance(wanted, Remembering):
                self.memories = {customer.name: wanted.memory(customer) for customer in listed}

    def fetch_all(self, collector, *customers, **settings):
        """Return the samples of one fetch for all customers, or each one's error, by label."""
        with self.fetching(collector, *customers, **settings) as fetch:
            return {name: answer if isinstance(answer, FetchError) else answer[0] for name, answer in fetch().items()}

    def fetch(self, collector, customer=ALICE, **settings):
        """Return the samples of one fetch for one customer; its error is raised."""
        with self.fetching(collector, customer, **settings) as fetch:
            [answer] = fetch().values()
        if isinstance(answer, FetchError):
            raise answer
        values, left_out = answer
        assert left_out == {}
        return values

    def discover(self, **keys):
        """Return who is on the vendor's list."""
        source = self.source(**keys)
        with closing(self.account.upstream(source)) as upstream:
            return list(self.provider.discover(source, upstream.client("discovery")))

    def probe(self, *customers, is_empty=False, **keys):
        """Make the call that tells whether the vendor answers."""
        source = self.source(*customers, **keys)
        with closing(self.account.upstream(source)) as upstream:
            known = [] if is_empty else self.provider.customers(source, self.clock)
            self.provider.probe(source, upstream.client("probe"), known)


@pytest.fixture
def v3(vendor, ca_file):
    """Give a source of the v3 API, on 2026-03-13 at 12:00 UTC."""
    return V3(vendor, ca_file)


@pytest.fixture(scope="session")
def row():
    """Return a function that makes the row of one name, which may be none."""

    def row(name=None, requests=100, **counters):
        metrics = {**FIVE, "requests": requests, **counters}
        return {"metrics": metrics} if name is None else {"type": "subuser", "name": name, "metrics": metrics}

    return row


@pytest.fixture(scope="session")
def period():
    """Return a function that makes the entry of one day or month."""
    return lambda date, *rows: {"date": date, "stats": list(rows)}
