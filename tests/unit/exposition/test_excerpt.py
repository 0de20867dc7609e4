"""Parts of the page: what of it carries the labels asked for, and nothing else."""

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.errors import Reason, UnknownName
from exporter.exposition import Excerpt, Exposition, Format
from exporter.exposition.excerpt import WHOLE
from exporter.samples import Family, Kind
from exporter.store import GROUP_SIZE, Store
from tests.fake_clock import FakeClock
from tests.places import place_of

SENT = Family("sendgrid_requests_total", Kind.COUNTER, "Sent.", "")
CATEGORY = Family("sendgrid_category_latest_day_requests", Kind.GAUGE, "By category.", "", ("category",))
ACCOUNT = Family("sendgrid_ips", Kind.GAUGE, "Addresses.", "", (), per_customer=False)
# As the configuration's labels make it; nobody knows it before.
INFO = Family("sendgrid_customer_info", Kind.GAUGE, "Labels.", "", ("tier",))
PARSERS = {Format.TEXT: parse_text, Format.OPENMETRICS: parse_openmetrics}


class Scene:
    """A store with two sources of customers, some of them of the same names, and metrics of our own."""

    def __init__(self, customers: int) -> None:
        self.clock = FakeClock()
        self.store = Store(self.clock, stale_after=3, drop_after=86_400, max_series=100_000)
        registry = CollectorRegistry()
        self.exposition = Exposition(self.store, (SENT, CATEGORY, ACCOUNT), registry)
        fetches = Counter("email_stats_exporter_fetches", "Fetches.", ("source", "collector"), registry=registry)
        duration = Histogram("email_stats_exporter_duration", "Time.", ("source",), registry=registry)
        Gauge("process_open_fds", "Files.", registry=registry).set(7)
        for source in ("acme", "ajax"):
            fetches.labels(source, "totals").inc(3)
            duration.labels(source).observe(0.2)
            self.commit(source, "", [ACCOUNT.sample(4)], collector="ips")
            for number in range(customers):
                self.fill(source, f"c{number}" if number % 3 else f"{source}-{number}", number)

    def fill(self, source: str, customer: str, number: int) -> None:
        self.store.describe(source, [(customer, [INFO.sample(1, "gold")])])
        self.commit(
            source, customer, [SENT.sample(100 + number), *(CATEGORY.sample(1, name) for name in "ab"[: number % 3])]
        )
        self.commit(source, customer, Reason.INTERNAL, collector="daily")
        if number % 2:
            self.commit(source, customer, [SENT.sample(90 + number)])

    def commit(self, source, customer, outcome, collector="totals") -> None:
        record = self.store.sources[source].records.get(customer) if source in self.store.sources else None
        place = next((each for each in record.places if each.collector == collector), None) if record else None
        place = place or place_of(self.store, source, customer, collector, 900)
        self.store.commit([(place, outcome)], self.clock.time(), self.clock.time())

    def series(self, excerpt: Excerpt = WHOLE, format_: Format = Format.TEXT) -> dict:
        plain = self.exposition.page(format_, excerpt=excerpt).whole()
        deflated = self.exposition.page(format_, excerpt=excerpt, is_compressed=True)
        assert gzip.decompress(deflated.whole()) == plain
        assert len(deflated.whole()) == deflated.length
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in PARSERS[format_](plain.decode())
            for sample in family.samples
        }


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(customers=GROUP_SIZE + 20)


names = st.sampled_from(["acme", "ajax"])
customers = st.sampled_from(["c1", "c2", "c4", "acme-0", "ajax-3", "c119"])


@pytest.fixture(scope="module")
def whole(scene) -> dict:
    return {format_: scene.series(format_=format_) for format_ in Format}


@settings(deadline=None)
@given(st.frozensets(names), st.frozensets(customers), st.sampled_from(Format))
def test_a_part_is_what_of_the_whole_page_carries_the_labels(scene, whole, sources, customers, format_):
    excerpt = Excerpt(sources, customers)

    expected = {
        (name, labels): value
        for (name, labels), value in whole[format_].items()
        if (not sources or dict(labels).get("source") in sources)
        and (not customers or dict(labels).get("customer") in customers)
    }

    assert scene.series(excerpt, format_) == expected


def test_names_that_never_meet_give_an_empty_page(scene):
    excerpt = Excerpt(frozenset({"acme"}), frozenset({"ajax-3"}))

    assert scene.exposition.render(Format.TEXT, excerpt=excerpt) == b""
    assert scene.exposition.render(Format.OPENMETRICS, excerpt=excerpt) == b"# EOF\n"


@pytest.mark.parametrize(
    "excerpt",
    [
        Excerpt(sources=frozenset({"nobody"})),
        Excerpt(sources=frozenset({"acme", "nobody"})),
        Excerpt(customers=frozenset({"nobody"})),
        Excerpt(frozenset({"acme"}), frozenset({"c1", "nobody"})),
        Excerpt(customers=frozenset({""})),
    ],
)
def test_a_name_that_is_nobody_s_is_refused(scene, excerpt):
    with pytest.raises(UnknownName, match="there is no (source|customer) '(nobody)?'"):
        scene.exposition.page(Format.TEXT, excerpt=excerpt)


def test_a_customer_s_part_is_new_without_a_look_at_the_whole_page():
    scene = Scene(customers=3)
    excerpt = Excerpt(customers=frozenset({"c1"}))
    key = ("sendgrid_requests_total", frozenset({("source", "acme"), ("customer", "c1")}))

    for value in (200.0, 300.0):
        scene.commit("acme", "c1", [SENT.sample(value)])
        assert scene.series(excerpt)[key] == value


def test_a_part_costs_what_is_in_it():
    """Counted in rendered blocks: the customers that nobody asked for are not rendered for this."""
    scene = Scene(customers=3 * GROUP_SIZE)

    scene.exposition.page(Format.TEXT, excerpt=Excerpt(customers=frozenset({"c1"})))

    assert sum(len(list(chapter)) for chapter in scene.exposition._chapters()) == 0
