"""Every recorded payload: what is shown of it, or why it is not asked for."""

from pathlib import Path

import pytest

from exporter.errors import InvalidResponse, VendorRefused

FOLDER = Path(__file__).parents[1] / "payloads" / "bento"
SITE = {
    "segments": [{"id": "seg_1", "name": "vip"}],
    "reports": [{"id": "rep_9", "name": "visitors"}],
    "ads": [{"name": "by-source", "dimension": "source", "start_date": "last week", "breakdown": True}],
}
INFO = 'bento_ads_query_info{query="by-source",dimension="source",revenue_mode="",start_date="last week"}'
DATA = {
    "stats_site.json": ("site", {"bento_users": 10, "bento_subscribers": 7, "bento_unsubscribers": 3}),
    "stats_site_docs.json": ("site", {"bento_users": 0, "bento_subscribers": 0, "bento_unsubscribers": 0}),
    "stats_site_wrapped.json": ("site", {"bento_users": 8, "bento_subscribers": 6, "bento_unsubscribers": 2}),
    "stats_segment.json": (
        "segments",
        {
            'bento_segment_users{segment="vip"}': 12,
            'bento_segment_subscribers{segment="vip"}': 8,
            'bento_segment_unsubscribers{segment="vip"}': 4,
        },
    ),
    "stats_segment_wrapped.json": (
        "segments",
        {
            'bento_segment_users{segment="vip"}': 0,
            'bento_segment_subscribers{segment="vip"}': 0,
            'bento_segment_unsubscribers{segment="vip"}': 0,
        },
    ),
    "stats_report_flat.json": ("reports", {'bento_report_value{report="visitors",field="value"}': 42}),
    "stats_report_nested.json": ("reports", {}),
    "stats_report_nested_array.json": ("reports", {}),
    "stats_ads.json": (
        "ads",
        {
            'bento_ads_signups{query="by-source"}': 42,
            'bento_ads_customers{query="by-source"}': 8,
            'bento_ads_revenue_visitors{query="by-source"}': 42,
            'bento_ads_revenue{query="by-source",currency="USD"}': 1299.0,
            'bento_ads_revenue_truncated{query="by-source"}': 0,
            INFO: 1,
            'bento_ads_breakdown_signups{query="by-source",value="youtube"}': 42,
            'bento_ads_breakdown_customers{query="by-source",value="youtube"}': 8,
            'bento_ads_breakdown_revenue{query="by-source",value="youtube",currency="USD"}': 1299.0,
        },
    ),
    "stats_ads_empty.json": (
        "ads",
        {
            'bento_ads_signups{query="by-source"}': 0,
            'bento_ads_customers{query="by-source"}': 0,
            'bento_ads_revenue_visitors{query="by-source"}': 0,
            'bento_ads_revenue{query="by-source",currency="USD"}': 0.0,
            'bento_ads_revenue_truncated{query="by-source"}': 0,
            INFO: 1,
        },
    ),
}
ERRORS = {
    "error_unauthorized.json": "Unauthorized",
    "error_fields.json": "is invalid",
    "error_segment_not_found.json": "Segment not found",
    "error_report_not_found.json": "Report not found",
}
EMPTY_LISTS = ("empty.json",)
NOT_ASKED = {
    "fetch_broadcasts.json": "no metric of the contract; carries whole messages as HTML",
    "fetch_sequences.json": "no metric of the contract; the numbers in it have no known names",
    "fetch_tags.json": "no metric of the contract; a tag has no numbers",
}
COLLECTORS = ["site", "segments", "reports", "ads"]


def test_every_recorded_payload_is_used_or_has_a_reason_not_to_be():
    recorded = {path.name for path in FOLDER.iterdir()}

    assert recorded == {*DATA, *ERRORS, *EMPTY_LISTS, *NOT_ASKED}


@pytest.mark.parametrize("name", DATA)
def test_a_recorded_payload_gives_these_samples(bento, vendor, payload, name):
    collector, expected = DATA[name]
    vendor.replies(payload(f"bento/{name}"))

    assert bento.fetch(collector, SITE) == expected
    assert bento.rejected(collector) == 0


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_body_under_status_200_fails_every_fetch(bento, vendor, payload, name, collector):
    vendor.replies(payload(f"bento/{name}"))

    with pytest.raises(VendorRefused) as caught:
        bento.fetch(collector, SITE)
    assert str(caught.value).endswith(f": the vendor answered with an error: {ERRORS[name]}")


@pytest.mark.parametrize("name", EMPTY_LISTS)
def test_a_recorded_empty_list_is_a_site_without_segments(bento, vendor, payload, name):
    vendor.replies(payload(f"bento/{name}"))

    assert bento.fetch("segments", {"segments": "all"}) == {}


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize("name", EMPTY_LISTS)
def test_a_recorded_empty_list_is_no_answer_to_another_call(bento, vendor, payload, name, collector):
    vendor.replies(payload(f"bento/{name}"))

    with pytest.raises(InvalidResponse):
        bento.fetch(collector, SITE)
