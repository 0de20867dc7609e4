"""The status page: what it says, and that nobody can make it say anything else."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from exporter.errors import AuthRejected, Problem, Reason, VendorRefused
from exporter.store import Failure
from exporter.web.status import Direction, Discovery, Order, Query, State, Surroundings
from exporter.web.status.page import HEADERS, render
from tests.unit.web.reporting import NOTHING, NOW, ROW, report, source

ALONE = Surroundings()


class Reader(HTMLParser):
    """Reads a page as a browser would: its tags, their attributes, and the text of each element that has an id."""

    VOID = frozenset({"meta", "link", "input", "line", "polygon", "polyline", "rect"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: dict[str, str] = {}
        self.rows: list[list[str]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self._link = ""
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "a":
            self._link = dict(attrs)["href"] or ""

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] in ("style", "script"):
            return
        self.text += data
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data
        if "a" in self._open:
            self.links.setdefault(data, self._link)

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def page(*rows, surroundings=ALONE, **of) -> Reader:
    return Reader(render(report(*rows, **of), surroundings))


def read(site, path="/") -> Reader:
    answer = site.ask(path)
    assert answer.status == 200
    return Reader(answer.body.decode())


def test_it_says_first_how_it_is():
    shown = page(ROW)

    assert shown.text.count("All is well") == 2
    assert "12 customers of 1 source, 24 fetches, 1,204 series" in shown.words
    assert "As of 2026-03-13 12:00:00 UTC · running for 2 h 5 min · configuration read 1 min ago" in shown.words
    assert "email-stats-exporter 1.2.3" in shown.words


def test_it_names_what_is_wrong_with_a_way_to_see_it():
    shown = page(
        sources=(source(states={State.FAILING: 3}), source(name="b c", states={State.STALE: 2})),
        problems=(Problem("config.yaml", 3, "polling", "is wrong"),),
    )

    assert "The configuration in the files is not in use: config.yaml:3: polling: is wrong" in shown.words
    assert shown.links["b c: 2 of 2 fetches are stale"] == "?source=b+c&state=failing&state=stale#fetches"


def test_a_source_shows_what_may_be_in_its_way():
    shown = page(
        sources=(
            source(
                lag=4_000.0,
                pause_left=20.0,
                is_circuit_open=True,
                circuit_reason=Reason.TIMEOUT,
                discovery=Discovery(NOW - 600, "", 3_600.0),
                last_failure=Failure(NOW - 300, "shop-7", "daily", Reason.TIMEOUT, "no whole answer within 10 s"),
                left_out={"label_value": 2},
            ),
        ),
    )

    assert "acme Circuit open sendgrid_reseller · 12 customers · 1,204 series" in shown.words
    assert "Rate limit used 41%" in shown.words
    assert "246 of 600 per 1m" in shown.words
    assert "Fetch time 120 ms" in shown.words
    assert "95% within 800 ms" in shown.words
    assert "Lag1 h 6 min" in shown.words
    assert "Planned load50%" in shown.words
    assert "Circuitopen: timeout" in shown.words
    assert "Vendor's pause20 s left" in shown.words
    assert "Discovery10 min ago" in shown.words
    assert "Left out2 (label value)" in shown.words
    assert "Last error 5 min ago: no whole answer within 10 s shop-7, daily" in shown.words


@pytest.mark.parametrize(
    ("changes", "badge"),
    [
        ({}, "Up"),
        ({"is_up": None, "states": {State.WAITING: 2}}, "Starting"),
        ({"is_up": False}, "Down"),
        ({"pause_left": 1.0}, "Paused"),
        ({"states": {State.FAILING: 1}}, "Up, with trouble"),
    ],
)
def test_a_badge_says_how_a_source_is(changes, badge):
    assert f"acme {badge} sendgrid_reseller" in page(sources=(source(**changes),)).words


def test_the_worst_source_comes_first():
    sources = (source(name="calm"), source(name="late", lag=1_000.0), source(name="down", is_up=False))
    text = page(sources=sources).words.partition("Sources")[2]

    assert text.index("down Down") < text.index("late Up") < text.index("calm Up")


def test_very_many_sources_are_named_only_but_for_the_worst():
    sources = (*(source(name=f"s{number}") for number in range(30)), source(name="down", is_up=False))
    shown = page(sources=sources)

    assert shown.tags.count("article") == 24
    assert "7 other sources" in shown.words
    assert shown.links["s29"] == "?source=s29#fetches"
    assert "down Down" in shown.words


def test_each_row_says_how_a_fetch_goes():
    failing = replace(
        ROW,
        customer="b",
        state=State.FAILING,
        reason=Reason.AUTH,
        error="401 from api.sendgrid.com",
        last_success=None,
        next=NOW - 12,
        series=12_000,
    )
    whole = replace(ROW, customer="", collector="ips", state=State.WAITING, next=None)

    assert page(ROW, failing, whole).rows == [
        ["State", "Customer", "Source", "Collector", "Age", "Next fetch", "Series", "Last error"],
        ["ok", "a", "acme", "totals", "3 min", "in 11 min", "7", ""],
        ["failing", "b", "acme", "totals", "never", "due 12 s", "12,000", "401 from api.sendgrid.com auth"],
        ["waiting", "the source itself", "acme", "ips", "3 min", "–", "7", ""],
    ]


def test_links_lead_through_the_pages_with_what_was_asked_for():
    query = Query(search="a", page=3, limit=1)
    shown = page(ROW, query=query, total=5)

    assert "3–3 of 5" in shown.words
    assert shown.links["First"] == "?search=a&limit=1#fetches"
    assert shown.links["Previous"] == "?search=a&page=2&limit=1#fetches"
    assert shown.links["Next"] == "?search=a&page=4&limit=1#fetches"
    assert shown.links["Last"] == "?search=a&page=5&limit=1#fetches"


def test_headings_order_the_rows_and_turn_the_order():
    shown = page(ROW, query=Query(sort=Order.CUSTOMER))

    assert shown.links["Customer"] == "?sort=customer&order=desc#fetches"
    assert shown.links["Source"] == "?sort=source#fetches"
    assert shown.links["Age"] == "?sort=age&order=desc#fetches"
    order = [value for tag, name, value in shown.attributes if name == "aria-sort"]
    assert order == ["none", "ascending", *["none"] * 6]


def test_the_form_keeps_what_was_asked_for():
    query = Query("<b>", ("acme",), ("credits",), (State.OK,), Order.AGE, Direction.DESCENDING, 2, 10)
    shown = page(ROW, query=query)
    fields = [value for tag, name, value in shown.attributes if tag == "input" and name in ("name", "value")]

    assert fields == ["search", "<b>", "state", "ok", "order", "desc", "limit", "10"]
    assert [value for tag, name, value in shown.attributes if tag == "option" and name == "value"][:2] == ["", "acme"]


def test_several_sources_stay_chosen():
    shown = page(ROW, sources=(source(), source(name="b")), query=Query(source=("acme", "b")))

    assert [value for tag, name, value in shown.attributes if tag == "input" and name == "value"] == ["", "acme", "b"]


@pytest.mark.parametrize(
    ("query", "total", "words"),
    [
        (Query(search="x"), 0, "Nothing matches. Show all"),
        (Query(page=9), 60, "There are only 2 pages. Go to the last one"),
        (Query(), 0, "There is nothing to fetch."),
    ],
)
def test_an_empty_page_says_why(query, total, words):
    assert words in page(query=query, total=total).words


def test_other_pages_stand_below_the_prefix():
    surroundings = Surroundings("/mail", "/stats", ["/stats", "/", "/sd", "/api/v1/status"])
    shown = page(ROW, surroundings=surroundings, query=Query(search="a"))

    assert {name: shown.links[name] for name in ("Metrics", "Targets", "JSON", "Clear")} == {
        "Metrics": "/mail/stats",
        "Targets": "/mail/sd",
        "JSON": "/mail/api/v1/status?search=a",
        "Clear": "/mail/#fetches",
    }
    assert "Configuration" not in shown.links
    assert Surroundings(paths=["/config"]).links == [("Metrics", "/metrics"), ("Configuration", "/config")]


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></tr></table><h1>owned</h1>",
    "' onmouseover='alert(1)",
    "</style></script></title><script>",
    "&lt;b&gt; &amp;",
    "{{7*7}} ${7*7} %s %(x)s {% raw %}",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_wrote_is_text_and_never_markup(text):
    assert skeleton(text) == skeleton("x")


@settings(deadline=None)
@given(some.text(min_size=1))
def test_whatever_others_write_is_text(text):
    assert skeleton(text) == skeleton("x")


def skeleton(text):
    """Return all tags and names of attributes of a page on which everything that others write is a text."""
    row = replace(ROW, customer=text, source=text, collector=text, error=text, reason=Reason.AUTH, state=State.FAILING)
    failure = Failure(NOW, text, text, Reason.AUTH, text)
    sources = (
        source(
            name=text,
            states={State.FAILING: 1},
            last_failure=failure,
            discovery=Discovery(None, text, 60.0),
            collectors={text: 60.0},
        ),
    )
    shown = page(row, sources=sources, problems=(Problem(text, 1, text, text),), query=Query(text, (text,), (text,)))
    assert shown.rows[1][1].isprintable()
    return shown.tags, [(tag, name) for tag, name, _ in shown.attributes]


def test_no_link_leads_elsewhere():
    shown = page(replace(ROW, customer="//evil.example", source="//evil.example"), sources=(source(name="//evil"),))

    addresses = [value for _, name, value in shown.attributes if name in ("href", "src", "action")]
    assert addresses
    assert [address for address in addresses if not re.match(r"[?#]|/(?!/)|data:image/svg", address)] == []


def test_its_own_style_and_script_are_all_that_it_may_run():
    html = render(report(ROW), Surroundings())
    for tag in ("style", "script"):
        [text] = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in HEADERS["Content-Security-Policy"]
    assert " style=" not in html
    assert not re.search(r" on\w+=", html)


def test_charts_say_in_words_what_they_show():
    minutes = (*NOTHING[:57], 0.2, 0.63, 0.41)
    status = source()
    status = replace(
        status,
        budget=replace(status.budget, by_minute=minutes),
        durations=replace(status.durations, by_minute=minutes),
    )
    labels = [value for tag, name, value in page(sources=(status,)).attributes if (tag, name) == ("svg", "aria-label")]

    assert labels == [
        "Rate limit used over the last hour: at most 63%",
        "Time of the slowest fetches over the last hour: at most 630 ms",
    ]


# Over HTTP


def test_the_page_of_a_store_says_how_each_fetch_went(site, credit):
    credit(site.place("good"), 1)
    site.place("new")
    failing = site.place("bad")
    site.store.commit([(failing, AuthRejected("401 from api.sendgrid.com"))], 0, 0)
    shown = read(site)

    assert [row[:2] for row in shown.rows[1:]] == [["failing", "bad"], ["waiting", "new"], ["ok", "good"]]
    assert "acme: 1 of 3 fetches is failing" in shown.words
    assert [row[1] for row in read(site, "/?state=ok").rows[1:]] == ["good"]
    assert [row[1] for row in read(site, "/?search=BAD").rows[1:]] == ["bad"]


def test_half_a_character_in_a_vendors_text_does_not_break_the_page(site):
    site.store.commit([(site.place(), VendorRefused("odd \ud800 text"))], 0, 0)

    assert read(site).rows[1][-1] == "odd [U+D800] text vendor_error"


def test_a_page_that_is_asked_for_wrongly_is_refused_in_words(site):
    answer = site.ask("/?sort=%3Cscript%3E")

    assert (answer.status, answer.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert answer.body == (
        b"400 sort must be one of state, customer, source, collector, age, next, series, error, not '<script>'\n"
    )
