"""What has changed since it was last rendered."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from exporter.samples import Family
from exporter.store.places import Group

Changed: TypeAlias = Sequence[tuple[Group, Sequence[Family]]]


class Changes:
    """The families of each group that are to be rendered again; whoever calls it holds the store's lock."""

    def __init__(self) -> None:
        """Begin without any."""
        self._groups: dict[Group, None] = {}

    def mark(self, group: Group, families: Iterable[Family]) -> None:
        """Let some families of a group be rendered again."""
        group.changed.update(families)
        self._groups[group] = None

    def all(self) -> Changed:
        """Return what is to be rendered again."""
        return [(group, tuple(group.changed)) for group in self._groups]

    def take(self, group: Group, family: Family) -> bool:
        """Return whether a family of a group is still to be rendered again; from now on it no longer is."""
        if family not in group.changed:
            return False
        group.changed.discard(family)
        if not group.changed:
            del self._groups[group]
        return True
