"""Formats and encodings that clients ask for, as real ones do and as broken ones do."""

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter.exposition import Format, accepts_gzip, choose_media

TEXT = "text/plain; version=0.0.4; charset=utf-8"
TEXT_1 = "text/plain; version=1.0.0; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
OPENMETRICS_0 = "application/openmetrics-text; version=0.0.1; charset=utf-8"
UTF_8 = "; escaping=allow-utf-8"

PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_2_53 = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_2_53_UTF_8 = (
    "application/openmetrics-text;version=1.0.0;validchars=utf8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_TEXT = "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4"
PROMETHEUS_WITH_PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    "text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4,*/*;q=0.1"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"


def client_answer(accept: str) -> str:
    """Return what prometheus_client answers, without the escaping that it tells unasked."""
    content_type: str = choose_encoder(accept)[1]
    return content_type if "escaping" in accept else content_type.removesuffix("; escaping=underscores")


def test_an_answer_says_which_format_it_is_in():
    assert choose_media([PROMETHEUS_3]).format is Format.OPENMETRICS
    assert choose_media([PROMETHEUS_3_TEXT]).format is Format.TEXT


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (PROMETHEUS_2_42, OPENMETRICS),
        (PROMETHEUS_2_53, OPENMETRICS),
        (PROMETHEUS_2_53_UTF_8, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS + UTF_8),
        (PROMETHEUS_3_TEXT, TEXT_1 + UTF_8),
        (FIREFOX, TEXT),
        (JAVA, TEXT),
        ("", TEXT),
        ("*/*", TEXT),
        ("text/plain", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        ("text/plain;version=0.0.4;escaping=allow-utf-8", TEXT),
        ("text/*", TEXT),
        ("text/plain;version=1.0.0", TEXT_1),
        ("text/plain;version=1.0.0;escaping=dots", TEXT_1 + "; escaping=dots"),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", OPENMETRICS),
        ("application/openmetrics-text; version=1.0.0; charset=iso-8859-1", OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0;escaping=underscores", OPENMETRICS + "; escaping=underscores"),
        ("application/openmetrics-text;version=1.0.0;escaping=values;q=0.5", OPENMETRICS + "; escaping=values"),
        ("application/openmetrics-text;version=1.0.0, text/plain;q=0.5", OPENMETRICS),
        ("application/openmetrics-text;q=0.6, text/plain;q=0.5", OPENMETRICS),
        ("text/plain;q=0, application/openmetrics-text;q=0.001", OPENMETRICS),
        ("application/json", TEXT),
        (",;,=;q=,;;", TEXT),
        ("\xff\x00", TEXT),
    ],
)
def test_a_client_gets_what_prometheus_client_answers_too(accept: str, expected: str):
    assert choose_media([accept]).content_type == expected == client_answer(accept)


@pytest.mark.parametrize(
    ("accept", "expected", "theirs"),
    [
        # They don't look at qualities, and take the first that they know; Go's library looks, and so is this.
        (PROMETHEUS_WITH_PROTOBUF, TEXT, OPENMETRICS),
        ("application/openmetrics-text;q=0.5, text/plain;q=0.6", TEXT, OPENMETRICS),
        ("application/openmetrics-text;q=0, */*", TEXT, OPENMETRICS),
        ("application/openmetrics-text;q=0", TEXT, OPENMETRICS),
        ("text/plain;q=0, */*", OPENMETRICS, TEXT),
        ("text/plain;version=1.0.0;q=0.2, text/plain;version=0.0.4;q=0.3", TEXT, TEXT_1),
        # They take text 0.0.4 only where nothing else is to be had, though it came first.
        ("text/plain, application/openmetrics-text", TEXT, OPENMETRICS),
        ("text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0", TEXT, OPENMETRICS),
        # Nor do they look at ranges.
        ("application/*", OPENMETRICS, TEXT),
        ("application/*;q=0.5, */*;q=0.1", OPENMETRICS, TEXT),
        # 0.0.1 is no answer of theirs, though Prometheus asks for it; Go's library answers it.
        ("application/openmetrics-text;version=0.0.1", OPENMETRICS_0, TEXT),
        ("application/openmetrics-text;version=0.0.1;escaping=allow-utf-8", OPENMETRICS_0, TEXT),
        # They answer any later version with the same page; Go's library answers none that it doesn't write.
        ("application/openmetrics-text;version=2.0.0", TEXT, OPENMETRICS.replace("1.0.0", "2.0.0")),
        ("application/openmetrics-text;version=1.2.0", TEXT, OPENMETRICS.replace("1.0.0", "1.2.0")),
        (
            "application/openmetrics-text;version=2.0.0, application/openmetrics-text;version=1.0.0;q=0.1",
            OPENMETRICS,
            OPENMETRICS.replace("1.0.0", "2.0.0"),
        ),
        ("text/plain;version=2.0.0", TEXT, TEXT_1 + "; escaping=underscores"),
        # A scheme that nobody knows is ignored, as by Go's library, and not answered with another one.
        ("application/openmetrics-text;version=1.0.0;escaping=x", OPENMETRICS, OPENMETRICS + "; escaping=underscores"),
        # Names of media types and parameters have no case, and values may be quoted.
        ("Application/OpenMetrics-Text; Version=1.0.0", OPENMETRICS, TEXT),
        ('application/openmetrics-text; a="b,c;d"; version=0.0.1, text/plain;q=0.5', OPENMETRICS_0, OPENMETRICS),
        # Qualities that are none.
        ("application/openmetrics-text;q=2", TEXT, OPENMETRICS),
        ("application/openmetrics-text;q=-1", TEXT, OPENMETRICS),
        ("application/openmetrics-text;q=nan", TEXT, OPENMETRICS),
        ("application/openmetrics-text;q=high", TEXT, OPENMETRICS),
        ("application/openmetrics-text;q", TEXT, OPENMETRICS),
    ],
)
def test_a_client_gets_something_else_than_from_prometheus_client_where_the_standard_says_so(
    accept: str, expected: str, theirs: str
):
    assert (choose_media([accept]).content_type, client_answer(accept)) == (
        expected,
        theirs.removesuffix("; escaping=underscores") if "escaping" not in accept else theirs,
    )


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        # prometheus_client has no answer to this one but an exception.
        ('application/openmetrics-text; version="1.0.0"', OPENMETRICS),
        # The first of two that are equally liked.
        ("application/openmetrics-text, text/plain", OPENMETRICS),
        # What is named is liked better than what is not.
        ("*/*, application/openmetrics-text", OPENMETRICS),
        ("*/*;q=0.5, application/openmetrics-text;q=0.5", OPENMETRICS),
        # The closest range decides.
        ("text/*;q=0.2, application/*;q=0.1, */*;q=0.9", TEXT),
        ("text/plain;version=0.0.4;q=0.1, text/plain;q=0.9, application/openmetrics-text;q=0.5", TEXT_1),
        ("application/openmetrics-text;version=1.0.0;q=0, application/openmetrics-text", OPENMETRICS_0),
        # Of two that are as close, the kinder one.
        ("application/openmetrics-text;q=0.1, text/plain;q=0.5, application/openmetrics-text", OPENMETRICS),
        # A comma in quotes ends nothing, and a quote may lack its end.
        ('text/plain;a="b,application/openmetrics-text;q=1,";q=0.5', TEXT),
        ('application/openmetrics-text, text/plain;a="b, text/plain', OPENMETRICS),
    ],
)
def test_ranges_count_by_how_closely_they_fit_then_by_their_order(accept: str, expected: str):
    assert choose_media([accept]).content_type == expected


