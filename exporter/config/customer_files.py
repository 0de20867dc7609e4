"""Customer files: found by patterns, and read like the customers in the configuration itself."""

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import GenericAlias
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from exporter.config.customer_list import CustomerList
from exporter.config.customer_table import CustomerTable
from exporter.config.document import Document, parse
from exporter.config.mistakes import Mistake, Wording, in_order
from exporter.config.models import CustomerConfig, SourceConfig
from exporter.config.places import Path as KeyPath
from exporter.config.section import Section, section_in
from exporter.config.values import Surroundings
from exporter.errors import ConfigError, Problem

# What stands above the list in a file that has the list under a key.
_KEY = "customers"
_AT_ONCE = 1000


def find_files(patterns: Iterable[str], config_file: Path) -> Iterator[Sequence[Path]]:
    """Yield the files that each pattern of a configuration matches, sorted by name.

    Folders are no files, and the configuration itself is no customer file.
    """
    folder = config_file.parent
    for pattern in patterns:
        # pathlib's functions take no absolute pattern, and raise where they may not look.
        names = sorted(glob.glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207 - see above
        files = (folder / name for name in names)
        yield [file for file in files if file != config_file and not os.path.isdir(file)]  # noqa: PTH112 - see above


def digest_of(text: str) -> bytes:
    """Return what tells a text from any other."""
    return hashlib.sha256(text.encode()).digest()


class ListReader:
    """Reads lists of the customers of one type of source."""

    def __init__(self, model: type[SourceConfig], around: Surroundings) -> None:
        """Read for sources of this model; what the entries name is looked for in the surroundings."""
        # The annotation is a tuple of the customers' model, or of a choice of models.
        entry = get_args(model.model_fields[_KEY].annotation)[0]
        self._section = section_in(entry) or Section
        every: Any = GenericAlias(list, (entry,))
        self._one: TypeAdapter[CustomerConfig] = TypeAdapter(entry)
        self._all: TypeAdapter[list[CustomerConfig]] = TypeAdapter(every)
        self._around = around

    def read(self, file: Path, text: str) -> tuple[CustomerList, Sequence[Problem]]:
        """Return the customers of a customer file that are right by themselves, and what is wrong with the rest."""
        try:
            document = parse(file, text, "write [] if it is to have no customers")
        except ConfigError as error:
            return CustomerList(str(file), (), (), ()), error.problems
        path: KeyPath = (_KEY,) if isinstance(document.data, dict) else ()
        mistakes = list(_mistakes_around(document.data))
        entries = document.data.get(_KEY) if path else document.data
        customers: Sequence[CustomerConfig] = ()
        places: Sequence[int] = ()
        try:
            customers = self._used_up(entries if isinstance(entries, list) else [])
            places = range(len(customers))
        except ValidationError:
            document = parse(file, text, "")
            entries = document.data[_KEY] if path else document.data
            mistakes += self._mistakes_in(document, path, entries)
            customers, places = self._right_ones(entries)
        found = CustomerList(str(file), path, customers, places, digest_of(text), document)
        return found, in_order(document, mistakes)

    def _used_up(self, entries: list[Any]) -> Sequence[CustomerConfig]:
        """Return the customers of a list, which is emptied: of a very long one, half would take the memory of both."""
        parts: list[CustomerTable] = []
        for start in range(0, len(entries), _AT_ONCE):
            part = self._all.validate_python(entries[start : start + _AT_ONCE], context=self._around)
            parts.append(CustomerTable(part))
            entries[start : start + len(part)] = [None] * len(part)
        return CustomerTable(*parts)

    def _mistakes_in(self, document: Document, path: KeyPath, entries: list[Any]) -> Iterator[Mistake]:
        try:
            self._all.validate_python(entries, context=self._around)
        except ValidationError as error:
            yield from Wording(document, path, self._section).mistakes(error)

    def own(self, document: Document, path: KeyPath, entries: Any) -> CustomerList:
        """Return the customers of the configuration's own list that are right by themselves."""
        return CustomerList(document.file, path, *self._right_ones(entries), document=document)

    def _right_ones(self, entries: Any) -> tuple[Sequence[CustomerConfig], Sequence[int]]:
        """Return the customers that are right, with their places, so that a mistake elsewhere hides none among them."""
        right: dict[int, CustomerConfig] = {}
        for place, entry in enumerate(entries if isinstance(entries, list) else ()):
            try:
                right[place] = self._one.validate_python(entry, context=self._around)
            except ValidationError:
                continue
        return tuple(right.values()), tuple(right)


def _mistakes_around(data: Any) -> Iterator[Mistake]:
    """Yield what is wrong with the file around its entries."""
    if not isinstance(data, list | dict):
        yield Mistake((), f"must be a list of customers, or have one under the key {_KEY}")
    if not isinstance(data, dict):
        return
    yield from (Mistake((key,), f"unknown key; a customer file has {_KEY} alone") for key in data if key != _KEY)
    if _KEY not in data:
        yield Mistake((_KEY,), "is missing; add it, or write the list of customers alone")
    elif not isinstance(data[_KEY], list):
        yield Mistake((_KEY,), "must be a list; write [] if the file is to have no customers")
