"""Formats and encodings that clients ask for, as real ones do and as broken ones do."""

import pytest

from exporter.exposition import Format, accepts_gzip, choose_format

TEXT, OPENMETRICS = Format.TEXT, Format.OPENMETRICS

PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_WITH_PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    "text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4,*/*;q=0.1"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (PROMETHEUS_2_42, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS),
        (PROMETHEUS_WITH_PROTOBUF, TEXT),
        (FIREFOX, TEXT),
        ("", TEXT),
        ("*/*", TEXT),
        ("text/plain", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        ("text/*", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/*", OPENMETRICS),
        ("Application/OpenMetrics-Text; Version=1.0.0", OPENMETRICS),
        ('application/openmetrics-text; version="1.0.0"', OPENMETRICS),
        ("application/openmetrics-text;version=0.0.1", OPENMETRICS),
        # Versions that nobody here writes.
        ("application/openmetrics-text;version=2.0.0", TEXT),
        ("application/openmetrics-text;version=2.0.0, application/openmetrics-text;version=1.0.0;q=0.1", OPENMETRICS),
        ("text/plain;version=1.0.0, application/openmetrics-text;q=0.2", OPENMETRICS),
        # Qualities.
        ("application/openmetrics-text;q=0.5, text/plain;q=0.6", TEXT),
        ("application/openmetrics-text;q=0.6, text/plain;q=0.5", OPENMETRICS),
        ("application/openmetrics-text;q=0, */*", TEXT),
        ("application/openmetrics-text;q=0", TEXT),
        ("text/plain;q=0, application/openmetrics-text;q=0.001", OPENMETRICS),
        # The first of two that are equally liked.
        ("application/openmetrics-text, text/plain", OPENMETRICS),
        ("text/plain, application/openmetrics-text", TEXT),
        # Nonsense.
        ("application/openmetrics-text;q=2", TEXT),
        ("application/openmetrics-text;q=-1", TEXT),
        ("application/openmetrics-text;q=nan", TEXT),
        ("application/openmetrics-text;q=high", TEXT),
        ("application/openmetrics-text;q", TEXT),
        (",;,=;q=,;;", TEXT),
        ("application/json", TEXT),
        ("\xff\x00", TEXT),
    ],
)
def test_a_client_gets_the_format_that_it_likes_best_of_those_it_names(accept: str, expected: Format):
    assert choose_format(accept) is expected


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
    ],
)
def test_a_client_that_takes_gzip_at_least_as_gladly_as_plain_bytes_gets_it(accept_encoding: str):
    assert accepts_gzip(accept_encoding)


@pytest.mark.parametrize(
    "accept_encoding",
    [
        "",
        "identity",
        "deflate, br",
        "gzip;q=0",
        "gzip;q=0.0, *",
        "*;q=0",
        "gzip;q=0.5, identity",
        "gzip;q=yes",
        "gzipped",
        ";;,",
    ],
)
def test_a_client_that_does_not_take_gzip_or_likes_plain_bytes_better_gets_those(accept_encoding: str):
    assert not accepts_gzip(accept_encoding)
