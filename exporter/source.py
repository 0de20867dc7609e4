"""A source at work: its customers as they come and go, what is fetched for them, and when."""

import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cache
from itertools import chain
from typing import TypeAlias

from exporter.config import DiscoveryConfig, SourceConfig, secrets_of
from exporter.fetch import Desk, Fetch, Member, Task, batch_size, has_own_credentials
from exporter.listing import Listing
from exporter.poller import Poller
from exporter.probing import Probe, Probing
from exporter.providers.base import AnyCollector, Customer, Found, Provider, SourceCollector
from exporter.roster import Movement, Roster, label_of
from exporter.samples import Family, Sample
from exporter.selection import Selection
from exporter.state import Lists, Missing, list_name, scope_of
from exporter.store import Foreseen
from exporter.upstream import Limiter, Upstream

# Members of a fetch for one customer alone; all collectors share the one tuple.
_Single: TypeAlias = tuple[Member]
# Seconds between summary lines of a source for which nothing is fetched.
_NOTHING_TO_POLL = 60.0


class Source:
    """One source, built: what asks the vendor, and for whom.

    Attributes:
        name: the value of the label ``source``.
        config, provider: its section of the configuration, and the code for its vendor.
        upstream, limiter: its way to the vendor.
        collectors: what is fetched.
        roster: who its customers are.
        size: how many customers take part.
        planned: requests a second that the collectors and the reading of the list need for them.
        is_listed: whether the vendor's list has been asked for once, where there is one to ask for.
        is_list_missing: whether it could not be read the last time.
        listing: what reads it, from ``start`` on.
    """

    def __init__(
        self,
        *,
        config: SourceConfig,
        provider: Provider,
        upstream: Upstream,
        limiter: Limiter,
        collectors: Sequence[AnyCollector],
        desk: Desk,
        poller: Poller,
        selection: Selection,
    ) -> None:
        """Build a source without customers that polls nothing yet."""
        self.name = config.name
        self.config = config
        self.provider = provider
        self.upstream = upstream
        self.limiter = limiter
        self.collectors = [each for each in collectors if selection.has(selection.collectors, each.name)]
        self.discovery: DiscoveryConfig | None = getattr(config, "discovery", None)
        self.roster = Roster(config.name, self._enlist)
        self.is_listed = self.discovery is None
        self.is_list_missing = False
        self.listing: Listing | None = None
        self._desk = desk
        self._poller = poller
        self._selection = selection
        self._lock = threading.RLock()
        secrets = secrets_of(getattr(config, "credentials", None))
        self._tasks = {each.name: Task(self.name, each, desk, lambda: self._sizes, secrets) for each in self.collectors}
        self._scopes = {each.name: scope_of(config, each) for each in self.collectors}
        self._fetches: dict[str, list[Fetch]] = {collector.name: [] for collector in self.collectors}
        self._info: Family | None = None
        self._is_started = False
        self._is_closed = False
        self.size = 0
        self._sizes = (0, 0)
        self.planned = 0.0

    # What there is to know

    @property
    def customers(self) -> Sequence[Customer]:
        """Every customer that takes part."""
        with self._lock:
            customers = self.roster.customers
            # It is asked for again and again of a hundred thousand, of whom a choice is hardly ever made.
            return [each for each in customers if self._takes_part(each)] if self._selection.customers else customers

    @property
    def fetches(self) -> Sequence[Fetch]:
        """Every fetch, also for customers that have left since."""
        with self._lock:
            return list(chain.from_iterable(self._fetches.values()))

    def probe(self, number: int = 0) -> None:
        """Make one cheap call that tells whether the vendor answers and the credentials work.

        Args:
            number: which of the customers it is made for, round and round, so that one bad customer cannot stand for
                all of them.

        Raises:
            FetchError: it does not, or they do not.
        """
        customers = self.customers
        # Own credentials tell nothing of the source's, which are to be seen accepted.
        customers = [each for each in customers if not has_own_credentials(each)] or customers
        if customers or self.can_list:
            chosen = [customers[number % len(customers)]] if customers else []
            self.provider.probe(self.config, self.upstream.prober(), chosen)

    @property
    def can_list(self) -> bool:
        """Whether the vendor has a list of customers."""
        return "discovery" in type(self.config).model_fields

    def find(self) -> Sequence[Found]:
        """Return the vendor's list of customers, whole.

        Raises:
            FetchError: the list could not be read whole.
        """
        return self.provider.discover(self.config, self.upstream.client("discovery"))

    # What changes

    def configure(self, customers: Sequence[Customer]) -> None:
        """Take the configured customers; before ``start`` they only come onto the roster."""
        with self._lock:
            self._configure(customers)

    def foresee(self, customers: Iterable[Customer]) -> Foreseen:
        """Return what is kept of those of these customers who are not there yet, while no page has to wait."""
        present = self._desk.store.add_source(self.name).records
        coming = [customer for customer in customers if self._takes_part(customer) and customer.name not in present]
        return Foreseen(self._desk.state, self._scopes.values(), coming)

    def renew(
        self,
        config: SourceConfig,
        collectors: Sequence[AnyCollector],
        customers: Sequence[Customer],
        foreseen: Foreseen,
    ) -> None:
        """Go on by a new configuration of the same source, whose customers may be others.

        ``collectors`` are those that ask in another way from now on, for the same; ``foreseen`` is of the customers.
        """
        with self._lock:
            self.config = config
            renewed = {each.name: each for each in collectors}
            self.collectors = [renewed.get(each.name, each) for each in self.collectors]
            for each in self.collectors:
                self._tasks[each.name].collector = each
            self._configure(customers, foreseen)

    def close(self) -> None:
        """Leave at once, with everything that was shown; what is still under way changes nothing any more."""
        with self._lock:
            self._is_closed = True
            self._poller.remove_source(self.name)
            self._desk.instruments.retire(self.name)
            self._desk.store.remove_source(self.name)
            # What is in a cycle is freed by nobody else: the garbage collector was told to leave it alone.
            self._fetches = {}
            self.roster = Roster(self.name, self._enlist)
            self.config = self.config.of_lists(())

    def still(self) -> AbstractContextManager[bool]:
        """Let nobody come or go inside the block, but by the calling thread."""
        return self._lock

    def _configure(self, customers: Sequence[Customer], foreseen: Foreseen | None = None) -> None:
        """Take the configured customers and filter; the list is read again for whom it may have from now on."""
        movement = self.roster.configure(customers)
        self._move(movement, foreseen)
        before, self.discovery = self.discovery, getattr(self.config, "discovery", None)
        if self.discovery and self.discovery != before:
            self._move(self.roster.dismiss(self.discovery.admits))
        if self.listing and (movement.left or self.discovery != before):
            self._poller.hasten(self.listing)
        self._count()

    def take_list(self, found: Sequence[Found], missing: Sequence[Missing] = ()) -> Sequence[Missing] | None:
        """Take a list of the vendor's, and who took part without; return who does now, None if nothing counts any more.

        Customers come and go, and it is shown who may send.
        """
        with self._lock:
            if self._is_closed:
                return None
            before = dict(self.roster.active)
            self._move(self.roster.take_list(found, self._is_wanted, missing))
            self._count()
            active = self.roster.active
            self._describe(each for each in self.customers if before.get(each.id) != active.get(each.id))
            return self.roster.missing

    def expire_list(self) -> None:
        """Show no more who may send, since the list is too old; nobody leaves."""
        with self._lock:
            listed, self.roster.active = self.roster.active, {}
            self._describe(each for each in self.customers if each.id in listed)

    def describe(self, info: Family) -> None:
        """Show what the configuration says of each customer; ``info`` has the names of the labels."""
        with self._lock:
            self._info = info
            self._describe(self.customers)

    def start(self, concurrency: int, *, is_anew: bool = False) -> None:
        """Begin to poll for the customers on the roster, those on the list as it was kept among them.

        What is due later, by what was kept, is due at once if the source ``is_anew``.

        Raises:
            CorruptState: what was kept can't be trusted.
        """
        with self._lock:
            self.listing = self._recalled_listing()
            self._is_started = True
            fetches = [*self._of_source(), *self._first(self._singles(self.customers))]
        intervals = {self._tasks[name]: fetches[0].interval for name, fetches in self._fetches.items() if fetches}
        for index, fetch in enumerate(fetches):
            # Turns stand evenly over the interval, in the order in which the store groups customers:
            # between two scrapes, few groups change.
            fetch.phase = intervals[fetch.task] * index / len(fetches)
        listings = [self.listing] if self.listing else []
        shortest = min((*intervals.values(), *(each.interval for each in listings)), default=_NOTHING_TO_POLL)
        turns: list[Listing | Fetch] = [*listings, *fetches]
        for turn in turns if is_anew else ():
            turn.due = 0.0
        # Before anything is fetched: a circuit that opened unseen would never be probed, nor close.
        Probing(self.name, self.upstream.circuit, self.probe, self._begin, self._resume)
        self._poller.add_source(self.name, self.upstream, concurrency, shortest, turns)

    def _begin(self, probe: Probe, seconds: float) -> None:
        with self._lock:
            if not self._is_closed:
                self._poller.add_later(probe, seconds)

    def _resume(self) -> None:
        with self._lock:
            if not self._is_closed:
                self._poller.resume(self.name)

    def _recalled_listing(self) -> Listing | None:
        """Return what reads the vendor's list, after taking the list as it was last read; None if nobody reads it."""
        if self.discovery is None:
            return None
        lists = Lists(self._desk.state, list_name(self.config), self.config.listed_settings)
        listing = Listing(self, self.discovery.interval, self._desk, lists)
        if kept := lists.read():
            self.take_list(kept.found, kept.missing)
            self._describe(self.customers)
        if attempted := lists.attempted():
            listing.recall(kept, attempted)
        return listing

    def _move(self, movement: Movement, foreseen: Foreseen | None = None) -> None:
        """Let customers go with all their series, and poll for those who came."""
        if not self._is_started:
            return
        foreseen = foreseen or self.foresee(movement.joined)
        for customer in filter(self._takes_part, movement.left):
            self._desk.store.remove(self.name, customer.name)
        for name, fetches in self._fetches.items() if movement.left else ():
            self._fetches[name] = [each for each in fetches if not each.is_over()]
        joined = list(filter(self._takes_part, movement.joined))
        self._describe([*joined, *filter(self._takes_part, movement.relabelled)])
        singles = self._singles(joined)
        self._poller.add([fetch for collector in self.collectors for fetch in self._join(collector, singles, foreseen)])

    # Fetches

    def _of_source(self) -> Iterator[Fetch]:
        for collector in self.collectors:
            if isinstance(collector, SourceCollector):
                [record] = self._desk.store.enrol(self.name, [""])
                yield from self._fetches_of(collector, [(Member(None, record),)])

    def _first(self, singles: Sequence[_Single]) -> Sequence[Fetch]:
        """Return the fetches for customers in a row, by the first of them that each is for."""
        places = {member: number for number, (member,) in enumerate(singles)}
        fetches = [
            fetch
            for collector in self.collectors
            if not isinstance(collector, SourceCollector)
            for fetch in self._fetches_of(collector, _wanted(collector, singles))
        ]
        return sorted(fetches, key=lambda fetch: places[fetch.members[0]])

    def _join(self, collector: AnyCollector, singles: Sequence[_Single], foreseen: Foreseen) -> Iterator[Fetch]:
        """Put customers into fetches that have room, and return new fetches for the others."""
        if isinstance(collector, SourceCollector):
            return
        waiting = _wanted(collector, singles)
        size = batch_size(collector)
        for fetch in self._fetches[collector.name] if waiting and size > 1 and self._poller.is_repeating else ():
            present = fetch.present
            room = size - len(present)
            if waiting and room > 0:
                self._open(collector, waiting[:room], foreseen)
                fetch.members = (*present, *chain.from_iterable(waiting[:room]))
                del waiting[:room]
                self._poller.hasten(fetch)
        for fetch in self._fetches_of(collector, waiting, foreseen):
            fetch.phase = fetch.interval * _fraction(self.name, collector.name, fetch.members[0].record.name)
            yield fetch

    def _fetches_of(
        self, collector: AnyCollector, singles: Sequence[_Single], foreseen: Foreseen | None = None
    ) -> Sequence[Fetch]:
        """Return new fetches for customers in a row."""
        self._open(collector, singles, foreseen)
        size = batch_size(collector)
        batches: Iterable[tuple[Member, ...]] = singles
        if size > 1:
            starts = range(0, len(singles), size)
            batches = (tuple(chain.from_iterable(singles[start : start + size])) for start in starts)
        task = self._tasks[collector.name]
        fetches = [Fetch(task, batch) for batch in batches]
        if not self._desk.state.is_empty:
            self._put_off(fetches, collector.settings.interval)
        self._fetches[collector.name] += fetches
        return fetches

    def _put_off(self, fetches: Sequence[Fetch], interval: float) -> None:
        """Let each fetch be due when it would have been, had the program run all the time."""
        lead = self._desk.clock.monotonic() - self._desk.clock.time() + interval
        for fetch in fetches:
            oldest = min([member.record.last_attempt(fetch.collector.name, interval) for member in fetch.members])
            fetch.due = oldest + lead

    def _singles(self, customers: Sequence[Customer]) -> Sequence[_Single]:
        records = self._desk.store.enrol(self.name, [customer.name for customer in customers], customers)
        return [(Member(customer, record),) for customer, record in zip(customers, records, strict=True)]

    def _open(self, collector: AnyCollector, singles: Sequence[_Single], foreseen: Foreseen | None) -> None:
        records, scope = [member.record for (member,) in singles], self._scopes[collector.name]
        self._desk.store.open(records, collector.name, collector.settings.interval, scope, foreseen)

    # Customers

    def _takes_part(self, customer: Customer) -> bool:
        return self._selection.has(self._selection.customers, customer.name)

    def _count(self) -> None:
        # Kept, since a scrape asks for both and there may be 100,000 customers.
        customers = self.customers
        self.size = len(customers)
        self._sizes = (self.size, self.size - sum(map(has_own_credentials, customers)))
        self.planned = sum(each.settings.calls(customers) / each.settings.interval for each in self.collectors)
        self.planned += 1 / self.discovery.interval if self.discovery else 0

    def _is_wanted(self, found: Found) -> bool:
        return self.discovery is not None and self.discovery.admits(found.user)

    def _enlist(self, found: Found) -> Customer:
        name = label_of(found, self.discovery.label if self.discovery else "user")
        return Customer(found.key, name, self.config.timezone, self._desk.clock, settings=found.settings)

    def _describe(self, customers: Iterable[Customer]) -> None:
        """Show what is known of customers; of very many, most have the same labels as some other."""
        active = self.roster.active
        samples = cache(self._samples)
        names = self._info.labels if self._info else ()
        self._desk.store.describe(
            self.name,
            (
                (each.name, samples(tuple([each.labels.get(name, "") for name in names]), active.get(each.id)))
                for each in customers
            ),
        )

    def _samples(self, labels: tuple[str, ...], is_active: bool | None) -> Sequence[Sample]:  # noqa: FBT001 - a value
        samples = [] if self._info is None else [self._info.sample(1, *labels)]
        if self.provider.active is not None and is_active is not None:
            samples.append(self.provider.active.sample(is_active))
        return samples


def _wanted(collector: AnyCollector, singles: Sequence[_Single]) -> list[_Single]:
    """Return those that the collector asks anything for."""
    calls = collector.settings.calls
    return [single for single in singles if calls([single[0].customer])]


def _fraction(*names: str) -> float:
    """Return a fraction of 1 that is always the same for the same names, and spread evenly over many."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64
