"""The page, held byte for byte against prometheus_client's own rendering of the same families."""

import gzip
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.utils import floatToGoString

from exporter.exposition import Exposition, Format
from exporter.samples import Family, Kind
from exporter.store import Store
from tests.fake_clock import FakeClock
from tests.places import place_of

SENT = Family("sendgrid_requests_total", Kind.COUNTER, 'Sent: a\\b "c"\nd', "")
CREDITS = Family("sendgrid_credits_remaining", Kind.GAUGE, "Credits left.", "")
CATEGORY = Family("sendgrid_category_latest_day_requests", Kind.GAUGE, "By category.", "", ("category",))
PAIR = Family("bento_ads_revenue", Kind.GAUGE, "Money.", "", ("query", "currency"))
ACCOUNT = Family("sendgrid_ips", Kind.GAUGE, "Addresses.", "", (), per_customer=False)
FAMILIES = (SENT, CREDITS, CATEGORY, PAIR, ACCOUNT)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
values = st.one_of(
    st.integers(0, 2**53).map(float),
    st.floats(0, 1e300, allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, 0.952, 1e-7, 999_999.0, 1_000_000.0, 1_773_403_200.25, 12_345_678.0]),
)
customers = st.dictionaries(
    names,
    st.tuples(values, st.one_of(st.none(), values), st.dictionaries(texts, values, max_size=3), values),
    max_size=5,
)


class Theirs:
    """The same numbers as prometheus_client's families."""

    def __init__(self, sources):
        self.sources = sources

    def collect(self):
        pairs = [(s, c, row) for s, rows in self.sources.items() for c, row in rows.items()]
        sent = CounterMetricFamily("sendgrid_requests", SENT.help, labels=("source", "customer"))
        credit = GaugeMetricFamily(CREDITS.name, CREDITS.help, labels=("source", "customer"))
        category = GaugeMetricFamily(CATEGORY.name, CATEGORY.help, labels=("source", "customer", "category"))
        pair = GaugeMetricFamily(PAIR.name, PAIR.help, labels=("source", "customer", "query", "currency"))
        for source, customer, (total, left, categories, money) in pairs:
            sent.add_metric((source, customer), total)
            if left is not None:
                credit.add_metric((source, customer), left)
            for name, value in categories.items():
                category.add_metric((source, customer, name), value)
            pair.add_metric((source, customer, "q", "EUR"), money)
        account = GaugeMetricFamily(ACCOUNT.name, ACCOUNT.help, labels=("source",))
        for source in self.sources:
            account.add_metric((source,), 7)
        return [family for family in (sent, credit, category, pair, account) if family.samples]


def filled(sources):
    clock = FakeClock()
    store = Store(clock, stale_after=3, drop_after=86_400, max_series=100_000)
    for source, rows in sources.items():
        for customer, (total, left, categories, money) in rows.items():
            samples = [SENT.sample(total)]
            samples += [CREDITS.sample(left)] if left is not None else []
            samples += [CATEGORY.sample(value, name) for name, value in categories.items()]
            samples += [PAIR.sample(money, "q", "EUR")]
            store.describe(source, [(customer, samples)])
        store.describe(source, [("", [ACCOUNT.sample(7)])])
    return store


@given(st.dictionaries(names, customers, max_size=3))
def test_the_page_is_what_prometheus_client_writes_byte_for_byte_but_for_its_exponents(sources):
    store = filled(sources)
    registry = CollectorRegistry()
    registry.register(Theirs(sources))
    exposition = Exposition(store, FAMILIES, CollectorRegistry())

    assert with_exponents(exposition.render(Format.TEXT)) == generate_latest(registry)
    assert with_exponents(exposition.render(Format.OPENMETRICS)) == generate_openmetrics(registry)


def with_exponents(page):
    # Both write numbers exactly; prometheus_client writes 1234567.0 as 1.234567e+06.
    return re.sub(
        rb"(?m)^([^#\n].*) (\S+)$", lambda line: line[1] + b" " + floatToGoString(float(line[2])).encode(), page
    )


@given(st.dictionaries(names, customers, max_size=3))
def test_the_compressed_page_is_one_gzip_member_of_the_same_bytes(sources):
    exposition = Exposition(filled(sources), FAMILIES, CollectorRegistry())

    page = exposition.render(Format.TEXT)
    reader = zlib.decompressobj(wbits=31)

    assert reader.decompress(exposition.render(Format.TEXT, is_compressed=True)) == page
    assert reader.eof
    assert reader.unused_data == b""


@given(st.dictionaries(names, customers, max_size=3), st.sampled_from(Format))
def test_a_page_too_large_to_be_kept_plain_is_the_same_page(sources, format_):
    kept = Exposition(filled(sources), FAMILIES, CollectorRegistry())
    lean = Exposition(filled(sources), FAMILIES, CollectorRegistry(), most_plain=100)

    assert lean.render(format_) == kept.render(format_)
    assert lean.render(format_, is_compressed=True) == kept.render(format_, is_compressed=True)


