"""Queries about ads: what the vendor answers, and what is shown of it."""

import json

import pytest

from exporter.config import LimitsConfig
from exporter.errors import InvalidResponse

PLAIN = {"ads": [{"name": "all"}]}
BROKEN_DOWN = {"ads": [{"name": "all", "breakdown": True}]}
TOTALS = {"signups": 42, "customers": 8, "revenueVisitorCount": 40}
INFO = 'bento_ads_query_info{query="all",dimension="",revenue_mode="",start_date=""}'
COUNTS = {
    'bento_ads_signups{query="all"}': 42,
    'bento_ads_customers{query="all"}': 8,
    'bento_ads_revenue_visitors{query="all"}': 40,
    INFO: 1,
}


def answer(totals=TOTALS, **more):
    return json.dumps({"dimension": "source", "totals": totals, "chartData": [{"x": 1}], **more})


def row(key, signups, customers=0, **more):
    return {"key": key, "label": key, "signups": signups, "customers": customers, **more}


def signups(brought):
    values, _ = brought
    prefix = 'bento_ads_breakdown_signups{query="all",value="'
    return {name.removeprefix(prefix)[:-2]: number for name, number in values.items() if name.startswith(prefix)}


def revenue(amounts):
    return {f'bento_ads_revenue{{query="all",currency="{currency}"}}': amount for currency, amount in amounts.items()}


def test_a_query_without_options_sends_none(bento, vendor):
    vendor.replies(answer())

    assert bento.fetch("ads", PLAIN) == COUNTS
    assert bento.asked == [("/api/v1/stats/ads", [("site_uuid", "0123abcd")])]


def test_the_options_of_a_query_are_sent_and_shown(bento, vendor):
    vendor.replies(answer())
    query = {
        "name": "tube",
        "dimension": "campaign",
        "value": "summer & co",
        "start_date": "30 days ago",
        "end_date": "yesterday",
        "revenue_mode": "subscriptions",
    }

    values = bento.fetch("ads", {"ads": [query]})

    assert bento.asked == [
        (
            "/api/v1/stats/ads",
            [
                ("site_uuid", "0123abcd"),
                ("dimension", "campaign"),
                ("value", "summer & co"),
                ("start_date", "30 days ago"),
                ("end_date", "yesterday"),
                ("revenue_mode", "subscriptions"),
            ],
        )
    ]
    info = 'query="tube",dimension="campaign",revenue_mode="subscriptions",start_date="30 days ago"'
    assert values[f"bento_ads_query_info{{{info}}}"] == 1


def test_several_queries_stand_beside_each_other(bento):
    bento.replies(answer(), answer({"signups": 1, "customers": 0, "revenueVisitorCount": 0}))

    values = bento.fetch("ads", {"ads": [{"name": "all"}, {"name": "tube", "value": "youtube"}]})

    assert values['bento_ads_signups{query="all"}'] == 42
    assert values['bento_ads_signups{query="tube"}'] == 1


def test_money_is_shown_in_units_by_currency(bento, vendor):
    amounts = {"USD": 129905, "EUR": 1, "JPY": 0, "GBP": -250}
    vendor.replies(answer({**TOTALS, "revenueByCurrency": amounts, "revenueCents": 7, "revenueCurrency": "CHF"}))

    assert bento.fetch("ads", PLAIN) == {
        **COUNTS,
        **revenue({"USD": 1299.05, "EUR": 0.01, "JPY": 0, "GBP": -2.5}),
    }


def test_nothing_has_no_sign(bento, vendor):
    vendor.replies(answer({**TOTALS, "revenueByCurrency": {"USD": 0}}).replace('"USD": 0', '"USD": -0'))

    assert str(bento.fetch("ads", PLAIN)['bento_ads_revenue{query="all",currency="USD"}']) == "0.0"


@pytest.mark.parametrize("by_currency", [{}, {"revenueByCurrency": {}}, {"revenueByCurrency": None}])
def test_money_without_currencies_is_the_vendor_s_one_sum(bento, vendor, by_currency):
    vendor.replies(answer({**TOTALS, **by_currency, "revenueCents": 129900, "revenueCurrency": "USD"}))

    assert bento.fetch("ads", PLAIN) == {**COUNTS, **revenue({"USD": 1299})}
    assert bento.rejected("ads") == 0


@pytest.mark.parametrize("cents", [10, -0.0, 0])
@pytest.mark.parametrize("currency", [None, ""])
def test_a_sum_of_no_currency_is_not_shown(bento, vendor, cents, currency):
    vendor.replies(answer({**TOTALS, "revenueCents": cents, "revenueCurrency": currency}))

    assert bento.fetch("ads", PLAIN) == COUNTS


@pytest.mark.parametrize("cents", [True, "many", [5], {"a": 1}, 1e30, 10**30, "1e3"])
def test_an_ill_formed_sum_is_left_out_and_counted(bento, vendor, cents):
    vendor.replies(answer({**TOTALS, "revenueByCurrency": {"USD": cents, "EUR": 5}}))

    assert bento.fetch("ads", PLAIN) == {**COUNTS, **revenue({"EUR": 0.05})}
    assert bento.rejected("ads") == 1


