"""What must hold after a chaos run, whatever happened in it."""

import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise

from tests.chaos import counters
from tests.chaos.run import ATTEMPTS, Life, Run
from tests.chaos.vendors import APIS, CALLS, PER, Seen, interval_of

# Seconds in which a process that lives has kept what it was told.
_KEPT_WITHIN = 3.0
# Seconds by which a request may come before its time: of two of one fetch, the second one waits for a place too.
_EARLY = 3.0
# What is no fetch, and fetches of several requests: of those that were answered well, the whole may have failed.
_OTHERS = (None, "discovery", "categories", "suppressions")
# What the last request of a fetch asks for that has the same four each time: an answer to an earlier one is kept by
# nobody if the process is killed before the last.
_LAST = {"ips": "task=available"}
# What a process says that can't so much as read its state for want of room, and ends, since it would show nothing.
_NO_ROOM = "make room on its disk"
# Seconds in which a request that was under way when a pause began has reached the vendor.
_UNDER_WAY = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a run.

    Attributes:
        faults: in words what did not hold; nothing, if all is well.
        figures: how much happened.
    """

    faults: Sequence[str]
    figures: Mapping[str, float]


def judge(run: Run) -> Verdict:
    """Judge a run that has been played."""
    curves = counters.curves(run)
    broken = [
        *counters.falls(run, curves),
        *counters.excesses(run, curves),
        *_limits(run),
        *_logs(run),
        *_state(run),
    ]
    if run.disk is None:
        # Where nothing can be kept, nothing that is due can be known.
        broken += [*_early(run), *_too_often(run), *_pauses(run)]
    gaps = [after.began - before.ended for before, after in pairwise(run.lives)]
    seen = tuple(run.vendors.seen)
    figures = {
        "processes": len(run.lives) + 1,
        "of them killed": sum(life.status < 0 for life in run.lives),
        "most seconds between two": round(max(gaps, default=0.0), 1),
        "faults ordered": run.faults,
        "times that the disk was full": run.fillings,
        "requests": len(seen),
        "of them answered well": sum(each.is_good for each in seen),
        "corrections": len(run.story.corrections),
        "counters": len(curves),
        "samples of them": sum(len(curve.points) for curve in curves),
        "true resets": sum(curve.resets for curve in curves),
        "starts refused for want of room": sum(_NO_ROOM in life.log for life in run.lives),
        "calls that the limit allows": CALLS,
        "most calls in as long": _most_in_a_window(seen),
        "calls over the limit": run.vendors.overruns,
    }
    return Verdict(broken, figures)


def _limits(run: Run) -> Iterator[str]:
    if run.vendors.overruns:
        yield f"{run.vendors.overruns} calls came over the vendors' limit"
    if run.vendors.violations:
        yield f"the vendors were asked for what they mind: {run.vendors.violations}"


def _most_in_a_window(seen: Sequence[Seen]) -> int:
    """Return how close to its limit any API was brought."""
    most = 0
    for api in {each.api for each in seen}:
        arrivals = sorted(each.at for each in seen if each.api == api)
        most = max(most, *(bisect_left(arrivals, at + PER) - number for number, at in enumerate(arrivals)))
    return most


def _early(run: Run) -> Iterator[str]:
    """Yield which request came again before it was due, though what it brought had been kept for the next process."""
    for key, requests in _by_key(run).items():
        for before, after in pairwise(requests):
            wanted = interval_of(run.sections, before.api, str(before.collector))
            life = _life_of(run, before)
            if life is None or after.at < life.ended or before.at > life.ended - _KEPT_WITHIN:
                continue
            if not before.is_good or _LAST.get(str(before.collector), key[-1]) not in key:
                continue
            if after.at - before.at < wanted - _EARLY:
                yield f"{key} was asked again after {after.at - before.at:.1f} s, at a start, instead of {wanted:g} s"


def _too_often(run: Run) -> Iterator[str]:
    """Yield what a process asked for more often than it was due, repetitions included."""
    for key, requests in _by_key(run).items():
        wanted = interval_of(run.sections, requests[0].api, str(requests[0].collector))
        asked = Counter(_life_of(run, each) for each in requests)
        for life, times in asked.items():
            if life is not None and times > ATTEMPTS * ((life.ended - life.began) / wanted + 2):
                yield f"{key} was asked for {times} times in {life.ended - life.began:.1f} s, at {wanted:g} s"


def _pauses(run: Run) -> Iterator[str]:
    """Yield which request came in a pause that its vendor had asked for, though a process had the time to keep it."""
    seen = [each for each in tuple(run.vendors.seen) if each.api in APIS]
    for told in (each for each in seen if each.pause):
        life = _life_of(run, told)
        if life is None or told.at > life.ended - _KEPT_WITHIN:
            continue
        begins, ends = told.at + _UNDER_WAY, told.at + told.pause
        early = [each.at - told.at for each in seen if each.api == told.api and begins < each.at < ends]
        if early:
            yield f"{told.api} asked for {told.pause:g} s without requests, which came after {early}"


def _logs(run: Run) -> Iterator[str]:
    for number, log in enumerate([*(life.log for life in run.lives), run.last.stderr]):
        yield from (f"process {number}: {each}" for each in log.splitlines() if _is_alarming(each))
        if "Traceback" in log:
            yield log[log.index("Traceback") :][:3_000]
    for number, life in enumerate(run.lives):
        if life.status > 0 and not (run.disk and _NO_ROOM in life.log):
            yield f"process {number} ended with {life.status}: {life.log[-500:]}"


def _is_alarming(line: str) -> bool:
    return "level=critical" in line or "internal error" in line or "is corrupt" in line


def _state(run: Run) -> Iterator[str]:
    run.last.process.terminate()
    run.last.wait()
    with closing(sqlite3.connect(run.state)) as database:
        [(words,)] = database.execute("PRAGMA integrity_check").fetchall()
        if words != "ok":
            yield f"the state is damaged: {words}"
        if not database.execute("SELECT count(*) FROM places").fetchone()[0]:
            yield "the state is empty"


def _by_key(run: Run) -> Mapping[tuple[str, ...], Sequence[Seen]]:
    """Return the requests of the APIs that one source alone asks, by what they ask for; each is a whole fetch."""
    found: dict[tuple[str, ...], list[Seen]] = {}
    for each in tuple(run.vendors.seen):
        if each.api in APIS and each.collector not in _OTHERS:
            found.setdefault(each.key, []).append(each)
    return found


def _life_of(run: Run, seen: Seen) -> Life | None:
    """Return the process that sent a request; None for the last one."""
    return next((life for life in run.lives if life.began <= seen.at < life.ended), None)
