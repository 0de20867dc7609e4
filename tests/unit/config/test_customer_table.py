"""Customers kept as rows look like a tuple of them."""

from exporter.config.customer_table import CustomerTable, values_of
from exporter.providers.bento.config import BentoSite
from tests.unit.app.toys import ToyCustomer

A, B, C = (ToyCustomer(user=user, labels={"tier": "gold"}) for user in "abc")


def test_a_table_gives_back_equal_customers():
    site = BentoSite(site_uuid="0123abcd", segments=())
    table = CustomerTable([A, site], [B])

    assert table == (A, site, B)
    assert [type(each) for each in table] == [ToyCustomer, BentoSite, ToyCustomer]
    assert table.types == {ToyCustomer, BentoSite}
    assert [each.id for each in table] == ["a", "0123abcd", "b"]
    assert table[1].model_fields_set == {"site_uuid", "segments"}
    assert table[0].model_copy(update={"name": "x"}).label == "x"


def test_a_part_of_a_table_is_a_table():
    table = CustomerTable([A, B, C])

    assert table[1:] == (B, C)
    assert CustomerTable(table[:1], table[2:]) == (A, C)
    assert table[-1] == C


def test_tables_differ_where_customers_do():
    assert CustomerTable([A, B]) != (B, A)
    assert CustomerTable([A]) != (A, B)
    assert CustomerTable() == ()


def test_customers_with_the_same_labels_have_one_of_them():
    first, second = CustomerTable([A], [B])[:1], CustomerTable([A, B])

    assert second[0].labels is second[1].labels
    assert first[0].labels == {"tier": "gold"}


def test_single_values_are_the_same_of_a_table_and_of_a_tuple():
    site = BentoSite(site_uuid="0123abcd", name="shop")
    customers = (A, site, B)

    for each in (customers, CustomerTable([A, site], [B]), CustomerTable([B], customers)[1:]):
        assert list(values_of(each, "label", "labels", "id")) == [
            ("a", {"tier": "gold"}, "a"),
            ("shop", {}, "0123abcd"),
            ("b", {"tier": "gold"}, "b"),
        ]
