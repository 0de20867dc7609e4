"""A choice of sources, customers and collectors, where not all are to take part."""

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.config import Config


@dataclass(frozen=True, slots=True)
class Selection:
    """Which sources, customers and collectors take part; an empty set stands for all of them."""

    sources: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    collectors: frozenset[str] = frozenset()

    def has(self, kind: frozenset[str], name: str) -> bool:
        """Return whether a name is among those of one kind."""
        return not kind or name in kind

    def strangers(self, config: Config) -> Iterator[str]:
        """Yield what is wrong with each name that nothing in the configuration has."""
        chosen = [source for source in config.sources if self.has(self.sources, source.name)]
        for name in sorted(self.sources - {source.name for source in config.sources}):
            yield f"no source is named {name}"
        for name in sorted(self.collectors - {name for source in chosen for name, _ in source.collectors}):
            yield f"no collector {name} is enabled"
        # Whom a vendor's list will bring, nobody knows yet; and of a hundred thousand, few commands choose.
        if self.customers and not any(getattr(source, "discovery", None) for source in chosen):
            for name in sorted(self.customers - {each.label for source in chosen for each in source.customers}):
                yield f"no customer is named {name}"


EVERYTHING = Selection()