@pytest.mark.parametrize("currency", ["", "US$", "u@example.com", "DOLLARS!", "nine_char", "ＵＳＤ"])
def test_a_currency_that_can_be_none_is_left_out_and_counted(bento, vendor, currency):
    vendor.replies(answer({**TOTALS, "revenueByCurrency": {currency: 7, "EUR": 5}}))

    assert bento.fetch("ads", PLAIN) == {**COUNTS, **revenue({"EUR": 0.05})}
    assert bento.rejected("ads") == 1


@pytest.mark.parametrize("amounts", [[], 5, "USD", True])
def test_currencies_that_are_no_object_give_way_to_the_one_sum(bento, vendor, amounts):
    vendor.replies(answer({**TOTALS, "revenueByCurrency": amounts, "revenueCents": 100, "revenueCurrency": "USD"}))

    assert bento.fetch("ads", PLAIN) == {**COUNTS, **revenue({"USD": 1})}
    assert bento.rejected("ads") == 1


def test_a_currency_with_two_sums_refuses_the_answer(bento, vendor):
    vendor.replies(answer({**TOTALS, "revenueByCurrency": {"USD": 1, "EUR": 2}}).replace("EUR", "USD"))

    with pytest.raises(InvalidResponse) as caught:
        bento.fetch("ads", PLAIN)
    assert str(caught.value) == (
        "ads query all: the totals: revenueByCurrency: USD was sent twice, with different values"
    )


@pytest.mark.parametrize(("sent", "shown"), [(True, 1), (False, 0)])
def test_whether_revenue_is_truncated_is_shown(bento, vendor, sent, shown):
    vendor.replies(answer(revenueTruncated=sent))

    assert bento.fetch("ads", PLAIN) == {**COUNTS, 'bento_ads_revenue_truncated{query="all"}': shown}


@pytest.mark.parametrize(("sent", "rejected"), [(None, 0), ("", 0), (0, 1), (1, 1), ("true", 1), ([], 1)])
def test_what_is_neither_true_nor_false_is_not_shown_as_either(bento, vendor, sent, rejected):
    vendor.replies(answer(revenueTruncated=sent))

    assert bento.fetch("ads", PLAIN) == COUNTS
    assert bento.rejected("ads") == rejected


@pytest.mark.parametrize("field", ["signups", "customers"])
@pytest.mark.parametrize(
    ("value", "fault"), [(None, "is missing"), (1.5, "is no whole number"), (-1, "is no whole number")]
)
def test_totals_without_signups_or_customers_are_refused(bento, vendor, field, value, fault):
    vendor.replies(answer({**TOTALS, field: value}))

    with pytest.raises(InvalidResponse) as caught:
        bento.fetch("ads", PLAIN)
    assert str(caught.value) == f"ads query all: the totals: {field} {fault}"


@pytest.mark.parametrize(("sent", "rejected"), [(None, 0), (1.5, 1), (True, 1), (-1, 1)])
def test_visitors_with_revenue_may_be_missing(bento, vendor, sent, rejected):
    vendor.replies(answer({**TOTALS, "revenueVisitorCount": sent}))
    counts = {name: number for name, number in COUNTS.items() if "visitors" not in name}

    assert bento.fetch("ads", PLAIN) == counts
    assert bento.rejected("ads") == rejected


@pytest.mark.parametrize("body", ["[]", "5", "null", '{"totals": []}', '{"totals": null}', "{}"])
def test_an_answer_without_totals_is_refused(bento, vendor, body):
    vendor.replies(body)

    with pytest.raises(InvalidResponse, match="^ads query all: (the totals: )?not an object$"):
        bento.fetch("ads", PLAIN)


def test_the_breakdown_is_not_looked_at_unless_it_is_wanted(bento, vendor):
    vendor.replies(answer(breakdown=[row("youtube", 5), "nonsense"]))

    assert bento.fetch("ads", PLAIN) == COUNTS


def test_the_breakdown_shows_each_value(bento, vendor):
    rows = [
        row("youtube", 30, 8, revenueByCurrency={"USD": 129905, "EUR": 50}),
        row("google", 12, 0, revenueCents=100, revenueCurrency="USD"),
    ]
    vendor.replies(answer(breakdown=rows))

    assert bento.fetch("ads", BROKEN_DOWN) == {
        **COUNTS,
        'bento_ads_breakdown_signups{query="all",value="youtube"}': 30,
        'bento_ads_breakdown_customers{query="all",value="youtube"}': 8,
        'bento_ads_breakdown_revenue{query="all",value="youtube",currency="USD"}': 1299.05,
        'bento_ads_breakdown_revenue{query="all",value="youtube",currency="EUR"}': 0.5,
        'bento_ads_breakdown_signups{query="all",value="google"}': 12,
        'bento_ads_breakdown_customers{query="all",value="google"}': 0,
        'bento_ads_breakdown_revenue{query="all",value="google",currency="USD"}': 1,
    }


