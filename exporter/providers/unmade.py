"""Calls of a vendor that are not made, with the reasons: a record for readers, which tests hold against allow lists.

A provider's folder that has such a record keeps it in its module ``unmade``, as ``UNMADE``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

CHANGES = "changes something"
SETTING = "a setting, no number"


@dataclass(frozen=True, slots=True)
class Unmade:
    """A call that is not made.

    Attributes:
        page: the page of the vendor that describes it.
        path: without what stands in ``prefixes``, and without a suffix that asks for a format.
        reason: why not.
        fields: what chooses what it does, each field with all values that are meant.
        verb: in a request's first line.
        prefixes: what the path begins with, where there are several beginnings.
    """

    page: str
    path: str
    reason: str
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    verb: str = "GET"
    prefixes: Sequence[str] = ("",)

    @property
    def paths(self) -> Sequence[str]:
        """Every path that is meant."""
        return [prefix + self.path for prefix in self.prefixes]

    def requests(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield the path and the fields of each call that is meant."""
        for path, values in product(self.paths, product(*self.fields.values())):
            yield path, dict(zip(self.fields, values, strict=True))
