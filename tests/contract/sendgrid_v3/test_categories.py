"""Categories: the list, then statistics for ten a call, as the customer. It is 2026-03-13, 12:00 UTC."""

import pytest

from exporter.config import LimitsConfig
from exporter.errors import ClientRefused, InvalidResponse

ALICE = {"subuser": "alice"}


def listed(*names):
    return [{"category": name} for name in names]


@pytest.mark.parametrize(
    ("customer", "header"), [(ALICE, "alice"), ({"account": "sg2a2b"}, "account-id sg2a2b"), ({"own": True}, None)]
)
def test_both_calls_are_made_as_the_customer(v3, customer, header):
    v3.replies(listed("b", "a"), "[]")

    assert v3.fetch("categories", customer) == {}
    assert v3.asked == [
        ("/v3/categories", [("limit", "50"), ("offset", "0")]),
        (
            "/v3/categories/stats",
            [
                *(("categories", "a"), ("categories", "b"), ("start_date", "2026-03-11")),
                *(("aggregated_by", "day"), ("limit", "500")),
            ],
        ),
    ]
    assert [each.headers.get("On-Behalf-Of") for each in v3.vendor.asked] == [header, header]


def test_the_newest_day_of_all_categories_is_shown(v3, row, period):
    v3.replies(
        listed("news", "promo"),
        [period("2026-03-12", row("news", 1), row("promo", 2)), period("2026-03-13", row("promo", 3))],
    )

    assert v3.fetch("categories", fields=["requests", "clicks"]) == {
        'sendgrid_category_latest_day_requests{category="promo"}': 3,
        'sendgrid_category_latest_day_clicks{category="promo"}': 30,
    }


def test_the_newest_day_is_that_of_all_calls(v3, row, period):
    names = [f"c{number:02}" for number in range(11)]
    v3.replies(
        listed(*names),
        [period("2026-03-12", *(row(name, 1) for name in names[:10]))],
        [period("2026-03-13", row("c10", 2))],
    )

    assert v3.fetch("categories", fields=["requests"]) == {'sendgrid_category_latest_day_requests{category="c10"}': 2}
    assert [len(names) for names in v3.values_asked("categories")] == [0, 10, 1]


def test_only_allowed_categories_are_asked_for(v3):
    v3.replies(listed("Newsletter", "promo-1", "other", "promo-2"), "[]")

    v3.fetch("categories", include=["Newsletter", "/^promo-/"])

    assert v3.values_asked("categories")[1] == ["Newsletter", "promo-1", "promo-2"]


def test_what_there_is_no_room_for_is_counted(v3, row, period):
    v3.replies(listed("a", "b", "c", "d"), [period("2026-03-13", row("a", 1))])

    with v3.fetching("categories", ALICE, fields=["requests"], limits=LimitsConfig(categories_per_customer=1)) as fetch:
        assert fetch() == {"alice": ({'sendgrid_category_latest_day_requests{category="a"}': 1}, {"categories": 3})}


def test_a_customer_without_categories_needs_no_second_call(v3):
    v3.replies("[]")

    assert v3.fetch("categories") == {}
    assert len(v3.asked) == 1


def test_the_list_is_read_page_by_page(v3):
    names = [f"c{number:03}" for number in range(60)]
    v3.replies(listed(*names[:50]), listed(*names[50:]), "[]")

    with v3.fetching("categories", ALICE, limits=LimitsConfig(categories_per_customer=5)) as fetch:
        assert fetch() == {"alice": ({}, {"categories": 55})}
    assert [fields for path, fields in v3.asked if path == "/v3/categories"] == [
        [("limit", "50"), ("offset", "0")],
        [("limit", "50"), ("offset", "50")],
    ]


def test_pages_that_repeat_themselves_are_refused(v3):
    v3.replies(listed(*(f"c{number}" for number in range(50))))

    with pytest.raises(InvalidResponse) as caught:
        v3.fetch("categories")
    assert str(caught.value) == "the categories: a page repeats what earlier pages had"
    assert len(v3.asked) == 2


def test_pages_that_do_not_end_are_refused(v3):
    v3.replies(*(listed(*(f"c{page}.{number}" for number in range(50))) for page in range(1_001)))

    with pytest.raises(InvalidResponse) as caught:
        v3.fetch("categories")
    assert str(caught.value) == "the categories: longer than 1000 pages of 50"
    assert len(v3.asked) == 1_000


@pytest.mark.parametrize("name", ["a\nb", "\ud800", "x" * 256, 5, True, []])
def test_a_category_that_can_not_be_a_label_is_left_out_and_counted(v3, name):
    v3.replies(listed("good", name), "[]")

    v3.fetch("categories")

    assert v3.values_asked("categories")[1] == ["good"]
    assert v3.rejected("categories") == 1


@pytest.mark.parametrize("name", ["jörg", " alice", "a\u200bb"])
def test_a_subuser_whose_name_no_header_can_carry_is_not_asked_for(v3, name):
    v3.replies("[]")

    with pytest.raises(ClientRefused) as caught:
        v3.fetch("categories", {"subuser": name, "name": "odd"})
    assert str(caught.value) == "not asked: the customer's id holds characters that no HTTP header can carry"
    assert v3.asked == []


def test_rows_of_other_categories_are_not_shown(v3, row, period):
    v3.replies(listed("a"), [period("2026-03-13", row("b", 2))])

    assert v3.fetch("categories") == {}


def test_the_newest_rows_are_shown_however_old_they_are(v3, row, period):
    v3.replies(listed("a", "b"), [period("2015-01-01", row("a", 1)), period("2015-01-02", row("b", 2))])

    assert v3.fetch("categories", fields=["requests"]) == {'sendgrid_category_latest_day_requests{category="b"}': 2}


@pytest.mark.parametrize(
    ("bodies", "words"),
    [
        (["{}"], "the categories: not a list"),
        (["[5]"], "row 1 of the categories: not an object"),
        (['[{"name": "a"}]'], "row 1 of the categories: category is missing"),
        (['[{"category": "a"}]', "{}"], "the statistics: not a list"),
        (
            [
                '[{"category": "a"}]',
                (
                    '[{"date": "2026-03-15", "stats": [{"name": "a", "metrics": {"requests": 1, '
                    '"bounces": 0, "clicks": 0, "opens": 0, "spam_reports": 0}}]}]'
                ),
            ],
            "the statistics: a date is more than one day ahead of the customer's today",
        ),
    ],
)
def test_what_is_no_list_or_no_statistics_is_refused(v3, bodies, words):
    v3.replies(*bodies)

    with pytest.raises(InvalidResponse) as caught:
        v3.fetch("categories")
    assert str(caught.value) == words
