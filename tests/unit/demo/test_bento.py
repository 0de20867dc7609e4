"""Bento's stats API."""

import pytest

SITE = "5f0a6c1e4b7d4c0c9a51a7b2d3e4f501"
SHRINKING = "a1c9e2d84f6b4d7f8e3b6c5d4e3f2a02"
QUIET = "0e7d1b3c5a9f4e2d8c6b4a2f1e0d9c03"
# 2025-01-01 to 2026-03-13 12:00 UTC.
DAYS = 436.5


def test_a_site_has_three_counts(serve, get_bento):
    assert get_bento(serve(), "stats/site", site_uuid=SITE).json() == {
        "user_count": 410_000 + int(5_200 * DAYS),
        "subscriber_count": 410_000 + int(5_200 * DAYS) - 36_000 - int(640 * DAYS),
        "unsubscriber_count": 36_000 + int(640 * DAYS),
    }


def test_one_list_grows_and_one_shrinks(serve, get_bento, clock):
    stand_in = serve()

    def subscribers() -> list[int]:
        uuids = (SITE, SHRINKING, QUIET)
        return [get_bento(stand_in, "stats/site", site_uuid=uuid).json()["subscriber_count"] for uuid in uuids]

    before = subscribers()
    clock.advance(7 * 86_400)
    after = subscribers()

    assert after[0] == before[0] + 7 * (5_200 - 640)
    assert after[1] == before[1] - 7 * (1_350 - 190)
    assert after[2] == before[2] + 7


def test_a_segment_is_a_part_of_the_site(serve, get_bento, world, clock):
    told = get_bento(serve(), "stats/segment", site_uuid=SITE, segment_id="81").json()

    whole = world.sites[0].counts(clock.time())
    assert told["user_count"] == whole.users * 21 // 1000
    assert told["unsubscriber_count"] == whole.unsubscribers * 4 // 1000
    assert told["subscriber_count"] == told["user_count"] - told["unsubscriber_count"]


def test_a_report_is_a_number_or_a_table(serve, get_bento):
    stand_in = serve()
    number = get_bento(stand_in, "stats/report", site_uuid=SITE, report_id="rep_visitors").json()
    table = get_bento(stand_in, "stats/report", site_uuid=SITE, report_id="rep_campaign").json()

    assert number == {
        "data": int(5_200 * 37 * DAYS),
        "chart_style": "counter",
        "report_type": "Reporting::Reports::VisitorCountReport",
        "report_name": "visitors",
    }
    assert table["data"]["sent"] == number["data"]
    assert table["data"]["rate"] == {"open": 0.4125, "click": 0.0375}


def test_envelopes_are_put_around_answers_where_ordered(serve, get_bento):
    plain, wrapped = serve(), serve(is_wrapped=True)

    def told(stand_in, path, **query):
        return get_bento(stand_in, path, site_uuid=SITE, **query).json()

    assert told(wrapped, "stats/site") == {"data": told(plain, "stats/site")}
    assert told(wrapped, "stats/segment", segment_id="81") == {"data": told(plain, "stats/segment", segment_id="81")}
    assert told(wrapped, "stats/report", report_id="rep_campaign") == {
        "report_data": told(plain, "stats/report", report_id="rep_campaign")
    }
    assert told(wrapped, "stats/ads") == told(plain, "stats/ads")
    assert told(wrapped, "fetch/segments") == {
        "data": [
            {"id": "seg_buyers", "type": "segments", "attributes": {"name": "buyers"}},
            {"id": "81", "type": "segments", "attributes": {"name": "vip"}},
        ]
    }
    assert [each["name"] for each in told(plain, "fetch/segments")] == ["buyers", "vip"]


def test_ads_add_up_in_two_currencies(serve, get_bento):
    told = get_bento(serve(), "stats/ads", site_uuid=SITE, dimension="source", start_date="30 days ago").json()

    rows = {row["key"]: row for row in told["breakdown"]}
    # In 30 days, of 100: 42,000 times 0.3 signups, 19% of whom buy.
    assert rows["youtube"]["signups"] == 12_600
    assert rows["youtube"]["customers"] == 2_394
    assert rows["youtube"]["revenueByCurrency"] == {"USD": 2_394 * 2_499, "EUR": 2_394 * 311}
    assert told["totals"]["signups"] == sum(row["signups"] for row in rows.values())
    assert told["totals"]["revenueByCurrency"] == {
        currency: sum(row["revenueByCurrency"].get(currency, 0) for row in rows.values()) for currency in ("EUR", "USD")
    }
    assert told["totals"]["topSource"] == "youtube"
    assert told["revenueTruncated"] is False
    # A link that someone's address got into.
    assert "jane.doe@example.com" in rows


