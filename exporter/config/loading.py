"""From a file to a configuration in which everything fits, or to every mistake in it."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from exporter.config.checks import impossible_schedules, same_customers, same_names
from exporter.config.document import Document, read
from exporter.config.mistakes import Mistake, Wording
from exporter.config.models import Config, CustomerConfig, SourceConfig
from exporter.config.places import Path as KeyPath
from exporter.config.places import show
from exporter.config.section import Section
from exporter.config.values import Surroundings
from exporter.errors import ConfigError, Problem

Model = TypeVar("Model", bound=Section)


def load(path: Path, models: Mapping[str, type[SourceConfig]]) -> Config:
    """Read a configuration file, YAML or JSON; ``models`` gives the model of each type of source.

    Raises:
        ConfigError: the file can't be read or holds mistakes; the error has all of them.
    """
    with _collector_off():
        try:
            document = read(path)
        except ConfigError as error:
            problems: Sequence[Problem] = error.problems
        else:
            reading = _Reading(document, Surroundings(path.parent), models)
            config = reading.config()
            problems = reading.problems()
            if config is not None and not problems:
                return config
    # Raised here, so that no parser's error, which holds the text of the file, hangs on it as its context.
    raise ConfigError(problems)


@contextmanager
def _collector_off() -> Iterator[None]:
    """Stop the garbage collector: it would walk a growing tree again and again, and find nothing to free."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Reading:
    """Reads one document against the models, and gathers what is wrong."""

    def __init__(self, document: Document, around: Surroundings, models: Mapping[str, type[SourceConfig]]) -> None:
        self._document = document
        self._around = around
        self._models = models
        self._mistakes: list[Mistake] = []

    def problems(self) -> Sequence[Problem]:
        """Return what is wrong, in the order of the file."""
        unread = {(each.line, each.path) for each in self._document.problems}
        found = [self._document.problem(each.path, each.message) for each in self._mistakes]
        # What could not be read has been said; that it is missing now says nothing more.
        news = [each for each in found if (each.line, each.path) not in unread]
        return sorted(dict.fromkeys((*self._document.problems, *news)), key=lambda problem: problem.line or 0)

    def config(self) -> Config | None:
        """Return the configuration; None where something is wrong."""
        data = self._document.data
        sources = self._sources(data.get("sources"))
        config = self._validate(Config, {**data, "sources": tuple(sources)}, ())
        if not self._mistakes:
            self._mistakes += impossible_schedules(sources)
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
        sources = [self._source(entry, ("sources", index)) for index, entry in enumerate(entries)]
        self._mistakes += same_names(
            (
                (("sources", index, "name"), entry["name"])
                for index, entry in enumerate(entries)
                if isinstance(entry, dict) and isinstance(entry.get("name"), str)
            ),
            "source",
        )
        return [source for source in sources if source is not None]

    def _source(self, entry: Any, path: KeyPath) -> SourceConfig | None:
        kind = self._kind(entry, path)
        if kind is None:
            return None
        model = self._models[kind]
        if entry.get("customers") == []:
            self._blame((*path, "customers"), "is empty; name at least one customer")
        # The right type, where the entry's is misspelt and has been blamed: the rest is judged all the same.
        source = self._validate(model, {**entry, "type": kind}, path)
        customers = self._customers(model, entry.get("customers")) if source is None else enumerate(source.customers)
        self._mistakes += same_customers((*path, "customers"), customers)
        return source

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

    def _customers(self, model: type[SourceConfig], entries: Any) -> Iterator[tuple[int, CustomerConfig]]:
        """Yield the customers that are right by themselves, so that a mistake elsewhere hides none among them."""
        customer_model: type[CustomerConfig] = get_args(model.model_fields["customers"].annotation)[0]
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            try:
                yield index, customer_model.model_validate(entry, context=self._around)
            except ValidationError:
                continue