@pytest.mark.parametrize("is_compressed", [False, True])
@pytest.mark.parametrize("most_plain", [0, 10_000_000])
def test_a_page_comes_in_pieces_of_the_length_that_it_announces(is_compressed, most_plain):
    store = filled({"acme": {f"{n}@example.com": (float(n), None, {}, 1.0) for n in range(12_000)}})
    exposition = Exposition(store, FAMILIES, CollectorRegistry(), most_plain=most_plain)
    page = exposition.page(Format.TEXT, is_compressed=is_compressed)
    pieces = [*page.pieces()]

    assert b"".join(pieces) == exposition.render(Format.TEXT, is_compressed=is_compressed)
    assert sum(map(len, pieces)) == page.length
    assert len(pieces) == (1 if is_compressed else 8)
    assert all(256 * 1024 <= len(piece) < 300 * 1024 for piece in pieces[:-1])


def test_a_page_stays_as_it_was_while_the_store_goes_on():
    store = filled({"acme": {"a": (1.0, None, {}, 1.0)}})
    exposition = Exposition(store, FAMILIES, CollectorRegistry(), most_plain=0)
    page = exposition.page(Format.TEXT)
    store.describe("acme", [("a", [SENT.sample(2)])])

    assert b'customer="a",source="acme"} 2.0' in exposition.render(Format.TEXT)
    assert b'customer="a",source="acme"} 1.0' in page.whole()


def test_a_committed_fetch_is_on_the_page_with_its_health():
    clock = FakeClock(now=1_000_000.0)
    store = Store(clock, stale_after=3, drop_after=86_400, max_series=1_000)
    place = place_of(store, "acme", "a@example.com", "totals", 900.0)
    place_of(store, "acme", "b", "totals", 900.0)
    store.commit([(place, [SENT.sample(12)])], began=999_999.0, ended=1_000_000.0)
    page = Exposition(store, FAMILIES, CollectorRegistry()).render(Format.TEXT).decode()

    assert [line for line in page.splitlines() if not line.startswith("#")] == [
        'sendgrid_requests_total{customer="a@example.com",source="acme"} 12.0',
        'email_stats_exporter_up{collector="totals",customer="a@example.com",source="acme"} 1.0',
        'email_stats_exporter_stale{collector="totals",customer="a@example.com",source="acme"} 0.0',
        'email_stats_exporter_stale{collector="totals",customer="b",source="acme"} 0.0',
        (
            "email_stats_exporter_last_success_timestamp_seconds"
            '{collector="totals",customer="a@example.com",source="acme"} 1000000.0'
        ),
        (
            "email_stats_exporter_last_attempt_timestamp_seconds"
            '{collector="totals",customer="a@example.com",source="acme"} 999999.0'
        ),
    ]


def test_a_change_of_one_customer_is_shown_and_the_others_stay():
    store = filled({"acme": {str(n): (float(n), None, {}, 1.0) for n in range(250)}})
    exposition = Exposition(store, FAMILIES, CollectorRegistry())
    before = exposition.render(Format.TEXT, is_compressed=True)
    store.remove("acme", "17")
    after = gzip.decompress(exposition.render(Format.TEXT, is_compressed=True))

    lines = gzip.decompress(before).splitlines()
    assert [line for line in lines if b'customer="17"' not in line] == after.splitlines()
    assert len(lines) - len(after.splitlines()) == 2


@pytest.mark.parametrize("format_", Format)
def test_a_page_of_nothing_is_still_a_page(format_):
    page = Exposition(filled({}), FAMILIES, CollectorRegistry()).render(format_)

    assert page == (b"# EOF\n" if format_ is Format.OPENMETRICS else b"")


def test_openmetrics_reads_back_as_what_was_stored():
    exposition = Exposition(filled({"acme": {"a": (3.0, 5.5, {"x,y": 1.0}, 2.0)}}), FAMILIES, CollectorRegistry())
    families = parse_openmetrics(exposition.render(Format.OPENMETRICS).decode())

    assert {(s.name, *sorted(s.labels.items()), s.value) for family in families for s in family.samples} == {
        ("sendgrid_requests_total", ("customer", "a"), ("source", "acme"), 3.0),
        ("sendgrid_credits_remaining", ("customer", "a"), ("source", "acme"), 5.5),
        (
            "sendgrid_category_latest_day_requests",
            ("category", "x,y"),
            ("customer", "a"),
            ("source", "acme"),
            1.0,
        ),
        ("bento_ads_revenue", ("currency", "EUR"), ("customer", "a"), ("query", "q"), ("source", "acme"), 2.0),
        ("sendgrid_ips", ("source", "acme"), 7.0),
    }