def test_ads_of_one_value_window_and_mode(serve, get_bento):
    query = {"value": "google", "start_date": "10 days ago", "end_date": "5 days ago", "revenue_mode": "first_revenue"}

    told = get_bento(serve(), "stats/ads", site_uuid=SITE, **query).json()

    assert told["revenueMode"]["mode"] == "first_revenue"
    assert [(row["key"], row["signups"], row["customers"]) for row in told["breakdown"]] == [("google", 1_575, 189)]
    assert told["totals"]["revenueByCurrency"] == {"USD": 189 * 3_150 * 62 // 100}
    assert told["totals"]["revenueVisitorCount"] == 189 + 1_575 // 50


@pytest.mark.parametrize("dimension", ["campaign", "medium", "content", "ad"])
def test_every_dimension_has_rows(serve, get_bento, dimension):
    told = get_bento(serve(), "stats/ads", site_uuid=SITE, dimension=dimension).json()

    assert told["dimension"] == dimension
    assert told["breakdown"]


def test_a_site_without_fame_has_no_rows_and_a_large_one_too_many(serve, get_bento):
    stand_in = serve()

    quiet = get_bento(stand_in, "stats/ads", site_uuid=QUIET).json()

    assert (quiet["breakdown"], quiet["totals"]["revenueByCurrency"]) == ([], {})
    assert get_bento(stand_in, "stats/ads", site_uuid=SHRINKING).json()["revenueTruncated"] is True


@pytest.mark.parametrize("agent", ["", "python-requests/2.32", "curl/8.5.0"])
def test_a_generic_agent_is_stopped_by_a_page_of_html(serve, get_bento, agent):
    reply = get_bento(serve(), "stats/site", agent=agent, site_uuid=SITE)

    assert (reply.status_code, reply.headers["Content-Type"]) == (403, "text/html")
    assert reply.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("uuid", "keys"),
    [
        (SITE, ("demo", "wrong")),
        (SITE, ("wrong", "correct horse")),
        (SITE, None),
        (None, ("demo", "correct horse")),
        ("nobody's", ("demo", "correct horse")),
    ],
)
def test_wrong_keys_and_sites_are_refused_alike(serve, get_bento, uuid, keys):
    reply = get_bento(serve(), "stats/site", keys=keys, site_uuid=uuid)

    assert (reply.status_code, reply.json()) == (401, {"error": "Unauthorized"})


def test_a_site_may_have_keys_of_its_own(serve, get_bento):
    stand_in = serve(site_keys={SITE: ("own", "key")})

    def status(uuid: str, keys: tuple[str, str]) -> int:
        return get_bento(stand_in, "stats/site", site_uuid=uuid, keys=keys).status_code

    assert [status(SITE, ("own", "key")), status(SITE, ("demo", "correct horse"))] == [200, 401]
    assert [status(QUIET, ("own", "key")), status(QUIET, ("demo", "correct horse"))] == [401, 200]


@pytest.mark.parametrize(
    ("path", "query", "error"),
    [
        ("stats/segment", {"segment_id": "82"}, "Segment not found"),
        ("stats/segment", {}, "Segment not found"),
        ("stats/report", {"report_id": "x"}, "Report not found"),
        ("stats/broadcast", {}, "Not found"),
        ("fetch/tags", {}, "Not found"),
    ],
)
def test_what_there_is_not_is_not_found(serve, get_bento, path, query, error):
    reply = get_bento(serve(), path, site_uuid=SITE, **query)

    assert (reply.status_code, reply.json()) == (404, {"error": error})


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ({"dimension": "colour"}, "dimension", "is not included in the list"),
        ({"revenue_mode": "all"}, "revenue_mode", "is not included in the list"),
        ({"start_date": "2026-03-01"}, "start_date", "is invalid"),
        ({"currency": "USD"}, "currency", "is not a parameter"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_is_wrong(serve, get_bento, query, field, message):
    reply = get_bento(serve(), "stats/ads", site_uuid=SITE, **query)

    assert (reply.status_code, reply.json()) == (400, {"errors": [{"field": field, "message": message}]})


@pytest.mark.parametrize("path", ["fetch/subscribers", "fetch/search", "stats/site?secret_key=correct+horse"])
def test_reading_addresses_and_a_key_in_the_url_are_violations(serve, get_bento, path):
    stand_in = serve()

    assert get_bento(stand_in, path).status_code == 403
    assert len(stand_in.violations) == 1
    assert "correct horse" not in repr(stand_in.violations)


@pytest.mark.parametrize("path", ["batch/subscribers", "fetch/commands", "stats/site"])
def test_whatever_is_no_get_is_a_violation(serve, session, path):
    stand_in = serve()

    assert session.post(f"{stand_in.base_url}/api/v1/{path}", timeout=5).status_code == 403


def test_a_limited_vendor_says_nothing_of_it_beforehand(serve, get_bento):
    stand_in = serve(limit=(1, 60))
    replies = [get_bento(stand_in, "stats/site", site_uuid=SITE) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [200, 429]
    assert [name for reply in replies for name in reply.headers if name.startswith("X-")] == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [("stats/site", "site"), ("fetch/segments", "segments"), ("stats/report", "reports"), ("stats/ads", "ads")],
)
def test_a_fault_is_for_one_site_and_the_calls_of_one_collector(serve, get_bento, path, kind):
    stand_in = serve()
    stand_in.fault(status=418, call=kind, user=SITE)

    assert get_bento(stand_in, path, site_uuid=SITE).status_code == 418
    assert get_bento(stand_in, path, site_uuid=QUIET).status_code != 418


def test_the_log_has_the_site_and_no_key(serve, get_bento):
    stand_in = serve()
    get_bento(stand_in, "stats/segment", site_uuid=SITE, segment_id="81")

    assert stand_in.requests[-1].form == {"site_uuid": SITE, "segment_id": "81"}
    assert stand_in.requests[-1].api == "bento"
