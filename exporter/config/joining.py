"""The lists of a source joined to all its customers, or what keeps them from going together."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from exporter.config.customer_list import CustomerList
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
    places = _Places(lists)
    ids: dict[str, int] = {}
    labels: dict[str, int] = {}
    for number, customer in enumerate(chain.from_iterable(each.customers for each in lists)):
        if (first := ids.setdefault(customer.id, number)) != number:
            message = f"is listed {places.listed(first, number)} already; remove one of the two"
            yield places.clash(number, first, _id_key(customer), message)
        elif (first := labels.setdefault(customer.label, number)) != number:
            message = f"{show(customer.label)} is what {places.called(first, number)} is called; give it another name"
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
        which = bisect_right(self._ends, number)
        start = self._ends[which - 1] if which else 0
        return which, self._lists[which].path_of(number - start)

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
    # A list may make its customers anew each time that it is asked.
    made = [replace(each, customers=tuple(each.customers)) for each in lists]
    if clashes := list(same_customers(made)):
        return clashes
    values = {name: getattr(source, name) for name in type(source).model_fields}
    values["customers"] = tuple(chain.from_iterable(each.customers for each in made))
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