def test_a_header_that_is_sent_again_goes_on():
    assert choose_media(["text/html", "application/openmetrics-text;q=0.5"]).content_type == OPENMETRICS
    assert choose_media([]).content_type == TEXT
    assert accepts_gzip(["br", "gzip"])
    assert not accepts_gzip(["gzip;q=0.5", "identity"])
    assert not accepts_gzip([])


@pytest.mark.parametrize("part", [",", ";", '"', '"\\', '",', 'a/b;c="', "*/*;q=1,", "=", "text/plain;"])
def test_a_header_of_the_greatest_length_comes_to_an_end(part: str):
    """What takes more than a time in proportion to its length would not, for as long as anyone waits."""
    assert choose_media([part * (65_536 // len(part))]).content_type == TEXT


def test_the_parser_of_prometheus_client_reads_no_openmetrics_2():
    """Once it does, version 2.0.0 is worth an answer."""
    registry = CollectorRegistry()
    Counter("mails", "Mails.", registry=registry).inc()
    encoder, content_type = choose_encoder("application/openmetrics-text;version=2.0.0")

    assert "version=2.0.0" in content_type
    # Its own page is one of 1.0: in 2.0 the family has the name of its samples.
    assert b"# TYPE mails counter\nmails_total 1.0\n" in encoder(registry)
    for page in (
        "# TYPE mails_total counter\nmails_total 1.0\n# EOF\n",
        "# TYPE mails counter\nmails_total 1.0 st@1.0\n# EOF\n",
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - it says no more
            list(text_string_to_metric_families(page))


@pytest.mark.parametrize(
    "accept_encoding",
    [
        "gzip",
        "gzip, deflate, br, zstd",
        "GZIP",
        "x-gzip",
        "*",
        "gzip;q=0.5",
        "gzip;q=0.5, identity;q=0.5",
        "br;q=1.0, gzip;q=0.8, *;q=0.1",
        "gzip;q=1.0, *;q=0",
        "gzip;q=0.5, *;q=0",
        "identity;q=0, *",
        "identity;q=0, gzip;q=0.001",
        "x-gzip;q=0.5, gzip;q=0, identity;q=0.2",
    ],
)
def test_a_client_that_takes_gzip_at_least_as_gladly_as_plain_bytes_gets_it(accept_encoding: str):
    assert accepts_gzip([accept_encoding])


@pytest.mark.parametrize(
    "accept_encoding",
    [
        "",
        "identity",
        "deflate, br",
        "gzip;q=0",
        "gzip;q=0.0, *",
        "*;q=0",
        "identity;q=0",
        "gzip;q=0.5, *",
        "gzip;q=0, identity;q=0",
        "gzip;q=0.5, identity",
        "gzip;q=yes",
        "gzipped",
        ";;,",
    ],
)
def test_a_client_that_does_not_take_gzip_or_likes_plain_bytes_better_gets_those(accept_encoding: str):
    assert not accepts_gzip([accept_encoding])
