"""The status page: what it says, and that nobody can make it say anything else."""

import re
from html.parser import HTMLParser

import pytest

from exporter import __version__
from exporter.errors import AuthRejected, VendorRefused


class Reader(HTMLParser):
    """Reads tables and headings as a browser would, and notes every tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        self.text += data
        if self.rows and self.rows[-1] and self.lasttag in ("td", "th"):
            self.rows[-1][-1] += data


def read(site) -> Reader:
    answer = site.ask("/")
    assert answer.status == 200
    return Reader(answer.body.decode())


def test_it_says_the_version_and_how_each_fetch_went(site, credit):
    credit(site.place("good"), 1)
    site.place("new")
    failing = site.place("bad")
    site.store.commit([(failing, AuthRejected("401 from api.sendgrid.com"))], 0, 0)
    page = read(site)

    assert f"email-stats-exporter {__version__}" in page.text
    assert "3 customers, 1 series, 1 fetches failing." in page.text
    assert page.rows == [
        ["Customer", "Collector", "Last result", "Last success", "Last error"],
        ["bad", "credits", "failed: auth", "never", "401 from api.sendgrid.com"],
        ["good", "credits", "good", "2026-03-13 12:00:00 UTC", ""],
        ["new", "credits", "not fetched yet", "never", ""],
    ]


def test_it_says_what_is_stale_by_now(site, credit):
    credit(site.place("good"), 1)
    site.place("new")
    site.clock.advance(2_700)

    assert [row[2] for row in read(site).rows[1:]] == ["stale", "not fetched yet, stale"]


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></tr></table><h1>owned</h1>",
    "' onmouseover='alert(1)",
    "&lt;b&gt; &amp;",
    "{{7*7}} ${7*7} %s %(x)s",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_wrote_is_text_and_never_markup(site, text):
    calm = read(site).tags
    place = site.place(customer=text, collector=text, source=text)
    site.store.commit([(place, VendorRefused(text))], 0, 0)
    page = read(site)

    assert page.rows[1] == [text, text, "failed: vendor_error", "never", text]
    table = ["h2", "p", "table", "thead", "tr", *["th"] * 5, "tbody", "tr", *["td"] * 5]
    assert page.tags == [*calm, *table]


def test_half_a_character_in_a_vendors_text_does_not_break_the_page(site):
    place = site.place()
    site.store.commit([(place, VendorRefused("odd \ud800 text"))], 0, 0)

    assert read(site).rows[1][-1] == "odd \\ud800 text"


def test_failures_come_first_and_a_long_list_is_cut(site, credit):
    for number in range(1_003):
        credit(site.place(f"c{number}"), 1)
    last = site.place("late")
    site.store.commit([(last, AuthRejected("401"))], 0, 0)
    page = read(site)

    assert len(page.rows) == 1_001
    assert page.rows[1][0] == "late"
    assert "4 more are not shown." in page.text


def test_it_links_to_the_metrics(site):
    assert re.search(r'<a href="/metrics">', site.ask("/").body.decode())
