"""Reports: what the vendor answers, and what is shown of it."""

import pytest

from exporter.errors import InvalidResponse

ONE = {"reports": [{"id": "rep_9", "name": "visitors"}]}
PATHS = {"reports": [{"id": "rep_9", "name": "mail", "fields": ["sent", "rate.open"]}]}
FLAT = '{{"data": {}, "chart_style": "counter", "report_type": "Reporting::X", "report_name": "API Report"}}'
NESTED = '{{"report_data": {{"data": {}, "chart_style": "count", "report_name": "New Subscribers"}}}}'


def value(number, field="value", report="visitors"):
    return {f'bento_report_value{{report="{report}",field="{field}"}}': number}


def test_each_report_is_asked_for_by_its_id(bento):
    bento.replies(FLAT.format(42), NESTED.format(7))

    values = bento.fetch("reports", {"reports": [{"id": "rep_9", "name": "visitors"}, {"id": "rep_8"}]})

    assert values == {**value(42), **value(7, report="rep_8")}
    assert bento.asked == [
        ("/api/v1/stats/report", [("site_uuid", "0123abcd"), ("report_id", "rep_9")]),
        ("/api/v1/stats/report", [("site_uuid", "0123abcd"), ("report_id", "rep_8")]),
    ]


@pytest.mark.parametrize("envelope", [FLAT, NESTED])
@pytest.mark.parametrize(
    ("data", "number"),
    [
        *(("0", 0), ("-0", 0), ("-3", -3), ("12.5", 12.5), ("0.0", 0), ("-0.0", 0), ("1e3", 1000), ("1E-2", 0.01)),
        *(("9007199254740992", 9007199254740992), ("-9007199254740992", -9007199254740992)),
        # More digits than a float64 has, as a database's decimal numbers come.
        ("0.33333333333333333333", 1 / 3),
        # A power of two, which a float64 holds exactly.
        ("1180591620717411303424", 2.0**70),
    ],
)
def test_data_that_is_a_number_is_shown(bento, vendor, envelope, data, number):
    vendor.replies(envelope.format(data))

    assert bento.fetch("reports", ONE) == value(number)


@pytest.mark.parametrize("data", ["9007199254740993", "-9007199254740993", "9" * 5000, "1e400", "1e-400", "-1e-400"])
def test_a_number_that_would_be_shown_as_another_is_left_out(bento, vendor, data):
    vendor.replies(FLAT.format(data))

    assert bento.fetch_all("reports", ONE) == ({}, {"report_fields": 1})


@pytest.mark.parametrize("envelope", [FLAT, NESTED])
@pytest.mark.parametrize("data", ["null", "true", "false", '"42"', '"NaN"', "[]", "[1]", "{}", '{"sent": 1}'])
def test_other_data_shows_nothing_unless_paths_are_configured(bento, vendor, envelope, data):
    vendor.replies(envelope.format(data))

    assert bento.fetch("reports", ONE) == {}


def test_the_configured_paths_of_an_object_are_shown(bento, vendor):
    vendor.replies(FLAT.format('{"sent": 120, "rate": {"open": 0.25, "click": 0.05}, "other": [1]}'))

    assert bento.fetch("reports", PATHS) == {**value(120, "sent", "mail"), **value(0.25, "rate.open", "mail")}


@pytest.mark.parametrize(
    "rate",
    ["{}", "null", "0.25", "[]", '[{"open": 1}]', *(f'{{"open": {each}}}' for each in ("null", "true", '"1"', "{}"))],
)
def test_a_path_that_leads_to_no_number_is_left_out_and_counted(bento, vendor, rate):
    vendor.replies(FLAT.format(f'{{"sent": 120, "rate": {rate}}}'))

    assert bento.fetch_all("reports", PATHS) == (value(120, "sent", "mail"), {"report_fields": 1})


@pytest.mark.parametrize("data", ["null", "[]", "{}", '"x"', "true"])
def test_paths_into_data_without_keys_are_all_left_out(bento, vendor, data):
    vendor.replies(FLAT.format(data))

    assert bento.fetch_all("reports", PATHS) == ({}, {"report_fields": 2})


def test_data_that_is_a_number_is_shown_though_paths_were_expected(bento, vendor):
    vendor.replies(FLAT.format(5))

    assert bento.fetch_all("reports", PATHS) == (value(5, report="mail"), {"report_fields": 2})


def test_what_several_reports_leave_out_is_counted_together(bento, vendor):
    vendor.replies(FLAT.format("{}"))
    reports = {"reports": [{"id": "a", "fields": ["x"]}, {"id": "b", "fields": ["x", "y"]}]}

    assert bento.fetch_all("reports", reports) == ({}, {"report_fields": 3})


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        *((body, "not an object") for body in ("[]", "42", "null", '{"report_data": []}', '{"report_data": 42}')),
        *((body, "data is missing") for body in ("{}", '{"report_data": {}}', '{"report_name": "x"}')),
        ('{"data": 1, "data": 2}', "data was sent twice, with different values"),
        ('{"data": {"sent": 1, "sent": 2}}', "sent was sent twice, with different values"),
        ('{"data": {"sent": 1, "rate": {"open": 1}, "rate": 2}}', "rate.open was sent twice, with different values"),
    ],
)
def test_what_is_no_report_is_refused(bento, vendor, body, fault):
    vendor.replies(body)

    with pytest.raises(InvalidResponse) as caught:
        bento.fetch("reports", PATHS)
    assert str(caught.value) == f"report mail: {fault}"
