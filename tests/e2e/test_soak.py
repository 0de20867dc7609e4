"""The long run finds what grows, and a minute of it runs."""

from dataclasses import replace

import pytest

from tests.soak.__main__ import Extent, soak
from tests.soak.judgement import Bounds, Sample, judged

SAMPLE = Sample(at=0, memory=100e6, files=30, threads=15, lag=0, scrape=0.1, customers=100, fetches=0, failures=0)
# A young process still grows into its buffers.
LOOSE = Bounds(memory=0.3, files=10, threads=8, lag=10)


def hour(**growth: float) -> list[Sample]:
    """Return a sample each minute of an hour, in which something grows by so much a minute."""
    return [
        replace(SAMPLE, at=60 * n, **{name: getattr(SAMPLE, name) + n * each for name, each in growth.items()})
        for n in range(60)
    ]


@pytest.mark.parametrize(
    ("grows", "found"),
    [
        ({}, []),
        ({"memory": 100e3}, []),
        ({"memory": 200e3}, ["memory"]),
        ({"memory": -200e3, "threads": 0.1}, ["threads"]),
        ({"files": 0.1}, ["file descriptors"]),
        ({"lag": 1}, ["lag in seconds"]),
        ({"scrape": 1, "fetches": 1000}, []),
    ],
)
def test_what_grows_is_named(grows, found):
    findings = judged(hour(**grows), warm_up=900, bounds=Bounds())

    assert [finding.what for finding in findings if not finding.is_good] == found


def test_what_grows_at_the_start_alone_is_the_warm_up():
    samples = [replace(sample, memory=50e6) if sample.at < 900 else sample for sample in hour()]

    assert all(finding.is_good for finding in judged(samples, warm_up=900, bounds=Bounds()))


def test_too_few_samples_tell_nothing():
    with pytest.raises(ValueError, match="3 samples after the warm-up are too few"):
        judged(hour()[:3], warm_up=0, bounds=Bounds())


@pytest.mark.e2e
@pytest.mark.timeout(300)
def test_a_minute_with_customers_who_come_and_go(servers, capfd):
    extent = Extent(customers=120, lasts=60, warm_up=20, interval=10, scrape=2, turn=6, look=1)

    is_flat = soak(extent, LOOSE)

    printed = capfd.readouterr().out
    assert is_flat, printed
    assert "reloads: 9 of 9 (all)" in printed
    assert "failed writes of the state: 0.0 (none)" in printed
