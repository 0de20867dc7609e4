"""What is kept of customers who come: by what it is found, and how it is read before any page has to wait for it."""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence

from exporter.providers.base import Customer
from exporter.state import Kept, Scope, State, customer_digest
from exporter.store.places import Record, SourceRecord


class Foreseen:
    """Holds what is kept of some customers who are not there yet, from before they come."""

    def __init__(self, state: State, scopes: Iterable[Scope], customers: Sequence[Customer]) -> None:
        """Read all that is kept of these customers in these scopes; of many, that takes a while."""
        self._customers = {customer.name: customer for customer in customers}
        self._kept: dict[int, dict[str, Kept]] = {}
        # What does not outlast the process is forgotten by being read, and read in no time.
        if not customers or not state.is_lasting or state.is_empty:
            return
        names = {customer_digest(customer): customer.name for customer in customers}
        self._kept = {scope.number: dict(state.rows(scope, names)) for scope in scopes}

    def of(self, scope: Scope, records: Sequence[Record]) -> tuple[list[tuple[Record, Kept]], Sequence[Record]]:
        """Return what is kept of customers, and of which of them it has yet to be read."""
        kept = self._kept.get(scope.number)
        if kept is None:
            return [], records
        # Whoever is another one by now has the name alone in common.
        others = [record for record in records if self._customers.get(record.name) is not record.customer]
        unknown = {record.name for record in others}
        return [
            (record, kept[record.name]) for record in records if record.name in kept and record.name not in unknown
        ], others


def by_digest(
    source: SourceRecord, records: Sequence[Record], known: MutableMapping[SourceRecord, dict[bytes, Record]]
) -> Mapping[bytes, Record]:
    """Return customers by what is kept instead of them; at the start, all collectors ask for nearly the same."""
    if 2 * len(records) < len(source.records):
        return {customer_digest(record.customer): record for record in records}
    all_of_source = known.setdefault(source, {})
    if len(all_of_source) < len(source.records):
        all_of_source.update((customer_digest(record.customer), record) for record in source.records.values())
    return all_of_source