def test_values_stand_by_their_signups_and_then_by_their_letters(bento, vendor):
    keys = [row("b", 5), row("a", 1), row("B", 5), row("c", 7), row("ä", 5), row("a10", 5), row("a2", 5)]
    vendor.replies(answer(breakdown=keys))

    assert [*signups(bento.fetch_all("ads", BROKEN_DOWN))] == ["c", "B", "a10", "a2", "b", "ä", "a"]


def test_the_last_values_are_left_out_where_they_are_too_many(bento, vendor):
    vendor.replies(answer(breakdown=[row(f"s{number:02}", number % 3) for number in range(10)]))

    brought = bento.fetch_all("ads", BROKEN_DOWN, limits=LimitsConfig(breakdown_rows=4))

    assert signups(brought) == {"s02": 2, "s05": 2, "s08": 2, "s01": 1}
    assert brought[1] == {"breakdown_rows": 6}


@pytest.mark.parametrize(
    "key", ["x" * 129, "anna@example.com", "a\nb", "a\x00", "\x7f", "a\u0085b", "\ud800", "", None, 5, True, [], {}]
)
def test_a_value_that_may_not_be_shown_is_taken_out_before_any_other(bento, vendor, key):
    rows = [row(key, 99), row("a", 3), row("b", 2), row("c", 1)]
    vendor.replies(answer(breakdown=rows))

    brought = bento.fetch_all("ads", BROKEN_DOWN, limits=LimitsConfig(breakdown_rows=2))

    assert signups(brought) == {"a": 3, "b": 2}
    assert brought[1] == {"label_value": 1, "breakdown_rows": 1}


def test_a_value_that_may_not_be_shown_is_not_one_too_many(bento, vendor):
    vendor.replies(answer(breakdown=[row("anna@example.com", 99), row(None, 98), row("a", 3)]))

    brought = bento.fetch_all("ads", BROKEN_DOWN, limits=LimitsConfig(breakdown_rows=1))

    assert signups(brought) == {"a": 3}
    assert brought[1] == {"label_value": 2}


@pytest.mark.parametrize("key", ["x" * 128, "summer 2015", 'say "hi" \\ {}', "größe", "％40", "a%40b"])
def test_any_other_value_may_be_shown(bento, vendor, key):
    vendor.replies(answer(breakdown=[row(key, 3)]))

    assert signups(bento.fetch_all("ads", BROKEN_DOWN)) == {key: 3}


def test_an_empty_breakdown_is_a_success(bento, vendor):
    vendor.replies(answer(breakdown=[]))

    assert bento.fetch("ads", BROKEN_DOWN) == COUNTS


def test_what_several_breakdowns_leave_out_is_counted_together(bento, vendor):
    vendor.replies(answer(breakdown=[row("a", 2), row("b", 1), row("", 9)]))
    queries = {"ads": [{"name": "all", "breakdown": True}, {"name": "more", "breakdown": True}]}

    values, left_out = bento.fetch_all("ads", queries, limits=LimitsConfig(breakdown_rows=1))

    assert left_out == {"label_value": 2, "breakdown_rows": 2}
    assert [name for name in values if "breakdown_signups" in name] == [
        'bento_ads_breakdown_signups{query="all",value="a"}',
        'bento_ads_breakdown_signups{query="more",value="a"}',
    ]


def test_a_row_that_is_sent_twice_alike_is_one(bento, vendor):
    vendor.replies(answer(breakdown=[row("a", 2), row("a", 2)]))

    assert signups(bento.fetch_all("ads", BROKEN_DOWN)) == {"a": 2}


@pytest.mark.parametrize(
    ("breakdown", "fault"),
    [
        (None, "breakdown is missing"),
        ({}, "breakdown is no list"),
        ([5], "row 1 of the breakdown: not an object"),
        ([row("a", 1), {"key": "b", "customers": 1}], "row 2 of the breakdown: signups is missing"),
        ([row("a", 1, customers=-1)], "row 1 of the breakdown: customers is no whole number"),
        (
            [row("a", 1), row("b", 1), row("a", 2)],
            "row 3 of the breakdown: its key was in an earlier row, with other numbers",
        ),
        (
            [row("a", 1, revenueByCurrency={"USD": 1}), row("a", 1, revenueByCurrency={"USD": 2})],
            "row 2 of the breakdown: its key was in an earlier row, with other numbers",
        ),
    ],
)
def test_a_breakdown_of_another_shape_refuses_the_answer(bento, vendor, breakdown, fault):
    vendor.replies(answer(breakdown=breakdown))

    with pytest.raises(InvalidResponse) as caught:
        bento.fetch("ads", BROKEN_DOWN)
    assert str(caught.value) == f"ads query all: {fault}"
