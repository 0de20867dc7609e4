"""Customers as rows of values, since a hundred thousand models would take many megabytes for little but their names."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    # A source holds its customers.
    from exporter.config.models import CustomerConfig

# What a row begins with, before the values of the customer's keys.
_HEAD = ("id", "label")


class CustomerTable(Sequence["CustomerConfig"]):
    """What a tuple of customers would be, but each is made when it is asked for, equal to the one that came in."""

    __slots__ = ("_rows",)

    def __init__(self, *parts: Iterable["CustomerConfig"]) -> None:
        """Take the customers of some lists; what many of them have alike is kept once."""
        alike: dict[Hashable, Any] = {}
        self._rows: list[tuple[Any, ...]] = []
        for part in parts:
            self._rows += part._rows if isinstance(part, CustomerTable) else _rows(part, alike)  # noqa: SLF001 - one of its own kind

    @property
    def types(self) -> set[type["CustomerConfig"]]:
        """The types that there are among the customers."""
        return {row[0][0] for row in self._rows}

    def values(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """Yield of each customer its values of some keys, ``id`` and ``label`` too, and make none for that."""
        form = None
        for row in self._rows:
            if row[0] is not form:
                form = row[0]
                places = {name: place for place, name in enumerate((*_HEAD, *form[1]), 1)}
                pick = itemgetter(*(places[name] for name in names))
            yield pick(row)

    def __iter__(self) -> Iterator["CustomerConfig"]:
        """Yield the customers, each made as its turn comes."""
        return map(_customer, self._rows)

    def __len__(self) -> int:
        """Return how many customers there are."""
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> "CustomerConfig": ...

    @overload
    def __getitem__(self, place: slice) -> "CustomerTable": ...

    def __getitem__(self, place: int | slice) -> "CustomerConfig | CustomerTable":
        """Return a customer, or a table of some of them."""
        if isinstance(place, int):
            return _customer(self._rows[place])
        part = CustomerTable()
        part._rows = self._rows[place]
        return part

    def __eq__(self, other: object) -> bool:
        """Return whether the customers are the same, in the same order."""
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(_are_equal, self, other))

    __hash__ = None  # type: ignore[assignment]  # customers have labels, which nobody can hash


def _are_equal(one: object, other: object) -> bool:
    return one == other


def values_of(customers: Sequence["CustomerConfig"], *names: str) -> Iterable[tuple[Any, ...]]:
    """Return of each customer its values of two or more keys, ``id`` and ``label`` too."""
    return customers.values(*names) if isinstance(customers, CustomerTable) else map(attrgetter(*names), customers)


def _rows(customers: Iterable["CustomerConfig"], alike: dict[Hashable, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield what makes each customer: its type and its keys, those that were written among them, then their values."""
    model, keys, written = None, (), frozenset[str]()
    for customer in customers:
        values = customer.__dict__
        if type(customer) is not model or tuple(values) != keys or customer.model_fields_set != written:
            form = (type(customer), tuple(values), frozenset(customer.model_fields_set))
            model, keys, written = form = alike.setdefault(form, form)
        labels = values["labels"]
        shared = {**values, "labels": alike.setdefault(tuple(labels.items()), labels)}
        yield (form, customer.id, customer.label, *shared.values())


def _customer(row: tuple[Any, ...]) -> "CustomerConfig":
    (model, keys, written), _, _, *values = row
    customer: CustomerConfig = model.__new__(model)
    # As pydantic makes a copy: without reading again what has been read.
    customer.__setstate__(
        {
            "__dict__": dict(zip(keys, values, strict=True)),
            "__pydantic_fields_set__": set(written),
            "__pydantic_extra__": None,
            "__pydantic_private__": None,
        }
    )
    return customer
