"""Customers that follow their files while the program runs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from exporter.config.customer_files import ListReader, digest_of, find_files
from exporter.config.customer_list import CustomerList
from exporter.config.document import read_text
from exporter.config.joining import Clash, joined
from exporter.config.models import CustomerConfig, SourceConfig
from exporter.config.places import Path as KeyPath
from exporter.config.places import show_path
from exporter.config.secret_watch import secret_files, types_with_secrets
from exporter.config.stamps import Stamp, stamp_of
from exporter.config.values import Surroundings
from exporter.errors import ConfigError, Problem


class ListWatch:
    """Watches the customer files of one source.

    Attributes:
        source: the source with the customers that are in use.
        problems: why what a file holds now is not in use; empty while all of it is.
    """

    def __init__(self, source: SourceConfig, config_file: Path, path: KeyPath) -> None:
        """Watch the files of a source that stands at this path of this configuration file."""
        self.source = source
        self.problems: Sequence[Problem] = ()
        self._config_file = config_file
        self._path = path
        self._reader = ListReader(type(source), Surroundings(config_file.parent))
        customers = source.customers
        own = CustomerList(str(config_file), (*path, "customers"), customers, range(len(customers)))
        # A configuration that was made in code has no lists.
        self._own = source.lists[0] if source.lists else own
        # The lists in use, in the order of their files.
        self._good = {Path(each.file): each for each in source.lists[1:]}
        # By pattern; and those among them that are not there now, but may only be being replaced.
        self._found = [list(files) for files in find_files(source.customer_files, config_file)]
        self._absent: set[Path] = set()
        # What the files looked like at the last poll, and what those whose content is in use looked like when read.
        self._seen: dict[Path, Stamp | None] = {}
        self._settled: dict[Path, Stamp | None] = {}
        self._is_due = True

    def look_again(self) -> None:
        """Let the next poll judge once more what is not in use, since elsewhere something has changed."""
        self._is_due = self._is_due or bool(self.problems)

    def poll(self, misfits: Callable[[SourceConfig], Sequence[Problem]]) -> bool:
        """Take what the files hold now, as far as it is right; return whether customers are new, other or gone.

        ``misfits`` tells what keeps the source from going together with the other sources.
        """
        found, problems = self._find()
        files = list(dict.fromkeys(chain.from_iterable(found)))
        stamps = {file: stamp_of(file) for file in files}
        if (found, stamps) == (self._found, self._seen) and not self._is_due:
            return False
        self._found, self._seen, self._is_due = found, stamps, False
        current = {file: each for file in files if (each := self._list(file, problems)) is not None}
        source = self._join(current, problems)
        if source is not None and (reasons := misfits(source)):
            problems += reasons
            source = None
        self.problems = tuple(dict.fromkeys(problems))
        if source is None:
            return False
        self._take(source, current)
        return True

    def _take(self, source: SourceConfig, current: dict[Path, CustomerList]) -> None:
        self.source = source
        fresh = [file for file, each in current.items() if each is not self._good.get(file)]
        self._settled.update((file, self._seen[file]) for file in fresh)
        self._good = {Path(each.file): each for each in source.lists[1:]}

    def _find(self) -> tuple[list[list[Path]], list[Problem]]:
        """Return the files that each pattern stands for, and which patterns have lost all of theirs.

        A file that is gone stays for one more poll: some programs replace a file by removing it first. All of a
        pattern's files stay when it matches none any more: rather their folder is gone than all the customers.
        """
        found: list[list[Path]] = []
        problems: list[Problem] = []
        absent: set[Path] = set()
        for number, files in enumerate(find_files(self.source.customer_files, self._config_file)):
            there = set(files)
            lost = {file for file in self._found[number] if file not in there}
            if lost and not there:
                message = "matches no file any more; the customers stay until the configuration is loaded anew"
                problems.append(self._problem(("customer_files", number), message))
            else:
                lost -= self._absent
            absent |= lost
            found.append(sorted(there | lost, key=str))
        self._absent = absent
        return found, problems

    def _list(self, file: Path, problems: list[Problem]) -> CustomerList | None:
        """Return the list that a file holds or, where that is wrong, last held; add what is wrong."""
        good = self._good.get(file)
        stamp = self._seen[file]
        is_settled = good is not None and stamp is not None and stamp == self._settled.get(file)
        if is_settled or file in self._absent:
            return good
        try:
            text = read_text(file)
        except ConfigError as error:
            problems += error.problems
            # Read again at the next poll: what keeps a file from being read need not change the file.
            self._seen[file] = None
            return good
        if good is not None and digest_of(text) == good.digest:
            self._settled[file] = stamp
            return good
        found, faults = self._reader.read(file, text)
        if stamp_of(file) != stamp:
            # It is being written right now; the next poll reads it again.
            self._seen[file] = None
            return good
        problems += faults
        return good if faults else replace(found, customers=list(self._as_known(found.customers)))

    def _as_known(self, customers: Sequence[CustomerConfig]) -> Iterator[CustomerConfig]:
        """Yield each customer; the one that is in use already, where it is the same.

        Whoever keeps that one has secrets that follow their files.
        """
        known = {customer.id: customer for customer in self.source.customers}
        types = types_with_secrets(customers)
        for customer in customers:
            old = known.get(customer.id)
            if old is None or old != customer:
                yield customer
            else:
                is_moved = type(customer) in types and secret_files(old) != secret_files(customer)
                yield customer if is_moved else old

    def _join(self, current: dict[Path, CustomerList], problems: list[Problem]) -> SourceConfig | None:
        """Return the source with the lists, as many new ones as go together; None where nothing is new.

        Those that don't are replaced by what the file last held.
        """
        while True:
            fresh = [file for file, each in current.items() if each is not self._good.get(file)]
            if not fresh and list(current) == list(self._good):
                return None
            lists = [self._own, *current.values()]
            joint = joined(self.source, lists)
            if isinstance(joint, SourceConfig):
                return joint
            problems += (self._told(clash, lists) for clash in joint)
            if not fresh:
                return None
            for file in set(chain.from_iterable(_to_blame(clash, list(current), fresh) for clash in joint)):
                if file in self._good:
                    current[file] = self._good[file]
                else:
                    del current[file]

    def _told(self, clash: Clash, lists: Sequence[CustomerList]) -> Problem:
        if clash.culprit is None:
            return self._problem(clash.mistake.path, clash.mistake.message)
        return lists[clash.culprit].problem(clash.mistake.path, clash.mistake.message)

    def _problem(self, path: KeyPath, message: str) -> Problem:
        return Problem(str(self._config_file), None, show_path((*self._path, *path)), message)


def _to_blame(clash: Clash, files: Sequence[Path], fresh: Sequence[Path]) -> Iterator[Path]:
    """Yield the new list of two that clash, the later one of two new ones; or all new ones, if neither is known."""
    numbers = [number for number in (clash.culprit, clash.other) if number]
    known = [files[number - 1] for number in numbers if files[number - 1] in fresh]
    yield from known[:1] or fresh
