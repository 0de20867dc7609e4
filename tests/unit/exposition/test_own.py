from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.errors import Reason
from exporter.exposition import Format
from exporter.exposition.own import OwnLines
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

    assert OwnLines().page(registry.collect(), Format.TEXT) == generate_latest(registry)
    assert OwnLines().page(registry.collect(), Format.OPENMETRICS) == generate_openmetrics(registry)


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

    assert OwnLines().page(own, Format.TEXT) == generate_latest(Own())
    assert OwnLines().page(own, Format.OPENMETRICS) == generate_openmetrics(Own())


def test_what_was_counted_since_the_last_page_is_on_the_next():
    instruments, lines = Instruments(), OwnLines()
    instruments.add_source("acme", {"totals": 900})
    fetches = b'email_stats_exporter_fetches_total{collector="totals",source="acme"}'
    pages = []
    for _ in range(3):
        pages.append(lines.page(instruments.registry.collect(), Format.TEXT))
        instruments.fetched("acme", "totals", 0.3)

    assert [page.partition(fetches)[2].partition(b"\n")[0] for page in pages] == [b" 0.0", b" 1.0", b" 2.0"]


def test_a_source_that_left_is_on_no_page_any_more():
    instruments, lines = Instruments(), OwnLines()
    instruments.add_source("acme", {"totals": 900})
    before = lines.page(instruments.registry.collect(), Format.TEXT)
    instruments.retire("acme")

    assert b"acme" in before
    assert b"acme" not in lines.page(instruments.registry.collect(), Format.TEXT)
