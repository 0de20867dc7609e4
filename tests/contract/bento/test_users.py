"""Users of sites and segments: what the vendor answers, and what is shown of it."""

import pytest

from exporter.errors import InvalidResponse, NotFound, ServerFailed

USERS = '{"user_count": 10, "subscriber_count": 7, "unsubscriber_count": 3}'
NONE = '{"user_count": 0, "subscriber_count": 0, "unsubscriber_count": 0}'
SHOWN = {"bento_users": 10, "bento_subscribers": 7, "bento_unsubscribers": 3}
FIELDS = ["user_count", "subscriber_count", "unsubscriber_count"]
# As JSON texts: what a careless reader takes for a whole number, or stumbles over.
NO_WHOLE_NUMBERS = [
    *("true", "false", "-1", "-0", "12.0", "12.5", "1e3", "1E400", "9007199254740993", "9" * 5000),
    *('"12.0"', '"-1"', '"+1"', '" 1"', '"1_000"', '"NaN"', '"many"', '"\\u0661"', "[]", "[1]", "{}"),
]
TWO = {"segments": [{"id": "seg_1", "name": "vip"}, {"id": "seg_2"}]}
ALL = {"segments": "all"}
SECOND = {"site_uuid": "second", "name": "second"}


def segment(label, *counts):
    names = ("bento_segment_users", "bento_segment_subscribers", "bento_segment_unsubscribers")
    return {f'{name}{{segment="{label}"}}': count for name, count in zip(names, counts, strict=True)}


def one_wrong(field, value):
    return USERS.replace(f'"{field}":', f'"{field}": {value}, "was {field}":')


def test_the_site_s_call_names_the_site_and_carries_the_keys(bento, vendor):
    vendor.replies(USERS)

    bento.fetch("site")

    [asked] = vendor.asked
    assert (asked.verb, asked.path) == ("GET", "/api/v1/stats/site?site_uuid=0123abcd")
    assert asked.headers["Authorization"] == "Basic cDEyMzQ1Njpjb3JyZWN0LWhvcnNlLWJhdHRlcnk="
    assert asked.headers["Accept"] == "application/json"
    assert asked.headers["User-Agent"].startswith("email-stats-exporter/")


def test_a_site_s_own_keys_replace_the_source_s(bento, vendor):
    vendor.replies(USERS)
    own = {**SECOND, "credentials": {"publishable_key": "own", "secret_key": "key"}}

    with bento.fetching("site", {}, own) as fetch:
        fetch(1)
        fetch(0)

    assert [each.headers["Authorization"] for each in vendor.asked] == [
        "Basic b3duOmtleQ==",
        "Basic cDEyMzQ1Njpjb3JyZWN0LWhvcnNlLWJhdHRlcnk=",
    ]


def test_a_site_has_three_counts(bento, vendor):
    vendor.replies(USERS)

    assert bento.fetch("site") == SHOWN


def test_no_users_are_zero(bento, vendor):
    vendor.replies(NONE)

    assert bento.fetch("site") == {"bento_users": 0, "bento_subscribers": 0, "bento_unsubscribers": 0}


def test_the_counts_may_be_wrapped_in_data(bento, vendor):
    vendor.replies(f'{{"data": {USERS}}}')

    assert bento.fetch("site") == SHOWN


def test_counts_may_be_strings_of_digits_and_beside_other_fields(bento, vendor):
    vendor.replies('{"user_count": "10", "subscriber_count": "7", "unsubscriber_count": 3, "average_open_rate": 1e999}')

    assert bento.fetch("site") == SHOWN
    assert bento.rejected("site") == 0


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", NO_WHOLE_NUMBERS)
def test_a_count_that_is_no_whole_number_refuses_the_answer(bento, vendor, field, value):
    vendor.replies(one_wrong(field, value))

    with pytest.raises(InvalidResponse) as caught:
        bento.fetch("site")
    assert str(caught.value) == f"the site: {field} is no whole number"


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", ["null", '""'])
def test_a_count_that_was_not_sent_refuses_the_answer(bento, vendor, field, value):
    vendor.replies(one_wrong(field, value))

    with pytest.raises(InvalidResponse) as caught:
        bento.fetch("site")
    assert str(caught.value) == f"the site: {field} is missing"


