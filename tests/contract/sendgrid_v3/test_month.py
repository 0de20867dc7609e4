"""Month to date: the sums of the rows of this month, in the customer's zone. It is 2026-03-13, 12:00 UTC."""

ALICE, BOB = {"subuser": "alice"}, {"subuser": "bob"}


def test_the_days_of_the_month_are_summed_up(v3, row, period):
    v3.replies([period("2026-03-01", row("alice", 1)), period("2026-03-12", row("alice", 20, clicks=5))])

    assert v3.fetch("month", fields=["requests", "clicks", "delivered"]) == {
        "sendgrid_month_to_date_requests": 21,
        "sendgrid_month_to_date_clicks": 35,
        "sendgrid_month_to_date_start_timestamp_seconds": 1772323200,
    }
    assert v3.asked == [
        (
            "/v3/subusers/stats",
            [("subusers", "alice"), ("start_date", "2026-03-01"), ("aggregated_by", "day"), ("limit", "500")],
        )
    ]


def test_a_counter_that_one_day_lacks_has_no_sum(v3, row, period):
    v3.replies([period("2026-03-01", row("alice", delivered=1)), period("2026-03-02", row("alice"))])

    assert "sendgrid_month_to_date_delivered" not in v3.fetch("month")


def test_what_is_unique_within_a_day_has_no_sum(v3, row, period):
    v3.replies([period("2026-03-01", row("alice", unique_clicks=1, unique_opens=1, processed=4))])

    samples = v3.fetch("month", fields="all")

    assert samples["sendgrid_month_to_date_processed"] == 4
    assert not [name for name in samples if "unique" in name]


def test_each_customer_has_the_month_of_its_own_zone(v3, row, period):
    """It is still March in Denver, and already April in Berlin; one call serves both."""
    v3.at("2026-03-31T23:00:00+00:00")
    berlin, denver = {**ALICE, "timezone": "Europe/Berlin"}, {**BOB, "timezone": "America/Denver"}
    v3.replies(
        [period("2026-03-31", row("alice", 1), row("bob", 2)), period("2026-04-01", row("alice", 10), row("bob", 20))]
    )

    answers = v3.fetch_all("month", berlin, denver, fields=["requests"])

    assert v3.values_asked("start_date") == [["2026-03-01"]]
    assert answers == {
        "alice": {
            "sendgrid_month_to_date_requests": 10,
            "sendgrid_month_to_date_start_timestamp_seconds": 1774994400,
        },
        "bob": {
            "sendgrid_month_to_date_requests": 2,
            "sendgrid_month_to_date_start_timestamp_seconds": 1772348400,
        },
    }


def test_a_month_without_rows_is_a_success_without_samples(v3):
    v3.replies("[]")

    assert v3.fetch("month") == {}
