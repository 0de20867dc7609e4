"""Categories: which are asked for, which day is shown, and under which name. It is 2026-03-13, 12:00 UTC."""

import json

import pytest

from exporter.errors import InvalidResponse

FIVE = {"requests": 100, "bounces": 1, "clicks": 30, "opens": 60, "spamreports": 2}
MANAGE = "/apiv2/reseller.manage.json"


def row(category, date="2026-03-13", requests=100, **fields):
    return {"category": category, "date": date, **FIVE, "requests": requests, **fields}


def shown(samples, field="requests"):
    """Return the values of one counter by category."""
    prefix = f'sendgrid_category_latest_day_{field}{{category="'
    return {name[len(prefix) : -2]: value for name, value in samples.items() if name.startswith(prefix)}


@pytest.fixture
def fetch_all(reseller):
    """Return what is shown and left out of a list of categories and the rows of each call for statistics."""

    def fetch_all(listed, *rows, limits=None, **settings):
        listed = [{"category": name} for name in listed] if isinstance(listed, list) else listed
        reseller.replies(*(each if isinstance(each, str) else json.dumps(each) for each in (listed, *rows)))
        [answer] = reseller.fetch_all("categories", settings=settings, limits=limits).values()
        return answer

    return fetch_all


@pytest.fixture
def fetch(fetch_all):
    """Return the requests by category."""

    def fetch(listed, *rows, **settings):
        samples, left_out = fetch_all(listed, *rows, **settings)
        assert left_out == {}
        return shown(samples)

    return fetch


def asked_for(reseller):
    """Return the categories of each call for statistics."""
    return [[value for name, value in form if name == "category[]"] for _, form in reseller.asked[1:]]


def test_the_list_is_asked_for_and_then_the_statistics_of_all_in_one_call(fetch, reseller):
    assert fetch(["b", "a"], [row("a"), row("b", requests=5)], days=7) == {"a": 100, "b": 5}
    assert reseller.asked == [
        (MANAGE, [("method", "stats"), ("list", "true"), ("user", "customer@example.com")]),
        (
            MANAGE,
            [
                ("method", "stats"),
                ("user", "customer@example.com"),
                ("days", "7"),
                ("category[]", "a"),
                ("category[]", "b"),
            ],
        ),
    ]


@pytest.mark.parametrize("listed", ["[]", "{}", '[{"category": null}]', '[{"category": ""}]', '[""]'])
def test_without_categories_there_is_one_call_and_no_sample(fetch, reseller, listed):
    assert fetch(listed) == {}
    assert len(reseller.asked) == 1


@pytest.mark.parametrize(
    "listed",
    [
        '[{"category": "a"}, {"category": "b"}]',
        '{"category": "a", "category": "b"}',
        '[{"category": "a", "category": "b"}]',
        '["a", "b"]',
        '[{"category": "a", "category": "b"}, {"category": "a", "more": 5}]',
    ],
)
def test_the_list_can_have_every_shape_that_the_vendor_prints(fetch, listed):
    assert fetch(listed, [row("a"), row("b")]) == {"a": 100, "b": 100}


def test_a_lone_object_is_a_list_of_one(fetch):
    assert fetch('{"category": "a"}', row("a")) == {"a": 100}


@pytest.mark.parametrize(
    "listed", ['{"name": "a"}', '[{"category": "a"}, {}]', "[5]", "[null]", '[["a"]]', "null", '"a"']
)
def test_a_list_of_something_else_is_refused(fetch, listed):
    with pytest.raises(InvalidResponse):
        fetch(listed)


@pytest.mark.parametrize("value", ["5", "true", "{}", '["a"]', '"a\\nb"', '"\\ud800"', f'"{"x" * 256}"'])
def test_a_category_that_can_be_no_label_is_left_out_and_counted(fetch, reseller, value):
    assert fetch(f'[{{"category": {value}}}, {{"category": "b"}}]', [row("b")]) == {"b": 100}
    assert asked_for(reseller) == [["b"]]
    assert reseller.rejected("categories") == 1