def test_a_count_that_was_sent_twice_refuses_the_answer(bento, vendor):
    vendor.replies(USERS.replace("}", ', "user_count": 11}'))

    with pytest.raises(InvalidResponse, match="^the site: user_count was sent twice, with different values$"):
        bento.fetch("site")


@pytest.mark.parametrize("body", ["{}", '{"data": {}}', '{"data": {"attributes": {}}}'])
def test_an_object_without_counts_is_refused(bento, vendor, body):
    vendor.replies(body)

    with pytest.raises(InvalidResponse, match="^the site: user_count is missing$"):
        bento.fetch("site")


@pytest.mark.parametrize("body", ["[]", f"[{USERS}]", "5", '"x"', "null", '{"data": []}', '{"data": null}'])
def test_what_is_no_object_is_refused(bento, vendor, body):
    vendor.replies(body)

    with pytest.raises(InvalidResponse, match="^the site: not an object$"):
        bento.fetch("site")


def test_each_segment_is_asked_for_and_labelled_by_its_name_or_id(bento):
    bento.replies(USERS, f'{{"data": {NONE}}}')

    values = bento.fetch("segments", TWO)

    assert values == {**segment("vip", 10, 7, 3), **segment("seg_2", 0, 0, 0)}
    assert bento.asked == [
        ("/api/v1/stats/segment", [("site_uuid", "0123abcd"), ("segment_id", "seg_1")]),
        ("/api/v1/stats/segment", [("site_uuid", "0123abcd"), ("segment_id", "seg_2")]),
    ]


def test_a_segment_that_fails_fails_its_site_s_fetch_and_is_named(bento):
    bento.replies(USERS, 404)

    with pytest.raises(NotFound, match="^segment seg_2: 404 from 127.0.0.1:"):
        bento.fetch("segments", TWO)


def test_a_segment_s_wrong_answer_names_the_segment(bento):
    bento.replies("{}")

    with pytest.raises(InvalidResponse, match="^segment vip: user_count is missing$"):
        bento.fetch("segments", TWO)


@pytest.mark.parametrize("collector", ["segments", "reports", "ads"])
def test_a_site_without_any_makes_no_call(bento, vendor, collector):
    assert bento.fetch(collector) == {}
    assert vendor.asked == []


@pytest.mark.parametrize(
    "rows",
    [
        '[{"id": "seg_1", "name": "vip"}, {"id": 2, "name": null}]',
        '{"data": [{"id": "seg_1", "name": "vip"}, {"id": 2}]}',
        '{"data": [{"id": "seg_1", "type": "x", "attributes": {"name": "vip"}}, {"id": "2", "attributes": {}}]}',
        '[{"id": "seg_1", "name": "vip", "visitor_event_query": {"a": [1]}}, {"id": 2, "name": ""}]',
        '[{"id": "seg_1", "name": "vip"}, {"id": "seg_1", "name": "vip"}, {"id": 2}]',
    ],
)
def test_all_segments_are_those_of_the_vendor_s_list(bento, rows):
    bento.replies(rows, USERS, NONE)

    values = bento.fetch("segments", ALL)

    assert values == {**segment("vip", 10, 7, 3), **segment("2", 0, 0, 0)}
    assert bento.asked == [
        ("/api/v1/fetch/segments", [("site_uuid", "0123abcd")]),
        ("/api/v1/stats/segment", [("site_uuid", "0123abcd"), ("segment_id", "seg_1")]),
        ("/api/v1/stats/segment", [("site_uuid", "0123abcd"), ("segment_id", "2")]),
    ]


