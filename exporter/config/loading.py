"""From a file to a configuration in which everything fits, or to every mistake in it."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from exporter.config.checks import impossible_schedules, same_names
from exporter.config.customer_files import ListReader, find_files
from exporter.config.customer_list import CustomerList
from exporter.config.document import Document, parse, read, read_text
from exporter.config.joining import Clash, joined, same_customers
from exporter.config.mistakes import Mistake, Wording, in_order
from exporter.config.models import Config, SourceConfig
from exporter.config.places import Path as KeyPath
from exporter.config.places import show
from exporter.config.salvage import salvaged
from exporter.config.section import Section
from exporter.config.values import Surroundings, is_name
from exporter.errors import ConfigError, Problem
from exporter.memory import without_garbage_collection

Model = TypeVar("Model", bound=Section)


def load(path: Path, models: Mapping[str, type[SourceConfig]], text: str | None = None) -> Config:
    """Read a configuration file, YAML or JSON; ``models`` gives the model of each type of source.

    A ``text``, of a mapping, is read instead of the file, as if it stood in it.

    Raises:
        ConfigError: the file can't be read or holds mistakes; the error has all of them.
    """
    with without_garbage_collection():
        try:
            document = read(path) if text is None else parse(path, text, "")
        except ConfigError as error:
            problems: Sequence[Problem] = error.problems
        else:
            reading = _Reading(document, Surroundings(path.parent), models)
            config = reading.config()
            problems = reading.problems()
            if config is not None and not problems:
                return config.with_warnings(reading.warnings())
    # Raised here, so that no parser's error, which holds the text of the file, hangs on it as its context.
    raise ConfigError(problems)


class _Reading:
    """Reads one document against the models, and gathers what is wrong."""

    def __init__(self, document: Document, around: Surroundings, models: Mapping[str, type[SourceConfig]]) -> None:
        self._document = document
        self._around = around
        self._models = models
        self._mistakes: list[Mistake] = []
        self._warnings: list[Mistake] = []
        # By the number of the source: those whose schedule can be told, whatever else is wrong.
        self._judged: dict[int, SourceConfig] = {}
        # By the file, in the order in which the files are read.
        self._in_files: dict[str, list[Problem]] = {}

    def problems(self) -> Sequence[Problem]:
        """Return what is wrong, in the order of the configuration, then of each customer file."""
        in_files = (
            sorted(dict.fromkeys(each), key=lambda problem: problem.line or 0) for each in self._in_files.values()
        )
        return [*in_order(self._document, self._mistakes), *chain.from_iterable(in_files)]

    def warnings(self) -> Sequence[Problem]:
        """Return what is right, but hardly meant so."""
        return [self._document.problem(each.path, each.message) for each in self._warnings]

    def config(self) -> Config | None:
        """Return the configuration; None where something is wrong."""
        data = self._document.data
        sources = self._sources(data.get("sources"))
        config = self._validate(Config, {**data, "sources": tuple(sources)}, ())
        self._mistakes += impossible_schedules(self._judged)
        return None if self._mistakes else config

    def _blame(self, path: KeyPath, message: str) -> None:
        self._mistakes.append(Mistake(path, message))

    def _validate(self, model: type[Model], value: Any, path: KeyPath) -> Model | None:
        try:
            return model.model_validate(value, context=self._around)
        except ValidationError as error:
            self._mistakes += Wording(self._document, path, model).mistakes(error)
            return None

    def _sources(self, entries: Any) -> list[SourceConfig]:
        if not isinstance(entries, list):
            missing = "is missing" if "sources" not in self._document.data else "must be a list"
            self._blame(("sources",), f"{missing}; name at least one source to poll")
            return []
        if not entries:
            self._blame(("sources",), "is empty; name at least one source to poll")
        sources = [self._source(entry, index) for index, entry in enumerate(entries)]
        self._mistakes += same_names(
            (
                (("sources", index, "name"), entry["name"])
                for index, entry in enumerate(entries)
                if isinstance(entry, dict) and isinstance(entry.get("name"), str)
            ),
            "source",
        )
        return [source for source in sources if source is not None]

    def _source(self, entry: Any, index: int) -> SourceConfig | None:
        path = ("sources", index)
        kind = self._kind(entry, path)
        if kind is None:
            return None
        model = self._models[kind]
        self._check_customers(entry, path, model)
        # The right type, where the entry's is misspelt and has been blamed: the rest is judged all the same.
        source = self._validate(model, {"customers": [], **entry, "type": kind}, path)
        reader = ListReader(model, self._around)
        lists = [self._own(source, entry, path, reader), *self._files(source, entry, path, reader)]
        whole = joined(source, lists) if source else list(same_customers(lists))
        if isinstance(whole, SourceConfig):
            self._judged[index] = whole
            return whole
        for clash in whole:
            self._tell(clash, lists, path)
        if rest := salvaged(model, {**entry, "type": kind}, lists, self._around):
            self._judged[index] = rest
        return None

    def _tell(self, clash: Clash, lists: Sequence[CustomerList], path: KeyPath) -> None:
        if not clash.culprit:
            below = () if clash.culprit == 0 else path
            self._blame((*below, *clash.mistake.path), clash.mistake.message)
            return
        culprit = lists[clash.culprit]
        self._in_files.setdefault(culprit.file, []).append(
            culprit.problem(clash.mistake.path, clash.mistake.message),
        )

    def _check_customers(self, entry: dict[str, Any], path: KeyPath, model: type[SourceConfig]) -> None:
        """Blame a source that names no customers and no way to find them."""
        ways = [way for way in ("customers", "customer_files", "discovery") if way in model.model_fields]
        if any(entry.get(way) not in (None, []) for way in ways):
            return
        others = " or ".join(ways[1:])
        if entry.get("customers") == []:
            self._blame((*path, "customers"), f"is empty; name at least one customer, or give {others}")
        elif not any(way in entry for way in ways if way != "discovery"):
            # What else is empty here is a mistake of its own; discovery alone may be.
            self._blame((*path, "customers"), f"is missing; add it, or {others}")

    def _own(
        self, source: SourceConfig | None, entry: dict[str, Any], path: KeyPath, reader: ListReader
    ) -> CustomerList:
        place = (*path, "customers")
        if source is None:
            return reader.own(self._document, place, entry.get("customers"))
        customers = source.customers
        return CustomerList(self._document.file, place, customers, range(len(customers)), document=self._document)

    def _files(
        self, source: SourceConfig | None, entry: dict[str, Any], path: KeyPath, reader: ListReader
    ) -> Iterator[CustomerList]:
        """Yield the lists of the customer files that a source names."""
        written = source.customer_files if source else entry.get("customer_files")
        patterns = [each if is_name(each) else "" for each in written] if isinstance(written, list | tuple) else []
        seen: set[Path] = set()
        for number, files in enumerate(find_files(patterns, Path(self._document.file))):
            if not files:
                message = "matches no file; create one, or correct the pattern"
                self._warnings.append(Mistake((*path, "customer_files", number), message))
            for file in files:
                if file not in seen:
                    seen.add(file)
                    yield self._file(file, reader)

    def _file(self, file: Path, reader: ListReader) -> CustomerList:
        try:
            found, problems = reader.read(file, read_text(file))
        except ConfigError as error:
            found, problems = CustomerList(str(file), (), (), ()), error.problems
        if problems:
            self._in_files.setdefault(found.file, []).extend(problems)
        return found

    def _kind(self, entry: Any, path: KeyPath) -> str | None:
        known = ", ".join(self._models)
        if not isinstance(entry, dict):
            self._blame(path, "must be a mapping of keys, such as name, type and customers")
            return None
        kind = entry.get("type")
        if not isinstance(kind, str):
            wrong = "must be a string" if "type" in entry else "is missing"
            self._blame((*path, "type"), f"{wrong}; write one of: {known}")
            return None
        if kind in self._models:
            return kind
        near = next(iter(get_close_matches(kind, self._models, 1)), None)
        remedy = f"did you mean {near}?" if near else f"write one of: {known}"
        self._blame((*path, "type"), f"{show(kind)} is no type of source; {remedy}")
        return near
