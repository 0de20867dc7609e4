"""One list of customers, and where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exporter.config.document import Document
from exporter.config.places import Path, show_path
from exporter.errors import Problem

if TYPE_CHECKING:
    # A source holds its lists, and they its customers.
    from exporter.config.models import CustomerConfig


@dataclass(frozen=True, slots=True)
class CustomerList:
    """Customers that stand in one list: the configuration's own, or that of a customer file.

    All lists are equal: a source is compared by its customers, wherever they come from.

    Attributes:
        file: the name of the file, as messages have it.
        path: where the list stands in the file.
        customers: the entries that are right by themselves.
        places: the place of each of them in the list.
        digest: tells whether the file's content is still the same; empty for the configuration's own list.
        document: the file as it was read, for the lines of mistakes; None once all of it has been found right.
    """

    file: str = field(compare=False)
    path: Path = field(compare=False)
    customers: Sequence["CustomerConfig"] = field(compare=False)
    places: Sequence[int] = field(compare=False)
    digest: bytes = field(default=b"", compare=False)
    document: Document | None = field(default=None, compare=False)

    def problem(self, path: Path, message: str) -> Problem:
        """Return a mistake at a path of the file, with its line where that is known."""
        if self.document is None:
            return Problem(self.file, None, show_path(path), message)
        return self.document.problem(path, message)

    def path_of(self, number: int) -> Path:
        """Return the path of one of the customers."""
        return (*self.path, self.places[number])
