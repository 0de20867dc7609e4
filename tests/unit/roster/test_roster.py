"""Who is on a roster after which lists: the contract's rules for joining and leaving."""

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from exporter.providers.base import Customer, Found
from exporter.roster import Roster, label_of
from exporter.state import Missing
from tests.fake_clock import FakeClock

CLOCK = FakeClock()
UTC = ZoneInfo("UTC")


def customer(id_, name=None, **labels):
    return Customer(id_, name or id_, UTC, CLOCK, labels)


def found(key, id_=None, *, is_active=None):
    return Found(key, key, id_ or key, is_active)


def rows(*keys):
    return [found(key) for key in keys]


def roster(*configured):
    made = Roster("acme", lambda each: customer(each.key))
    made.configure([customer(id_) for id_ in configured])
    return made


def everyone(each):
    return True


def names(customers):
    return [each.name for each in customers]


def test_who_is_new_on_a_list_joins_at_once():
    movement = roster().take_list(rows("a", "b"), everyone)

    assert (names(movement.joined), names(movement.left)) == (["a", "b"], [])


def test_a_customer_leaves_when_two_lists_in_a_row_lack_it():
    customers = roster()
    customers.take_list(rows("a", "b", "c"), everyone)

    assert names(customers.take_list(rows("a", "b"), everyone).left) == []
    assert names(customers.take_list(rows("a", "b"), everyone).left) == ["c"]
    assert names(customers.customers) == ["a", "b"]


def test_a_list_that_has_it_again_in_between_keeps_it():
    customers = roster()
    customers.take_list(rows("a", "b", "c"), everyone)

    for keys in ("ab", "abc", "ab"):
        assert names(customers.take_list(rows(*keys), everyone).left) == []


def test_a_list_with_fewer_than_half_counts_only_when_three_in_a_row_agree():
    customers = roster()
    customers.take_list(rows("a", "b", "c", "d", "e"), everyone)

    assert names(customers.take_list(rows("a", "b"), everyone).left) == []
    assert names(customers.take_list(rows("a", "b"), everyone).left) == []
    assert names(customers.take_list(rows("a"), everyone).left) == ["c", "d", "e"]
    assert names(customers.customers) == ["a", "b"]


def test_the_configured_customers_count_among_the_known_ones():
    customers = roster("a", "b", "c", "d")
    customers.take_list(rows(*"abcdefghij"), everyone)

    assert [names(customers.take_list(rows(*"abcd"), everyone).left) for _ in range(3)] == [[], [], list("efghij")]


def test_an_empty_list_does_not_empty_the_roster_before_the_third():
    customers = roster()
    customers.take_list(rows("a"), everyone)

    assert [names(customers.take_list([], everyone).left) for _ in range(3)] == [[], [], ["a"]]


def test_a_longer_list_in_between_ends_the_row_of_short_ones():
    customers = roster()
    customers.take_list(rows("a", "b", "c", "d"), everyone)

    for keys in ("a", "a", "abcd", "a", "a"):
        assert names(customers.take_list(rows(*keys), everyone).left) == []


def test_half_of_the_known_customers_is_not_fewer_than_half():
    customers = roster()
    customers.take_list(rows("a", "b", "c", "d"), everyone)

    assert names(customers.take_list(rows("a", "b"), everyone).left) == []
    assert names(customers.take_list(rows("a", "b"), everyone).left) == ["c", "d"]


def test_a_configured_customer_never_leaves_by_a_list_and_is_not_listed_twice():
    customers = roster("a")

    assert names(customers.take_list(rows("a", "b"), everyone).joined) == ["b"]
    for _ in range(5):
        customers.take_list([], everyone)
    assert names(customers.customers) == ["a"]


def test_a_customer_that_is_configured_after_it_was_listed_changes_over():
    customers = roster()
    customers.take_list(rows("a"), everyone)

    movement = customers.configure([customer("a", "alpha")])

    assert (names(movement.joined), names(movement.left)) == (["alpha"], ["a"])


def test_a_customer_that_is_configured_as_it_was_listed_stays():
    customers = roster()
    customers.take_list(rows("a", "b"), everyone)
    listed = customers.customers[0]

    movement = customers.configure([customer("a", tier="gold")])

    assert (names(movement.joined), names(movement.left), names(movement.relabelled)) == ([], [], ["a"])
    assert names(customers.customers) == ["a", "b"]
    assert listed.is_like(customers.customers[0])


def test_those_that_are_not_wanted_any_more_leave_the_list_at_once():
    customers = roster("a1")
    customers.take_list(rows("a2", "b1", "b2"), everyone)

    movement = customers.dismiss(lambda user: not user.startswith("b"))

    assert names(movement.left) == ["b1", "b2"]
    assert names(customers.customers) == ["a1", "a2"]


