"""Places of a store, one at a time."""

from exporter.store import Place, Store


def place_of(store: Store, source: str, customer: str, collector: str, interval: float) -> Place:
    """Return a new place for a collector of a customer, made as a source makes very many of them."""
    [record] = store.enrol(source, [customer])
    store.open([record], collector, interval)
    return record.place(collector, interval)
