"""A part of the page: the series of some sources, or of some customers, at a cost in proportion to them."""

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric

from exporter.errors import UnknownName
from exporter.exposition.block import Chapter
from exporter.exposition.text import lines
from exporter.samples import Family
from exporter.store import Group, Record, Store, health


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Which series are asked for: those that carry one of these sources and one of these customers.

    Attributes:
        sources: values of the label ``source``; empty for all of them.
        customers: values of the label ``customer``; empty for all, and for series without a customer.
    """

    sources: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Return whether not everything is asked for."""
        return bool(self.sources or self.customers)

    def groups(self, store: Store) -> Sequence[Group]:
        """Return the groups in which the series are: a source's own, copies with nobody else in them for customers.

        Needs the store's lock. Raises:
            UnknownName: a name is nobody's.
        """
        for name in self.sources - store.sources.keys():
            raise UnknownName(f"there is no source {name!r}")
        chosen = [record for name, record in store.sources.items() if not self.sources or name in self.sources]
        if not self.customers:
            return [group for source in chosen for group in source.groups]
        for name in self.customers:
            # A source's own series are under the empty name, which is no customer's.
            if not name or not any(name in source.records for source in store.sources.values()):
                raise UnknownName(f"there is no customer {name!r}")
        found = [source.records[name] for source in chosen for name in self.customers if name in source.records]
        return _alone(found)

    def render(self, known: Iterable[Family], groups: Sequence[Group]) -> Iterator[Chapter]:
        """Yield a chapter of these groups for each family that they have; the known ones first, in their order."""
        present = dict.fromkeys(
            family
            for group in groups
            for shelf in group.shelves.values()
            for layout in shelf.layouts
            if layout is not None
            for family in layout.parts
        )
        ordered = (*(family for family in known if family in present), *present, *health.FAMILIES)
        for family in dict.fromkeys(ordered):
            chapter = Chapter(family)
            for group in groups:
                chapter.put(group, lines(family, group))
            yield chapter


WHOLE = Excerpt()


def _alone(records: Iterable[Record]) -> Sequence[Group]:
    """Return copies of the groups of these records, in which nobody else is."""
    by_group: dict[Group, list[Record]] = {}
    for record in records:
        by_group.setdefault(record.group, []).append(record)
    return [group.with_only(members) for group, members in by_group.items()]


@dataclass(frozen=True, slots=True)
class OwnExcerpt:
    """The part of the exporter's own metrics that carry the labels asked for; prometheus_client writes it."""

    registry: CollectorRegistry
    excerpt: Excerpt

    def collect(self) -> Iterator[Metric]:
        """Yield the families with what is asked for in them."""
        if self.excerpt.customers:
            # Those of a customer are with its health, and none of these is of one.
            return
        for metric in self.registry.collect():
            samples = [sample for sample in metric.samples if sample.labels.get("source") in self.excerpt.sources]
            if samples:
                part = copy(metric)
                part.samples = samples
                yield part
