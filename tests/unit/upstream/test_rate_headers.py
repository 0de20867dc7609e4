import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.upstream.rate_headers import RateHeaders

NOW = 1_773_403_200.0  # Fri, 13 Mar 2026 12:00:00 GMT


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("2.5", 2.5),
        ("0", 1),
        ("-5", 1),
        ("86400", 3600),
        ("9" * 5000, 3600),
        ("Fri, 13 Mar 2026 12:00:30 GMT", 30),
        ("Friday, 13-Mar-26 12:00:30 GMT", 30),
        ("Fri Mar 13 12:00:30 2026", 30),
        ("Fri, 13 Mar 2026 11:00:00 GMT", 1),
        ("Fri, 13 Mar 2099 11:00:00 GMT", 3600),
        ("Fri, 99 Mar 2026 11:00:00 GMT", None),
        ("soon", None),
        ("nan", None),
        ("1e3", None),
        ("1_0", None),
        ("٧", None),
        ("", None),
    ],
)
def test_retry_after_pauses_between_a_second_and_an_hour(value, pause):
    assert RateHeaders.read({"Retry-After": value}, NOW).pause(429) == pause


@pytest.fixture
def far_west(monkeypatch):
    """The machine's own time zone is seven hours behind GMT."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/Phoenix")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_west")
@pytest.mark.parametrize("value", ["Fri Mar 13 12:00:30 2026", "Fri, 13 Mar 2026 12:00:30 -0000"])
def test_a_date_without_a_zone_is_one_of_gmt_wherever_the_machine_is(value):
    assert RateHeaders.read({"Retry-After": value}, NOW).pause(429) == 30


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("1773403230", 30),
        ("1773403230.5", 30.5),
        ("30", 30),
        ("1773403100", 1),
        ("1783403200", 3600),
        ("-30", None),
        ("1773403230000", None),
        ("9" * 5000, None),
        ("NaN", None),
    ],
)
def test_the_reset_is_unix_time_or_if_small_seconds_from_now(value, pause):
    assert RateHeaders.read({"X-RateLimit-Reset": value}, NOW).pause(429) == pause


def test_retry_after_goes_before_the_reset():
    assert RateHeaders.read({"Retry-After": "5", "X-RateLimit-Reset": "30"}, NOW).pause(429) == 5


def test_no_requests_remaining_is_a_pause_until_the_reset_whatever_the_status():
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30", "Retry-After": "5"}

    assert RateHeaders.read(headers, NOW).pause(200) == 30


@pytest.mark.parametrize("remaining", ["1", "-1", "x", "9" * 5000])
def test_anything_else_remaining_is_no_pause(remaining):
    headers = {"X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": "30"}

    assert RateHeaders.read(headers, NOW).pause(200) is None


@pytest.mark.parametrize(("value", "limit"), [("600", 600), ("600.9", 600), ("0", None), ("-1", None), ("many", None)])
def test_a_limit_is_at_least_one_request(value, limit):
    assert RateHeaders.read({"X-RateLimit-Limit": value}, NOW).limit == limit


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40), st.sampled_from([200, 429, 500]))
def test_no_header_can_break_anything_or_pause_for_more_than_an_hour(after, reset, remaining, status):
    headers = {"Retry-After": after, "X-RateLimit-Reset": reset, "X-RateLimit-Remaining": remaining}

    pause = RateHeaders.read(headers, NOW).pause(status)

    assert pause is None or 1 <= pause <= 3600