def test_only_included_categories_are_asked_for(fetch, reseller):
    listed = ["promo-b", "Newsletter", "old-promo-", "promo-a", "newsletter"]

    fetch(listed, [], include=["Newsletter", "/^promo-/"])

    assert asked_for(reseller) == [["Newsletter", "promo-a", "promo-b"]]


def test_nothing_is_asked_for_where_nothing_is_included(fetch, reseller):
    assert fetch(["a", "b"], include=["c"]) == {}
    assert asked_for(reseller) == []


def test_categories_over_the_cap_are_counted_and_not_asked_for(fetch_all, reseller):
    listed = ["d", "b", "a", "c"]

    samples, left_out = fetch_all(listed, [row("a"), row("b"), row("c")], limits={"categories_per_customer": 2})

    assert shown(samples) == {"a": 100, "b": 100}
    assert left_out == {"categories": 2}
    assert asked_for(reseller) == [["a", "b"]]


def test_what_an_earlier_entry_includes_comes_under_the_cap_first(fetch_all, reseller):
    fetch_all(["promo", "a", "z"], [], include=["z", "/./"], limits={"categories_per_customer": 2})

    assert asked_for(reseller) == [["z", "a"]]


def test_many_categories_are_asked_for_a_hundred_a_call(fetch_all, reseller):
    listed = [f"c{number:03}" for number in range(250)]
    answers = [[row(name) for name in listed[start : start + 100]] for start in (0, 100, 200)]

    samples, left_out = fetch_all(listed, *answers, limits={"categories_per_customer": 1000})

    assert [len(names) for names in asked_for(reseller)] == [100, 100, 50]
    assert shown(samples) == dict.fromkeys(listed, 100)
    assert left_out == {}


def test_the_newest_day_is_that_of_all_categories_together(fetch_all):
    """A category that sent nothing on it has no row, and no row is no zero."""
    listed = [f"c{number:03}" for number in range(101)]
    first = [row("c000", "2026-03-12", 12), row("c001", "2026-03-11", 11)]
    second = [row("c100", "2026-03-13", 13)]

    samples, _ = fetch_all(listed, first, second, limits={"categories_per_customer": 200})

    assert shown(samples) == {"c100": 13}


def test_the_order_of_the_rows_means_nothing(fetch):
    rows = [row("a", "2026-03-13", 13), row("b", "2026-03-13", 1), row("a", "2026-03-12", 12)]

    assert fetch(["a", "b"], rows) == fetch(["a", "b"], rows[::-1]) == {"a": 13, "b": 1}


@pytest.mark.parametrize("answer", ["[]", "{}", "", " \n"])
def test_an_empty_answer_is_a_success_without_samples(fetch, answer):
    assert fetch(["a"], answer) == {}


def test_a_category_in_other_letters_than_its_list_has_keeps_the_lists(fetch):
    assert fetch(["newsletter", "Promo"], [row("Newsletter"), row("PROMO", requests=5)]) == {
        "newsletter": 100,
        "Promo": 5,
    }


def test_categories_that_differ_in_their_letters_alone_are_told_apart(fetch):
    assert fetch(["promo", "Promo"], [row("promo", requests=1), row("Promo", requests=2)]) == {"promo": 1, "Promo": 2}


def test_rows_of_a_listed_category_that_is_not_included_are_left_out(fetch):
    """The vendor may make no difference between letters, and answer for both."""
    assert fetch(["promo", "Promo"], [row("promo", requests=1), row("Promo", requests=2)], include=["promo"]) == {
        "promo": 1
    }


def test_a_row_that_could_be_of_two_categories_is_of_none(fetch):
    assert fetch(["promo", "Promo"], [row("PROMO"), row("promo", requests=1)]) == {"promo": 1}


def test_a_row_of_a_category_that_is_not_listed_is_left_out(fetch):
    assert fetch(["a"], [row("a"), row("stranger", requests=5)]) == {"a": 100}


