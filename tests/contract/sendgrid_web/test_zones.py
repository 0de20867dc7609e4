"""The time zone of a customer's days, asked of the vendor where the configuration says so."""

import json

import pytest

from exporter.errors import InvalidResponse, VendorRefused

NOON = "2026-03-13T12:00:00+00:00"
A_DAY = 86_400
ASKED = ("/apiv2/reseller.manage.json", [("method", "timezone"), ("task", "get"), ("user", "customer@example.com")])
VENDORS = {"timezone": "vendor"}
FIVE = {"requests": 7, "bounces": 0, "clicks": 0, "opens": 0, "spamreports": 0}
# 2026-03-13 00:00 in Kiritimati, fourteen hours before Greenwich.
KIRITIMATI_S_13TH = 1773309600


def zone(name):
    return json.dumps({"name": "Somewhere", "offset": 0, "timezone": name, "display": "GMT"})


def rows(*days):
    return json.dumps([{**FIVE, "date": day} for day in days])


@pytest.mark.parametrize("name", ["timezone_get.json", "timezone_get.xml"])
def test_the_recorded_answer_is_understood(of_type, payload, name):
    account = of_type("sendgrid_reseller", name.rpartition(".")[2])
    limit = {
        "json": '{"credit": "5", "last_reset": "2026-03-01"}',
        "xml": "<credits><credit>5</credit><last_reset>2026-03-01</last_reset></credits>",
    }[account.format]
    account.replies(payload(f"sendgrid-reseller-v2/{name}"), limit)

    samples = account.fetch("limits", customer=VENDORS)

    # Midnight in Chicago.
    assert samples["sendgrid_limit_last_reset_timestamp_seconds"] == 1772344800


def test_days_are_those_of_the_account(reseller):
    reseller.at(NOON)
    reseller.replies(zone("Pacific\\/Kiritimati"), rows("2026-03-13", "2026-03-14"))

    samples = reseller.fetch("daily", customer=VENDORS, fields=["requests"])

    assert samples["sendgrid_last_complete_day_timestamp_seconds"] == KIRITIMATI_S_13TH
    assert samples["sendgrid_latest_day_timestamp_seconds"] == KIRITIMATI_S_13TH + A_DAY
    assert reseller.asked[0] == ASKED


def test_a_source_s_customers_have_a_zone_each(reseller):
    reseller.at(NOON)
    reseller.replies(zone("Asia/Kathmandu"), rows("2026-03-13"), rows("2026-03-13"))
    customers = [{"user": "a", **VENDORS}, {"user": "b", "timezone": "America/St_Johns"}]

    (first, _), (second, _) = reseller.fetch_all("daily", customers=customers).values()

    began = "sendgrid_latest_day_timestamp_seconds"
    assert (first[began], second[began]) == (1773339300, 1773369000)


@pytest.mark.parametrize("configured", ["UTC", "America/Chicago", None])
def test_who_has_a_zone_in_the_configuration_is_not_asked_about(reseller, configured):
    reseller.replies(rows("2026-03-13"))

    reseller.fetch("daily", customer={"timezone": configured})

    assert len(reseller.asked) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("{}", "the time zone: timezone is missing"),
        (zone(""), "the time zone: timezone is missing"),
        (zone("Mars/Olympus"), "the time zone: timezone is no time zone that is known here"),
        (zone("../../etc/passwd"), "the time zone: timezone is no time zone that is known here"),
        (zone("America"), "the time zone: timezone is no time zone that is known here"),
        (zone("a" * 5000), "the time zone: timezone is no time zone that is known here"),
        (zone(21600), "the time zone: timezone is no time zone that is known here"),
        ("[]", "the time zone: not an object"),
    ],
)
def test_without_a_zone_nothing_is_shown(reseller, answer, words):
    reseller.replies(answer)

    with pytest.raises(InvalidResponse) as caught:
        reseller.fetch("daily", customer=VENDORS)
    assert str(caught.value) == words
    assert len(reseller.asked) == 1


def test_an_error_is_not_a_zone(reseller):
    reseller.replies('{"message": "error", "errors": ["User does not exist"]}')

    with pytest.raises(VendorRefused):
        reseller.fetch("credits", customer=VENDORS)
