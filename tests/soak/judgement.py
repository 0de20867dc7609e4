"""What samples of a long run tell: whether memory, files, threads or the lag of fetches grow."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """How the process was at one moment.

    Attributes:
        at: seconds since it was started.
        memory: bytes that it has in RAM.
        files: how many file descriptors are open.
        lag: seconds for which the most overdue fetch has been due.
        scrape: seconds that Prometheus' last scrape took.
        customers: how many it shows.
        fetches: how many it has made so far.
        failures: how many of those failed.
    """

    at: float
    memory: float
    files: float
    threads: float
    lag: float
    scrape: float
    customers: float
    fetches: float
    failures: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may grow between the first and the last quarter, by the medians of both.

    Attributes:
        memory: as a part of the first quarter's.
        files, threads: how many more.
        lag: how many seconds more.
    """

    memory: float = 0.05
    files: float = 1
    threads: float = 0
    lag: float = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What was first and last, and whether that is within bounds."""

    what: str
    first: str
    last: str
    bound: str
    is_good: bool


def judged(samples: Sequence[Sample], warm_up: float, bounds: Bounds) -> Sequence[Finding]:
    """Compare the first with the last quarter of what came after the warm-up.

    Raises:
        ValueError: there are fewer than four samples after it.
    """
    warm = [sample for sample in samples if sample.at >= warm_up]
    size = len(warm) // 4
    if not size:
        raise ValueError(f"{len(warm)} samples after the warm-up are too few to tell anything")
    first, last = warm[:size], warm[-size:]
    return list(_findings(first, last, bounds))


def _findings(first: Sequence[Sample], last: Sequence[Sample], bounds: Bounds) -> Iterator[Finding]:
    before, after = _middle(first, lambda each: each.memory), _middle(last, lambda each: each.memory)
    growth = after / before - 1
    yield Finding(
        "memory",
        f"{before / _MEGABYTE:.1f} MB",
        f"{after / _MEGABYTE:.1f} MB",
        f"{growth:+.1%}, at most {bounds.memory:+.0%}",
        growth <= bounds.memory,
    )
    more: Sequence[tuple[str, Callable[[Sample], float], float]] = (
        ("file descriptors", lambda each: each.files, bounds.files),
        ("threads", lambda each: each.threads, bounds.threads),
        ("lag in seconds", lambda each: each.lag, bounds.lag),
    )
    for what, measure, bound in more:
        before, after = _middle(first, measure), _middle(last, measure)
        growth = after - before
        yield Finding(what, f"{before:.4g}", f"{after:.4g}", f"{growth:+.4g}, at most {bound:+g}", growth <= bound)


def _middle(samples: Sequence[Sample], measure: Callable[[Sample], float]) -> float:
    return median(map(measure, samples))


def table(samples: Sequence[Sample], rows: int) -> Iterator[str]:
    """Yield the lines of a table with about so many rows, each with the medians of a part of the run."""
    heads = ("minutes", "RSS MB", "fds", "threads", "lag s", "scrape s", "customers", "fetches/min", "failed/min")
    yield "| " + " | ".join(heads) + " |"
    yield "|" + " ---: |" * len(heads)
    size = max(2, -(-len(samples) // rows))
    for start in range(0, len(samples) - 1, size):
        part = samples[start : start + size + 1]
        minutes = max(part[-1].at - part[0].at, 1e-9) / 60
        cells = (
            f"{part[0].at / 60:.1f}-{part[-1].at / 60:.1f}",
            f"{_middle(part, lambda each: each.memory) / _MEGABYTE:.1f}",
            f"{_middle(part, lambda each: each.files):g}",
            f"{_middle(part, lambda each: each.threads):g}",
            f"{_middle(part, lambda each: each.lag):.1f}",
            f"{_middle(part, lambda each: each.scrape):.2f}",
            f"{_middle(part, lambda each: each.customers):,.0f}",
            f"{(part[-1].fetches - part[0].fetches) / minutes:,.0f}",
            f"{(part[-1].failures - part[0].failures) / minutes:,.1f}",
        )
        yield "| " + " | ".join(cells) + " |"
