"""Who draws from which rate limit, also when the configuration becomes another: the vendor goes on counting."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from exporter.clock import Clock
from exporter.config import SourceConfig
from exporter.config.comparison import account_of
from exporter.state import Budget, State, budget_name
from exporter.upstream import Limiter

_NO_PAUSES: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class _Trace:
    """What tells a source that is gone from any other, and what its vendor may still count.

    Attributes:
        shared: the name of its budget, where it shared one.
        account: its account at the vendor, without a word of it; None where a source still has its name.
        paused_until: monotonic time before which the vendor wants no request.
    """

    name: str
    shared: str | None
    account: bytes | None
    limiter: Limiter
    paused_until: float

    @property
    def is_over(self) -> bool:
        """Return whether the vendor counts nothing any more."""
        return self.limiter.is_forgotten

    def is_same_account(self, source: SourceConfig) -> bool:
        """Return whether a source is this one, perhaps under another name."""
        return self.name == source.name or (self.account is not None and self.account == account_of(source))

    def is_same_budget(self, source: SourceConfig) -> bool:
        """Return whether a source goes on from its window: that of the source itself, or of the budget it shared."""
        is_shared = self.shared is not None and self.shared == source.rate_limit.shared
        return is_shared or self.is_same_account(source)


class Budgets:
    """The rate limiters of all sources: one for each source, or for each budget that sources share."""

    def __init__(self, clock: Clock, state: State) -> None:
        """Begin without any source; what was sent before a restart is known from the state."""
        self._clock = clock
        self._state = state
        self._drawing: Mapping[str, tuple[SourceConfig, Limiter]] = {}
        self._past: list[_Trace] = []
        self._unsettled: list[Limiter] = []
        self._unread: list[Limiter] = []

    @property
    def limiters(self) -> Collection[Limiter]:
        """Every limiter in use, each once."""
        return dict.fromkeys(limiter for _, limiter in self._drawing.values())

    def plan(self, sources: Sequence[SourceConfig], staying: Collection[str] = ()) -> Mapping[str, Limiter]:
        """Return the limiter of each source by its name; nothing is in use before ``take``.

        Those ``staying`` keep theirs; the others have new ones, unless they share that of one that stays.
        """
        found = {name: self._drawing[name][1] for name in staying}
        shared = {each.rate_limit.shared: found[each.name] for each in sources if each.name in found}
        # Who shares nothing is nobody's companion.
        shared.pop(None, None)
        for source in sources:
            if source.name not in found:
                name = source.rate_limit.shared
                limiter = shared.get(name) or self._limiter(source)
                found[source.name] = limiter
                if name is not None:
                    shared[name] = limiter
        return found

    def take(
        self,
        sources: Sequence[SourceConfig],
        limiters: Mapping[str, Limiter],
        staying: Collection[str] = (),
        pauses: Mapping[str, float] = _NO_PAUSES,
    ) -> Mapping[str, float]:
        """Let planned limiters be in use: new ones count what was sent before on behalf of the same budgets.

        Args:
            sources: all sources from now on.
            limiters: what ``plan`` returned for them.
            staying: the names of those that have not changed; nothing is sent for others' old selves any more.
            pauses: seconds for which the vendor of each source that has changed or gone wants no request.

        Returns:
            The seconds for which the vendors of new sources want none.
        """
        fresh = [source for source in sources if source.name not in staying]
        traces = [*self._gone(staying, pauses, {source.name for source in sources}), *self._past]
        heirs: dict[Limiter, dict[Limiter, None]] = {}
        for source in fresh:
            known = heirs.setdefault(limiters[source.name], {})
            known.update((trace.limiter, None) for trace in traces if trace.is_same_budget(source))
        before = self.limiters
        # Without the customers, who may become others, and would stay in memory.
        self._drawing = {source.name: (source.of_lists(()), limiters[source.name]) for source in sources}
        self._hand_over(heirs, before)
        self._past = [each for each in traces if not any(map(each.is_same_budget, fresh)) and not each.is_over]
        now = self._clock.monotonic()
        return {
            source.name: max((each.paused_until for each in traces if each.is_same_account(source)), default=now) - now
            for source in fresh
        }

    def settle(self) -> None:
        """Keep, for a restart, what was sent by limiters that are in use no more, before their heirs let anything out.

        An heir keeps it from then on, perhaps under the same name. Limiters that are nobody's heirs learn what was
        sent before a restart. Both take as long as the disk does.
        """
        unsettled, self._unsettled = self._unsettled, []
        for limiter in unsettled:
            limiter.settle()
        unread, self._unread = self._unread, []
        for limiter in unread:
            limiter.recall()

    def _gone(self, staying: Collection[str], pauses: Mapping[str, float], names: Collection[str]) -> Sequence[_Trace]:
        now, traces = self._clock.monotonic(), []
        for name, (config, limiter) in self._drawing.items():
            if name not in staying:
                account = None if name in names else account_of(config)
                traces.append(_Trace(name, config.rate_limit.shared, account, limiter, now + pauses.get(name, 0.0)))
        return traces

    def _hand_over(self, heirs: Mapping[Limiter, Collection[Limiter]], before: Collection[Limiter]) -> None:
        self._unsettled += [limiter for limiter in before if limiter not in self.limiters]
        for heir, limiters in heirs.items():
            for limiter in limiters:
                limiter.bequeath(heir)
            if not limiters and heir not in before:
                self._unread.append(heir)

    def _limiter(self, source: SourceConfig) -> Limiter:
        book = Budget(self._state, self._clock, budget_name(source)) if self._state.is_lasting else None
        return Limiter(source.rate_limit.calls, source.rate_limit.per, self._clock, book)
