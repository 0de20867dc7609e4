"""A source of any type with the vendor at the wire: its connection, and what its fetches show."""

from itertools import groupby

from exporter.config import RetryConfig
from exporter.instruments import Instruments
from exporter.samples import LeftOut, Sample
from exporter.upstream import Circuit, Limiter, Upstream
from tests.fake_clock import FakeClock


class Account:
    """Connects sources of one provider to the vendor, and counts what is left out."""

    def __init__(self, provider, ca_file, intervals):
        self.provider = provider
        self.ca_file = ca_file
        self.clock = FakeClock()
        self.instruments = Instruments()
        self.instruments.add_source("acme", intervals)

    def upstream(self, source):
        """Return the connection, which sends nothing a second time."""
        return Upstream(
            source=source.name,
            base_url=source.base_url,
            allow_list=self.provider.allow_list(source),
            authorize=self.provider.authorize(source),
            limiter=Limiter(calls=1_000_000, per=1.0, clock=self.clock),
            circuit=Circuit(60.0),
            retry=RetryConfig(attempts=1),
            timeout=5.0,
            max_response_bytes=1_000_000,
            concurrency=1,
            proxy_url=None,
            ca_file=self.ca_file,
            instruments=self.instruments,
            clock=self.clock,
        )

    def rejected(self, collector):
        """Return how many fields were left out because they were ill-formed."""
        labels = {"source": "acme", "collector": collector}
        return self.instruments.registry.get_sample_value("email_stats_exporter_fields_rejected_total", labels)


def shown(items, families):
    """Return the values of a fetch's samples by the name of the metric and its further labels, and what it left out.

    The samples must be such as the store takes: of the collector's families, each once, those of a family in a row.
    """
    samples = [item for item in items if isinstance(item, Sample)]
    assert {sample.family for sample in samples} <= set(families)
    rows = [family for family, _ in groupby(sample.family for sample in samples)]
    assert len(rows) == len(set(rows))
    values = {shown_name(sample): sample.value for sample in samples}
    assert len(values) == len(samples)
    left_out = [item for item in items if isinstance(item, LeftOut)]
    assert len(samples) + len(left_out) == len(items)
    return values, {each.reason: each.count for each in left_out}


def shown_name(sample):
    """Return a sample's name with the labels that the vendor's answer gives it."""
    labels = ",".join(f'{name}="{value}"' for name, value in zip(sample.family.labels, sample.labels, strict=True))
    return f"{sample.family.name}{{{labels}}}" if labels else sample.family.name
