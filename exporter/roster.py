"""The roster of a source: who its customers are, by configuration and by the vendor's own list.

A vendor's list is believed slowly when someone is missing from it, because a list can be wrong and a customer
that leaves takes its series along; it is believed at once when someone is new.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from exporter.providers.base import Customer, Found
from exporter.state import Missing

log = structlog.get_logger(__name__)

# So many lists in a row must lack a customer before it leaves; more if they lack most of the customers.
_LISTS = 2
_SHORT_LISTS = 3


@dataclass(frozen=True, slots=True)
class Movement:
    """Who came and who went, and who stayed but is to be described with other labels."""

    joined: Sequence[Customer] = ()
    left: Sequence[Customer] = ()
    relabelled: Sequence[Customer] = ()


@dataclass(slots=True)
class _Listed:
    """A customer that came by the vendor's list."""

    customer: Customer
    found: Found
    missing: int = 0
    missing_short: int = 0


@dataclass(slots=True)
class Roster:
    """The customers of one source; each is on it once, whatever it came by.

    Attributes:
        source: the value of the label ``source``.
        enlist: makes a customer of one on the vendor's list.
        active: whether each customer may send, by the vendor's name for it, as the last list said.
    """

    source: str
    enlist: Callable[[Found], Customer]
    active: dict[str, bool] = field(default_factory=dict)
    _configured: dict[str, Customer] = field(default_factory=dict)
    _listed: dict[str, _Listed] = field(default_factory=dict)

    @property
    def customers(self) -> Sequence[Customer]:
        """All customers: the configured ones first."""
        return [*self._configured.values(), *(listed.customer for listed in self._listed.values())]

    @property
    def missing(self) -> Sequence[Missing]:
        """Who is still on it although the last list lacked them."""
        return [
            Missing(listed.found, listed.missing, listed.missing_short)
            for listed in self._listed.values()
            if listed.missing or listed.missing_short
        ]

    def configure(self, customers: Iterable[Customer]) -> Movement:
        """Take a new list of configured customers; one that is asked for as before stays as it is, but for labels."""
        new = {customer.id: customer for customer in customers}
        before = {**self._configured, **{id_: listed.customer for id_, listed in self._listed.items()}}
        joined, relabelled, stays = list[Customer](), list[Customer](), set[str]()
        for id_, customer in new.items():
            old = before.get(id_)
            if old is None or not old.is_like(customer):
                joined.append(customer)
                continue
            stays.add(id_)
            if old.labels != customer.labels:
                relabelled.append(customer)
            else:
                # It is shared by all its fetches.
                new[id_] = old
        left = [old for id_, old in self._configured.items() if id_ not in stays]
        self._configured = new
        names = {customer.name for customer in new.values()} if self._listed else set()
        for id_, listed in list(self._listed.items()):
            if id_ in new or listed.customer.name in names:
                del self._listed[id_]
                left += [] if id_ in stays else [listed.customer]
        return Movement(joined, left, relabelled)

    def dismiss(self, is_wanted: Callable[[str], bool]) -> Movement:
        """Let those of the vendor's list go whose user name is not wanted any more."""
        keys = [key for key, listed in self._listed.items() if not is_wanted(listed.found.user)]
        return Movement(left=[self._listed.pop(key).customer for key in keys])

    def take_list(
        self, found: Sequence[Found], is_wanted: Callable[[Found], bool], missing: Sequence[Missing] = ()
    ) -> Movement:
        """Take a whole list of the vendor's; who is not wanted is as good as not on it, but for ``active``.

        ``missing`` are those who stayed without it before a restart: they join again, as near to leaving as they were.
        """
        self.active = {each.key: each.is_active for each in found if each.is_active is not None}
        rows = {each.key: each for each in found if is_wanted(each)}
        left = [*self._renamed(rows), *self._renumbered(rows), *self._missing(rows)]
        return Movement([*self._new(rows), *self._recalled(missing, is_wanted)], left)

    def _recalled(self, missing: Iterable[Missing], is_wanted: Callable[[Found], bool]) -> Iterable[Customer]:
        stays = {each.found.key: each for each in missing if is_wanted(each.found)}
        for customer in self._new({key: each.found for key, each in stays.items()}):
            listed, was = self._listed[customer.id], stays[customer.id]
            listed.missing, listed.missing_short = was.lists, was.short_lists
            yield customer

    def _renamed(self, rows: dict[str, Found]) -> Iterable[Customer]:
        """Take off those whose number the vendor now lists under another name."""
        # Only a name that is new can be the new one: vendors' own samples show one number twice.
        numbers = {each.id for key, each in rows.items() if key not in self._listed}
        for key, listed in list(self._listed.items()):
            if key not in rows and listed.found.id in numbers and listed.found.id != key:
                yield self._listed.pop(key).customer

    def _renumbered(self, rows: dict[str, Found]) -> Iterable[Customer]:
        """Take off those whose number is another now, if their label is made of it: they join under the new one."""
        for key, listed in list(self._listed.items()):
            each = rows.get(key, listed.found)
            # A row without a number has the name in its place, and says nothing of the number.
            if each.id in {key, listed.found.id}:
                continue
            listed.found = each
            if self.enlist(each).name != listed.customer.name:
                yield self._listed.pop(key).customer

    def _missing(self, rows: dict[str, Found]) -> Iterable[Customer]:
        """Take off those that enough lists in a row have lacked."""
        is_short = len(rows) < len({*self._configured, *self._listed}) / 2
        for key, listed in list(self._listed.items()):
            if key in rows:
                listed.missing = listed.missing_short = 0
                continue
            listed.missing_short = listed.missing_short + 1 if is_short else 0
            listed.missing += not is_short
            if listed.missing >= _LISTS or listed.missing_short >= _SHORT_LISTS:
                yield self._listed.pop(key).customer

    def _new(self, rows: dict[str, Found]) -> Sequence[Customer]:
        names = {customer.name for customer in self.customers}
        joined = []
        for key, each in rows.items():
            if key in self._configured or key in self._listed:
                continue
            customer = self.enlist(each)
            if customer.name in names:
                # Two customers of one name would be one series with two values.
                log.warning("listed customer left out: another one has its name", source=self.source)
                continue
            names.add(customer.name)
            self._listed[key] = _Listed(customer, each)
            joined.append(customer)
        return joined


def label_of(found: Found, kind: str) -> str:
    """Return the value of the label ``customer`` for one on a list: its user name, its number, or a hash of its key."""
    if kind == "hash":
        return hashlib.sha256(found.key.encode()).hexdigest()[:16]
    return found.id if kind == "id" else found.user
