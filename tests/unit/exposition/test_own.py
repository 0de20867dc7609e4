from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.errors import Reason
from exporter.exposition import Format
from exporter.exposition.own import own_lines
from exporter.instruments import Instruments

texts = st.text(st.characters(codec="utf-8") | st.sampled_from('\\"\n{},='), max_size=8)


@given(texts, st.dictionaries(texts, st.floats(), max_size=3))
def test_the_lines_are_byte_for_byte_what_prometheus_client_writes(help_, values):
    disable_created_metrics()
    registry = CollectorRegistry()
    gauge = Gauge("left", help_, ("source",), registry=registry)
    counter = Counter("sent", help_, ("source", "a"), registry=registry)
    histogram = Histogram("took", help_, registry=registry, buckets=(0.5, 1))
    for name, value in values.items():
        gauge.labels(name).set(value)
        counter.labels("acme", name).inc()
        histogram.observe(value)

    assert own_lines(registry.collect(), Format.TEXT) == generate_latest(registry)
    assert own_lines(registry.collect(), Format.OPENMETRICS) == generate_openmetrics(registry)


def test_so_are_those_of_all_that_the_exporter_counts():
    instruments = Instruments()
    instruments.add_source("acme", {"totals": 900})
    instruments.fetched("acme", "totals", 0.3, [Reason.TIMEOUT])
    instruments.requested("acme", "totals", "200")
    # What is read from the system differs from one reading to the next.
    own = [each for each in instruments.registry.collect() if each.name.startswith("email_stats_exporter_")]

    class Own:
        def collect(self):
            return own

    assert own_lines(own, Format.TEXT) == generate_latest(Own())
    assert own_lines(own, Format.OPENMETRICS) == generate_openmetrics(Own())