def test_a_new_configured_list_leaves_alone_who_has_not_changed():
    customers = Roster("acme", lambda each: customer(each.key))
    customers.configure([customer("a"), customer("b", tier="gold"), customer("c")])
    kept = customers.customers[0]

    movement = customers.configure([customer("a"), customer("b", tier="silver"), customer("d")])

    assert (names(movement.joined), names(movement.left)) == (["d"], ["c"])
    assert [(each.name, each.labels["tier"]) for each in movement.relabelled] == [("b", "silver")]
    assert customers.customers[0] is kept
    assert customers.customers[1].labels == {"tier": "silver"}


def test_those_who_stayed_without_a_list_leave_after_a_restart_as_they_would_have():
    customers = roster()
    customers.take_list(rows(*"abcde"), everyone)
    customers.take_list(rows(*"abcd"), everyone)
    customers.take_list(rows("a"), everyone)
    missing = customers.missing
    assert missing == [Missing(*each) for each in zip(rows(*"bcde"), (0, 0, 0, 1), (1, 1, 1, 1), strict=True)]

    again = roster()
    again.take_list(rows("a"), everyone, missing)

    assert names(again.customers) == [*"abcde"]
    assert again.missing == missing
    assert names(again.take_list(rows(*"abc"), everyone).left) == ["e"]


def test_those_who_stayed_without_a_list_and_are_configured_or_not_wanted_by_now_do_not_join_by_it():
    customers = roster("b")
    missing = [Missing(each, 1, 0) for each in rows("b", "test-c", "d")]

    movement = customers.take_list(rows("a"), lambda each: not each.key.startswith("test-"), missing)

    assert names(movement.joined) == ["a", "d"]


def test_one_that_the_vendor_renamed_does_not_double():
    customers = roster()
    customers.take_list([found("old@example.com", "7"), found("other", "8")], everyone)

    movement = customers.take_list([found("new@example.com", "7"), found("other", "8")], everyone)

    assert (names(movement.joined), names(movement.left)) == (["new@example.com"], ["old@example.com"])


def test_a_number_that_is_another_now_is_another_label_where_labels_are_numbers():
    customers = Roster("acme", lambda each: customer(each.key, each.id))
    customers.take_list([found("a", "1"), found("b", "2"), found("c", "3")], everyone)

    movement = customers.take_list([found("a", "9"), found("b", "3"), found("c", "2")], everyone)

    assert (names(movement.joined), names(movement.left)) == (["9", "3", "2"], ["1", "2", "3"])
    assert {each.id: each.name for each in customers.customers} == {"a": "9", "b": "3", "c": "2"}


def test_a_row_without_its_number_leaves_the_label_as_it_is():
    customers = Roster("acme", lambda each: customer(each.key, each.id))
    customers.take_list([found("a", "1")], everyone)

    movement = customers.take_list([found("a")], everyone)

    assert (movement.joined, movement.left) == ([], [])


def test_another_number_changes_no_label_that_is_a_name_and_is_known_to_be_that_customer_s():
    customers = roster()
    customers.take_list([found("a", "1")], everyone)
    movement = customers.take_list([found("a", "9")], everyone)
    assert (movement.joined, movement.left) == ([], [])

    movement = customers.take_list([found("new", "9")], everyone)
    assert (names(movement.joined), names(movement.left)) == (["new"], ["a"])


def test_two_of_one_number_are_not_one_renamed():
    customers = roster()
    customers.take_list([found("a", "1234"), found("b", "1234"), found("c")], everyone)

    assert names(customers.take_list([found("b", "1234"), found("c")], everyone).left) == []


def test_a_listed_customer_never_shares_the_name_of_another():
    customers = Roster("acme", lambda each: customer(each.key, "same"))

    assert names(customers.take_list(rows("a", "b"), everyone).joined) == ["same"]


def test_the_last_list_says_who_may_send_configured_or_not():
    customers = roster("a")
    customers.take_list([found("a", is_active=False), found("b", is_active=True), found("c")], everyone)

    assert customers.active == {"a": False, "b": True}


def test_who_is_not_wanted_does_not_join_but_is_known_to_be_active():
    customers = roster("test-a")

    movement = customers.take_list(
        [found("test-a", is_active=True), found("test-b"), found("c")], lambda each: not each.key.startswith("test-")
    )

    assert names(movement.joined) == ["c"]
    assert customers.active == {"test-a": True}


def test_labels_are_the_user_the_number_or_a_hash():
    each = Found("a@example.com", "a@example.com", "17", None)

    assert label_of(each, "user") == "a@example.com"
    assert label_of(each, "id") == "17"
    assert label_of(each, "hash") == "08168cd80dfd534a"


@given(st.lists(st.sets(st.sampled_from("abcdefgh")), max_size=12))
def test_movements_add_up_to_the_roster(lists):
    customers = roster("a")
    present = {"a"}
    for keys in lists:
        movement = customers.take_list(rows(*sorted(keys)), everyone)
        left, joined = set(names(movement.left)), set(names(movement.joined))
        assert left <= present
        assert not joined & (present - left)
        present = (present - left) | joined
        assert names(customers.customers) == list(dict.fromkeys(names(customers.customers)))
        assert set(names(customers.customers)) == present
        assert present >= keys | {"a"}