@pytest.mark.parametrize("rows", ["[]", "{}", '{"data": []}'])
def test_an_empty_list_of_segments_is_a_success(bento, rows):
    bento.replies(rows)

    assert bento.fetch("segments", ALL) == {}


def test_the_list_is_read_once_a_day(bento):
    bento.replies('[{"id": "a"}]', *[USERS] * 6, '[{"id": "b"}]', NONE)

    with bento.fetching("segments", ALL) as fetch:
        for _ in range(6):
            assert fetch() == (segment("a", 10, 7, 3), {})
            bento.clock.advance(14_400)
        assert fetch() == (segment("b", 0, 0, 0), {})


def test_each_site_has_a_list_of_its_own(bento):
    bento.replies('[{"id": "a"}]', USERS, '[{"id": "b"}]', NONE)

    with bento.fetching("segments", ALL, {**ALL, **SECOND}) as fetch:
        assert fetch(0) == (segment("a", 10, 7, 3), {})
        assert fetch(1) == (segment("b", 0, 0, 0), {})


def test_a_listed_segment_that_is_gone_has_the_list_read_again(bento):
    with bento.fetching("segments", ALL) as fetch:
        bento.replies('[{"id": "a"}, {"id": "b"}]', USERS, 404)
        with pytest.raises(NotFound):
            fetch()

        bento.replies('[{"id": "a"}]', USERS)
        assert fetch() == (segment("a", 10, 7, 3), {})


def test_another_failure_does_not_cost_a_reading_of_the_list(bento):
    with bento.fetching("segments", ALL) as fetch:
        bento.replies('[{"id": "a"}]', 500)
        with pytest.raises(ServerFailed):
            fetch()

        bento.replies(USERS)
        assert fetch() == (segment("a", 10, 7, 3), {})


def test_a_list_that_can_not_be_read_fails_the_fetch(bento):
    bento.replies(404)

    with pytest.raises(NotFound, match="^the list of segments: 404 from 127.0.0.1:"):
        bento.fetch("segments", ALL)


def test_segments_of_one_name_are_told_apart_by_their_ids(bento):
    bento.replies('[{"id": "a", "name": "vip"}, {"id": "b"}, {"id": "c", "name": "vip"}]', USERS, NONE, USERS)

    assert bento.fetch("segments", ALL) == {
        **segment("vip (a)", 10, 7, 3),
        **segment("b", 0, 0, 0),
        **segment("vip (c)", 10, 7, 3),
    }


@pytest.mark.parametrize("name", ['"two\\nlines"', '"' + "x" * 201 + '"', "5", "[]", '"\\ud800"'])
def test_a_name_that_can_be_no_label_gives_way_to_the_id(bento, name):
    bento.replies(f'[{{"id": "a", "name": {name}}}]', USERS)

    assert bento.fetch("segments", ALL) == segment("a", 10, 7, 3)
    assert bento.rejected("segments") == 1


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("5", "not a list"),
        ("null", "not a list"),
        ('{"data": {}}', "not a list"),
        ('{"segments": []}', "not a list"),
        ('["a"]', "row 1: not an object"),
        ('[{"id": "a"}, {"name": "vip"}]', "row 2: id is missing"),
        ('[{"id": ""}]', "row 1: id is missing"),
        ('[{"id": true}]', "row 1: id is no id"),
        ('[{"id": "a\\nb"}]', "row 1: id is no id"),
        ('[{"id": "a", "attributes": []}]', "row 1: not an object"),
        ('[{"id": "a"}, {"id": "a", "name": "b"}]', "row 2: its id was in an earlier row, with another name"),
        ('[{"id": "a", "name": "b"}, {"id": "c", "name": "b"}, {"id": "b (a)"}]', "several segments are called alike"),
    ],
)
def test_a_list_of_another_shape_is_refused(bento, rows, fault):
    bento.replies(rows)

    with pytest.raises(InvalidResponse) as caught:
        bento.fetch("segments", ALL)
    assert str(caught.value) == f"the list of segments: {fault}"
