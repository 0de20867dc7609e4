"""What changes in a configuration while the program runs: the content of its secret and customer files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from exporter.config.checks import impossible_schedules
from exporter.config.list_watch import ListWatch
from exporter.config.models import Config, CustomerConfig, SourceConfig
from exporter.config.places import show_path
from exporter.config.secret_watch import SecretWatch, watch_secrets
from exporter.errors import Problem
from exporter.memory import without_garbage_collection


@dataclass(frozen=True, slots=True)
class Changes:
    """What a poll has found.

    Attributes:
        customers: all configured customers of each source whose customer files have changed, by its name.
        renewed: the names of the sources that have new secrets now, their own or those of customers.
        problems: why what a file holds is not in use, all that stand now; the last good content of such a file
            stays in use, and it is judged again when it changes.
    """

    customers: Mapping[str, Sequence[CustomerConfig]]
    renewed: frozenset[str]
    problems: Sequence[Problem]


class Watch:
    """Watches the secret and customer files of a configuration by their content, through symbolic links.

    A poll that finds nothing new reads no file. Not for use by several threads at once.

    Attributes:
        every: seconds between two polls, with which a change is taken within ten.
        config: the configuration with the customers that are in use.
    """

    every: ClassVar[float] = 4.0

    def __init__(self, config: Config, path: Path) -> None:
        """Watch what a configuration that was loaded from this file names."""
        self.config = config
        self._file = path
        paths = [("sources", number) for number in range(len(config.sources))]
        self._lists = [ListWatch(each, path, at) for each, at in zip(config.sources, paths, strict=True)]
        self._secrets = [self._watch_secrets(number) for number in range(len(config.sources))]

    def poll(self) -> Changes:
        """Take what has changed: secrets at once, by themselves; customers for the caller to act on."""
        with without_garbage_collection():
            # Secrets first: customers are the same as before only where their secrets are.
            renewed = frozenset(self._poll_secrets())
            customers = dict(self._poll_lists())
        problems = [each for watch in self._lists for each in watch.problems]
        problems += [each for watches in self._secrets for watch in watches for each in watch.problems]
        return Changes(customers, renewed, problems)

    def _poll_secrets(self) -> Iterator[str]:
        for source, watches in zip(self.config.sources, self._secrets, strict=True):
            for watch in watches:
                if watch.poll():
                    yield source.name

    def _poll_lists(self) -> Sequence[tuple[str, Sequence[CustomerConfig]]]:
        changed: list[tuple[str, Sequence[CustomerConfig]]] = []
        for number, watch in enumerate(self._lists):
            if not watch.poll(partial(self._misfits, number)):
                continue
            changed.append((watch.source.name, watch.source.customers))
            self.config = self.config.model_copy(update={"sources": self._sources_with(number, watch.source)})
            self._secrets[number] = self._watch_secrets(number)
            for other in self._lists:
                # It may fit in now.
                other.look_again()
        return changed

    def _watch_secrets(self, number: int) -> Sequence[SecretWatch]:
        return list(watch_secrets(self.config.sources[number], str(self._file), ("sources", number)))

    def _sources_with(self, number: int, source: SourceConfig) -> tuple[SourceConfig, ...]:
        sources = list(self.config.sources)
        sources[number] = source
        return tuple(sources)

    def _misfits(self, number: int, source: SourceConfig) -> Sequence[Problem]:
        """Return why the sources would no longer keep their rate limits with this one in the place of its old self."""
        mistakes = impossible_schedules(dict(enumerate(self._sources_with(number, source))))
        return [Problem(str(self._file), None, show_path(each.path), each.message) for each in mistakes]
