"""What can only be seen of several entries together: names that stand twice, and schedules that don't fit."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from exporter.config.duration import format_duration
from exporter.config.mistakes import Mistake
from exporter.config.models import RateLimitConfig, SourceConfig
from exporter.config.places import Path, show

# Sums of fractions come out a hair too high; a schedule that fits exactly must pass.
_ROUNDING = 1e-7
# Intervals shorter than this are not rounded up to whole seconds.
_COARSE = 10


def same_names(names: Iterable[tuple[Path, str]], what: str) -> Iterator[Mistake]:
    """Yield a mistake for each name that an earlier entry has already; ``what`` is the word for an entry."""
    first: dict[str, Path] = {}
    for path, name in names:
        if name in first:
            other = first[name][-2]
            yield Mistake(path, f"{show(name)} is taken by {what} [{other}] already; each needs its own")
        else:
            first[name] = path


def impossible_schedules(sources: Mapping[int, SourceConfig]) -> Iterator[Mistake]:
    """Yield a mistake for each rate limit that the configured customers and intervals can't keep.

    ``sources`` has those that can be judged, by their numbers.
    """
    # A source that shares nothing has a budget of its own, under its number.
    budgets: dict[str | int, list[int]] = {}
    for index, source in sources.items():
        budgets.setdefault(source.rate_limit.shared or index, []).append(index)
    for members in budgets.values():
        first = sources[members[0]].rate_limit
        unlike = [each for each in members if not _agree(sources[each].rate_limit, first)]
        for index in unlike:
            yield Mistake(
                ("sources", index, "rate_limit"),
                f"differs from that of source [{members[0]}], with which it shares {show(first.shared or '')}; "
                "give both the same calls and per",
            )
        if not unlike:
            yield from _overload(members, [sources[each] for each in members])


def _agree(one: RateLimitConfig, other: RateLimitConfig) -> bool:
    return (one.calls, one.per) == (other.calls, other.per)


def _overload(members: Sequence[int], sources: Sequence[SourceConfig]) -> Iterator[Mistake]:
    limit = sources[0].rate_limit
    needed = limit.per * sum(sum(source.planned_calls().values()) for source in sources)
    if needed <= limit.calls * (1 + _ROUNDING):
        return
    factor = _up(needed / limit.calls * 100) / 100
    calls = _up(needed)
    who = "the schedule needs" if len(sources) == 1 else f"the sources that share {show(limit.shared or '')} need"
    for index, source in zip(members, sources, strict=True):
        message = (
            f"{who} {calls} calls per {format_duration(limit.per)}, but {limit.calls} are allowed; "
            f"make the intervals {factor:g} times as long ({_longer(source, factor)}), "
            "or raise calls if the vendor allows more"
        )
        yield Mistake(("sources", index, "rate_limit"), message)


def _longer(source: SourceConfig, factor: float) -> str:
    asking = {name for name, calls in source.planned_calls().items() if calls}
    longer = {name: _long(collector.interval * factor) for name, collector in source.collectors if name in asking}
    return ", ".join(f"{name} {format_duration(seconds)}" for name, seconds in longer.items())


def _long(seconds: float) -> float:
    """Return an interval rounded up: to seconds, or where those would be coarse to milliseconds."""
    return _up(seconds) if seconds >= _COARSE else _up(seconds * 1000) / 1000


def _up(number: float) -> int:
    return math.ceil(round(number, 6))