def test_a_row_that_is_left_out_does_not_make_a_day_the_newest(fetch):
    assert fetch(["a"], [row("a", "2026-03-12", 12), row("stranger", "2026-03-13")]) == {"a": 12}


def test_identical_rows_are_one(fetch):
    assert fetch(["a"], [row("a"), row("A", requests="100")]) == {"a": 100}


def test_rows_of_one_category_and_day_that_differ_refuse_the_answer(fetch):
    with pytest.raises(InvalidResponse) as caught:
        fetch(["a"], [row("a"), row("A", requests=5)])
    assert str(caught.value) == (
        "row 2 of the category statistics: its category and date were in an earlier row, with other numbers"
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"category": None}, "category is missing"),
        ({"category": ""}, "category is missing"),
        ({"category": 5}, "category is no text"),
        ({"date": "soon"}, "date is no real date (YYYY-MM-DD)"),
        ({"date": None}, "date is missing"),
        ({"date": "2026-03-15"}, "its date is more than one day ahead of the customer's today"),
        ({"requests": -1}, "requests is no whole number"),
        ({"spamreports": None}, "spamreports is missing"),
    ],
)
@pytest.mark.parametrize("category", ["a", "stranger"])
def test_a_wrong_row_refuses_the_answer_whosever_it_is(fetch, category, wrong, message):
    with pytest.raises(InvalidResponse) as caught:
        fetch(["a"], [row("a"), {**row(category), **wrong}])
    assert str(caught.value) == f"row 2 of the category statistics: {message}"


@pytest.mark.parametrize("rows", ["null", "5", '"a"', "[5]", "[[]]"])
def test_statistics_that_are_no_list_of_rows_are_refused(fetch, rows):
    with pytest.raises(InvalidResponse):
        fetch(["a"], rows)


@pytest.mark.parametrize(
    ("field", "name"), [("blocked", "blocks"), ("blocks", "blocks"), ("spam_drop", "spam_report_drops")]
)
def test_blocks_and_drops_go_by_the_names_that_they_have_here(fetch_all, field, name):
    samples, _ = fetch_all(["a"], [row("a", **{field: 7})], fields="all")

    assert shown(samples, name) == {"a": 7}


def test_two_names_of_one_counter_may_say_the_same(fetch_all):
    samples, _ = fetch_all(["a"], [row("a", blocked=7, blocks="7")], fields=["blocks"])

    assert shown(samples, "blocks") == {"a": 7}


@pytest.mark.parametrize("blocks", [8, 0, "70"])
def test_a_counter_whose_names_differ_is_left_out_and_counted(fetch_all, reseller, blocks):
    rows = [row("a", blocked=7, blocks=blocks), row("b", blocks=9)]
    samples, _ = fetch_all(["a", "b"], rows, fields=["requests", "blocks"])

    assert shown(samples, "blocks") == {"b": 9}
    assert shown(samples, "requests") == {"a": 100, "b": 100}
    assert reseller.rejected("categories") == 1


def test_a_wrong_optional_counter_is_left_out_and_counted(fetch_all, reseller):
    samples, _ = fetch_all(["a", "b"], [row("a", delivered="x"), row("b", delivered=9)], fields=["delivered"])

    assert shown(samples, "delivered") == {"b": 9}
    assert reseller.rejected("categories") == 1


def test_a_category_that_disappears_leaves(fetch):
    assert fetch(["a", "b"], [row("a"), row("b")]) == {"a": 100, "b": 100}
    assert fetch(["b"], [row("b")]) == {"b": 100}


def test_days_are_the_customers_own(fetch_all, reseller):
    """At 12:00 UTC it is already the 14th on Kiritimati, 14 hours ahead."""
    reseller.replies('["a"]', json.dumps([row("a", "2026-03-15")]))

    [(samples, _)] = reseller.fetch_all("categories", customer={"timezone": "Pacific/Kiritimati"}).values()

    assert shown(samples) == {"a": 100}
