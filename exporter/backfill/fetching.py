"""The asking: a few threads for each source, each on one errand, until all is fetched, kept, or known to fail."""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from exporter.backfill.plan import DAYS, TOTALS, Errand, Plan, Step
from exporter.errors import FetchError, Stopped, may_be_of_one
from exporter.providers.base import Customer
from exporter.source import Source

# How often it is looked whether somebody wants the program to end.
_LOOK_AGAIN = 0.1


@dataclass(frozen=True, slots=True)
class Failure:
    """One customer of whom not all could be fetched, so that it is left out."""

    source: str
    customer: str
    collectors: str
    error: FetchError

    def __str__(self) -> str:
        """Return who it is and why, in words."""
        return f"source {self.source}, customer {self.customer}, {self.collectors}: {self.error.reason}: {self.error}"


@dataclass(slots=True)
class Fetching:
    """The asking for all of a plan.

    Attributes:
        concurrency: requests in flight, of one source.
        failures: who is left out, and why.
    """

    plan: Plan
    concurrency: int
    failures: list[Failure] = field(default_factory=list)
    _ended: "queue.SimpleQueue[int | BaseException | None]" = field(default_factory=queue.SimpleQueue)

    def run(self, is_told: Callable[[], bool], progress: Callable[[int], None]) -> bool:
        """Ask for what is left; return whether nobody wanted it to end early.

        Args:
            is_told: whether somebody wants the program to end.
            progress: told how many calls, of those planned, are done with.

        Raises:
            StartError: what was fetched can't be kept.
        """
        threads = [thread for source in self.plan.sources for thread in self._threads(source)]
        for thread in threads:
            thread.start()
        working = len(threads)
        try:
            while working and not is_told():
                try:
                    news = self._ended.get(timeout=_LOOK_AGAIN)
                except queue.Empty:
                    continue
                if isinstance(news, BaseException):
                    raise news
                working -= news is None
                progress(news or 0)
        finally:
            for source in self.plan.sources:
                # Who waits at the limiter is sent away; a request under way is left behind.
                source.upstream.close()
        return not working

    def _threads(self, source: Source) -> Iterator[threading.Thread]:
        errands: queue.SimpleQueue[Errand] = queue.SimpleQueue()
        unfinished = [errand.unfinished(self.plan.journal) for errand in self.plan.errands.get(source.name, ())]
        # Even of whom no step is left: whatever ended the last run may have done so just before it was noted.
        todo = [errand for errand in unfinished if errand.customers]
        for errand in todo:
            errands.put(errand)
        for number in range(min(self.concurrency, len(todo))):
            yield threading.Thread(target=self._work, args=(errands,), name=f"{source.name}-{number}", daemon=True)

    def _work(self, errands: "queue.SimpleQueue[Errand]") -> None:
        try:
            while True:
                self._carry_out(errands.get_nowait())
        except (queue.Empty, Stopped):
            self._ended.put(None)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits, and raised there
            self._ended.put(error)

    def _carry_out(self, errand: Errand) -> None:
        journal, left = self.plan.journal, errand.left(self.plan.journal)
        while left:
            step, *following = left
            answers = self._ask(errand, step)
            if may_be_of_one(answers) and len(errand.customers) > 1:
                # One customer can spoil a batch, so each is asked alone.
                for alone in errand.alone():
                    self._carry_out(alone)
                return
            errand = self._keep(errand, step, answers)
            self._ended.put(step.calls)
            if not errand.customers:
                self._ended.put(sum(each.calls for each in following))
                return
            left = following
        journal.complete(errand.name, [kept.number for _, kept in errand.customers])

    def _ask(self, errand: Errand, step: Step) -> Mapping[Customer, object] | FetchError:
        customers = [customer for customer, _ in errand.customers]
        try:
            if step.kind == TOTALS:
                return errand.history.totals(customers)
            return errand.history.days(customers, step.first, step.last)
        except FetchError as error:
            return error

    def _keep(self, errand: Errand, step: Step, answers: Mapping[Customer, object] | FetchError) -> Errand:
        """Keep what came, and return the errand for those who did not fail."""
        if isinstance(answers, FetchError):
            answers = {customer: answers for customer, _ in errand.customers}
        numbers = {customer: kept.number for customer, kept in errand.customers}
        failed = {customer: each for customer, each in answers.items() if isinstance(each, FetchError)}
        good = {numbers[customer]: each for customer, each in answers.items() if customer not in failed}
        journal = self.plan.journal
        keep = {DAYS: journal.keep_days, TOTALS: journal.keep_totals}.get(step.kind, journal.keep_later)
        if good:
            keep(errand.name, step.name, good)  # type: ignore[operator]  # each takes what its kind of step brings
        self._judge(errand.source, answers)
        for customer, error in failed.items():
            names = ", ".join(errand.history.collectors)
            self.failures.append(Failure(errand.source.name, customer.name, names, error))
        rest = tuple(each for each in errand.customers if each[0] not in failed)
        return Errand(errand.source, errand.history, rest, errand.first)

    def _judge(self, source: Source, answers: Mapping[Customer, object]) -> None:
        """Tell the circuit how it went, so that a vendor that is down, or refuses the credentials, is left in peace."""
        outcomes = [each.reason if isinstance(each, FetchError) else None for each in answers.values()]
        source.upstream.circuit.fetched(outcomes, [customer.name for customer in answers], source.size)
