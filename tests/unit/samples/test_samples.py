"""Families and samples as plain values."""

import dataclasses

import pytest

from exporter.samples import Family, Kind, Sample

REQUESTS = Family("sendgrid_requests_total", Kind.COUNTER, "Requests.", "stats.get requests")


def test_a_family_makes_samples_of_itself():
    assert REQUESTS.sample(3) == Sample(REQUESTS, 3.0, ())
    assert REQUESTS.sample(3, "x", "y").labels == ("x", "y")


def test_whole_numbers_become_the_floats_that_a_page_writes():
    assert type(REQUESTS.sample(3).value) is float


def test_families_of_the_same_words_are_two_families():
    twin = Family("sendgrid_requests_total", Kind.COUNTER, "Requests.", "stats.get requests")

    assert twin != REQUESTS
    assert len({twin, REQUESTS}) == 2
    assert repr(twin) == "Family(sendgrid_requests_total)"


def test_a_sample_can_not_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        REQUESTS.sample(3).value = 4  # type: ignore[misc]  # the point of it
