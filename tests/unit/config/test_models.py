from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from exporter.config import Config, LimitsConfig, PollingConfig, RateLimitConfig
from tests.unit.config.letters import LetterCollectors, LetterCustomer

START = """
sources:
  - name: post
    type: letters
    credentials: {password: hunter2}
    customers:
"""
EVERYTHING = """
polling: {timeout: 1m30s, concurrency: 2, stale_after: 2.5, drop_after: 1w,
          retry: {attempts: 1, initial_backoff: 0, max_backoff: 250ms}, probe_interval: 5m}
limits: {max_series: 10, max_response_bytes: 1MiB, categories_per_customer: 2, breakdown_rows: 3}
state: {path: kept/state.db}
sources:
  - name: post
    type: letters
    base_url: http://127.0.0.1:8080/
    http: {proxy_url: "http://proxy:3128/", ca_file: ca.pem}
    credentials: {username: ada, password_file: secret}
    rate_limit: {calls: 30, per: 1h, shared: all}
    timezone: Europe/Berlin
    collectors: {totals: {enabled: false}, daily: {interval: 1h, days: 7}}
    customers:
      - {box: a, name: first, labels: {tier: gold}, timezone: Asia/Kathmandu}
    customer_files: ["more/*.yaml"]
"""


def customers(count):
    return START + "".join(f"      - box: box-{number}\n" for number in range(count))


def as_read(folder):
    return {
        "polling": {
            "timeout": "1m30s",
            "concurrency": 2,
            "stale_after": 2.5,
            "drop_after": "1w",
            "retry": {"attempts": 1, "initial_backoff": "0s", "max_backoff": "250ms"},
            "probe_interval": "5m",
        },
        "limits": {
            "max_series": 10,
            "max_response_bytes": 1_048_576,
            "categories_per_customer": 2,
            "breakdown_rows": 3,
        },
        "state": {"path": str(folder / "kept/state.db")},
        "sources": [
            {
                "name": "post",
                "type": "letters",
                "allow_http": False,
                "base_url": "http://127.0.0.1:8080",
                "http": {"proxy_url": "http://proxy:3128", "ca_file": str(folder / "ca.pem")},
                "rate_limit": {"calls": 30, "per": "1h", "shared": "all"},
                "timezone": "Europe/Berlin",
                "collectors": {
                    "totals": {"enabled": False, "interval": "15m"},
                    "daily": {"enabled": True, "interval": "1h", "days": 7},
                },
                "customers": [
                    {
                        "name": "first",
                        "labels": {"tier": "gold"},
                        "timezone": "Asia/Kathmandu",
                        "box": "a",
                        "language": "en",
                    }
                ],
                "customer_files": ["more/*.yaml"],
                "credentials": {"username": "ada", "password": "<secret>", "second_key": None},
            }
        ],
    }


def test_what_is_left_out_has_the_defaults_of_the_contract(loaded):
    config = loaded(customers(1))

    assert config.polling == PollingConfig(timeout=10, concurrency=8, stale_after=3, drop_after=86400)
    assert config.polling.probe_interval == 60
    assert (config.polling.retry.attempts, config.polling.retry.initial_backoff, config.polling.retry.max_backoff) == (
        4,
        1,
        30,
    )
    assert config.limits == LimitsConfig(
        max_series=5_000_000, max_response_bytes=8_388_608, categories_per_customer=50, breakdown_rows=50
    )
    [source] = config.sources
    assert source.base_url == "https://letters.example.com"
    assert source.rate_limit == RateLimitConfig(calls=600, per=60, shared=None)
    assert source.timezone == ZoneInfo("UTC")
    assert (source.http.proxy_url, source.http.ca_file, source.allow_http) == (None, None, False)


def test_everything_that_is_given_is_kept(loaded, tmp_path):
    (tmp_path / "ca.pem").write_text("certificate")
    (tmp_path / "secret").write_text("hunter2\n")

    config = loaded(EVERYTHING)

    assert config.model_dump(mode="json") == as_read(tmp_path)
    assert config.sources[0].credentials.password.value() == "hunter2"


def test_nothing_in_a_configuration_changes(loaded):
    config = loaded(customers(1))

    for section, key in ((config, "sources"), (config.polling, "timeout"), (config.sources[0].customers[0], "name")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(section, key, None)


def test_a_customer_is_labelled_by_its_name_or_else_its_id():
    assert LetterCustomer(box="a").label == "a"
    assert LetterCustomer(box="a", name="b").label == "b"


def test_a_section_of_collectors_gives_those_that_are_on():
    collectors = LetterCollectors.model_validate({"totals": {"enabled": False}})

    assert list(collectors) == [("daily", collectors.daily)]


def test_the_planned_calls_are_requests_a_second(loaded):
    [source] = loaded(customers(15)).sources

    assert source.planned_calls() == {"totals": 15 / 900, "daily": 2 / 900}


def test_two_files_of_one_content_are_equal_configurations(loaded):
    """A reload that changes nothing must be seen to change nothing."""
    assert loaded(customers(3)) == loaded(customers(3))
    assert loaded(customers(3)) != loaded(customers(2))
    assert isinstance(loaded(customers(3)), Config)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("{}", RateLimitConfig(calls=30, per=3600, shared="parcels")),
        ("{calls: 60}", RateLimitConfig(calls=60, per=3600, shared="parcels")),
        ("{per: 30m}", RateLimitConfig(calls=30, per=1800, shared="parcels")),
        ("{calls: 60, shared: null}", RateLimitConfig(calls=60, per=3600, shared=None)),
        ("{calls: 5, per: 1m, shared: mine}", RateLimitConfig(calls=5, per=60, shared="mine")),
    ],
)
def test_what_a_rate_limit_leaves_out_is_that_of_its_type_of_source(loaded, given, read):
    [source] = loaded(customers(1).replace("letters", "parcels") + f"    rate_limit: {given}").sources

    assert source.rate_limit == read
