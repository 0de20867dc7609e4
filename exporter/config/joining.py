"""The lists of a source joined to all its customers, or what keeps them from going together."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from exporter.config.customer_list import CustomerList
from exporter.config.customer_table import CustomerTable, values_of
from exporter.config.document import Document
from exporter.config.mistakes import Mistake, Wording
from exporter.config.models import CustomerConfig, SourceConfig
from exporter.config.places import Path, show, show_path

AnySource = TypeVar("AnySource", bound=SourceConfig)


@dataclass(frozen=True, slots=True)
class Clash:
    """A mistake that is seen only of several lists together.

    Attributes:
        culprit: the number of the list that is at fault; None where it is the source as a whole.
        other: the number of a list that it doesn't go with.
        mistake: what is wrong, with a path in the file of the culprit or, for a source, below it.
    """

    culprit: int | None
    other: int | None
    mistake: Mistake


def same_customers(lists: Sequence[CustomerList]) -> Iterator[Clash]:
    """Yield a clash for each customer whose id or label an earlier one of the same source has."""
    names = list(chain.from_iterable(values_of(each.customers, "id", "label") for each in lists))
    if len(names) == len({id_ for id_, _ in names}) == len({label for _, label in names}):
        # As nearly always; to find which are the same takes longer.
        return
    places = _Places(lists)
    ids: dict[str, int] = {}
    labels: dict[str, int] = {}
    for number, (id_, label) in enumerate(names):
        if (first := ids.setdefault(id_, number)) != number:
            message = f"is listed {places.listed(first, number)} already; remove one of the two"
            yield places.clash(number, first, _id_key(places.customer(number)), message)
        elif (first := labels.setdefault(label, number)) != number:
            message = f"{show(label)} is what {places.called(first, number)} is called; give it another name"
            customer = places.customer(number)
            key = _id_key(customer) if customer.name is None else ("name",)
            yield places.clash(number, first, key, message)


def _id_key(customer: CustomerConfig) -> Path:
    """Return the key that holds a customer's id, which each type of source calls its own way."""
    keys = (name for name in type(customer).model_fields if name != "name" and getattr(customer, name) == customer.id)
    return tuple(keys)[:1]


class _Places:
    """Where the customers of several lists stand, by their numbers in all of them together."""

    def __init__(self, lists: Sequence[CustomerList]) -> None:
        self._lists = lists
        self._ends = list(accumulate(len(each.customers) for each in lists))

    def find(self, number: int) -> tuple[int, Path]:
        """Return the number of a customer's list, and its path in the file."""
        which, place = self._split(number)
        return which, self._lists[which].path_of(place)

    def customer(self, number: int) -> CustomerConfig:
        """Return a customer."""
        which, place = self._split(number)
        return self._lists[which].customers[place]

    def _split(self, number: int) -> tuple[int, int]:
        """Return the number of a customer's list, and its number there."""
        which = bisect_right(self._ends, number)
        return which, number - (self._ends[which - 1] if which else 0)

    def clash(self, number: int, other: int, key: Path, message: str) -> Clash:
        culprit, path = self.find(number)
        return Clash(culprit, self.find(other)[0], Mistake((*path, *key), message))

    def listed(self, number: int, seen_from: int) -> str:
        """Return where a customer is listed, for a message about another one."""
        which, path = self.find(number)
        if which == self.find(seen_from)[0]:
            return f"as customer [{path[-1]}]"
        return f"in {self._lists[which].file} as {show_path(path)}"

    def called(self, number: int, seen_from: int) -> str:
        """Return what to call a customer in a message about another one."""
        which, path = self.find(number)
        if which == self.find(seen_from)[0]:
            return f"customer [{path[-1]}]"
        return f"{show_path(path)} in {self._lists[which].file}"


def joined(source: AnySource, lists: Sequence[CustomerList]) -> AnySource | Sequence[Clash]:
    """Return the source with the customers of all lists; or what keeps them from going together."""
    if clashes := list(same_customers(lists)):
        return clashes
    values = {name: getattr(source, name) for name in type(source).model_fields}
    values["customers"] = CustomerTable(*(each.customers for each in lists))
    try:
        # Once more, because a type of source may have rules for all its customers together.
        whole = type(source).model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return [_clash(each, source, lists) for each in details]
    return whole.of_lists([replace(each, document=None) for each in lists])


def _clash(details: ErrorDetails, source: SourceConfig, lists: Sequence[CustomerList]) -> Clash:
    culprit: int | None = None
    path: Path = ()
    match details["loc"]:
        case ("customers", int(number), *_):
            culprit, path = _Places(lists).find(number)
    # The values have been read already, and only a rule of the model can still be broken.
    [mistake] = Wording(Document("", "", None), path, type(source)).mistakes_in([details])
    return Clash(culprit, None, mistake)
