"""What rules would have recorded, and which alerts they would have raised, had they been there in days that are over.

promtool's own backfill of rules leaves alerts out, and doesn't see what other rules of the same run record.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from exporter.config.duration import parse_duration
from exporter.exposition.values import escape
from tests.simulation.archive import Archive, add

_RECORDED = re.compile(r"\b[a-z_]+:[a-z_0-9]+:\w+")
_Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Times:
    """When rules are evaluated, in Unix time: from one moment to another, every so many seconds."""

    begin: float
    end: float
    step: float


def evaluate(folder: Path, files: Iterable[Path], recorded: Times, alerted: Times) -> None:
    """Add to an archive what the rules of these files record, and the alerts that they raise."""
    groups = [group for file in files for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]]
    rules = [rule for group in groups for rule in group["rules"]]
    waiting = [rule for rule in rules if "record" in rule]
    while waiting:
        names = {rule["record"] for rule in waiting}
        ready = [rule for rule in waiting if not names & {*_RECORDED.findall(rule["expr"])}]
        assert ready, f"these wait for each other: {sorted(names)}"
        _extend(folder, ready, recorded)
        waiting = [rule for rule in waiting if rule not in ready]
    _extend(folder, [rule for rule in rules if "alert" in rule], alerted)


def _extend(folder: Path, rules: Sequence[_Rule], times: Times) -> None:
    file = folder / "rules.om"
    with Archive(folder) as archive, file.open("w", encoding="utf-8") as stream:
        for rule in rules:
            stream.writelines(made(archive, rule, times))
        stream.write("# EOF\n")
    add(folder, file)


def made(archive: Archive, rule: _Rule, times: Times) -> Iterator[str]:
    """Return what a rule makes of an archive, as lines of OpenMetrics."""
    return _record(archive, rule, times) if "record" in rule else _raise(archive, rule, times)


def _record(archive: Archive, rule: _Rule, times: Times) -> Iterator[str]:
    for labels, values in _answers(archive, rule, times):
        for at, value in sorted(values.items()):
            yield _line(rule["record"], labels, value, at)


def _answers(archive: Archive, rule: _Rule, times: Times) -> Iterator[tuple[Mapping[str, str], Mapping[float, float]]]:
    """Yield what a rule makes: the labels and the values by time of each series."""
    # Curves that differ in nothing but the name of the metric become one.
    joined: dict[frozenset[tuple[str, str]], dict[float, float]] = {}
    for curve in archive.over(rule["expr"], times.begin, times.end, times.step):
        labels = {**curve.labels, **rule.get("labels", {})}
        labels.pop("__name__", None)
        joined.setdefault(frozenset(labels.items()), {}).update(curve.values)
    for pairs, values in joined.items():
        yield dict(pairs), values


def _raise(archive: Archive, rule: _Rule, times: Times) -> Iterator[str]:
    pending, keeping = (parse_duration(rule.get(key, "0s")) for key in ("for", "keep_firing_for"))
    for each, values in _answers(archive, rule, times):
        labels = {**each, "alertname": rule["alert"]}
        for since, until in _spells(sorted(values), times.step):
            is_over = until < times.end
            firing = since + pending
            last = until + keeping if is_over and until >= firing else until
            for at in _moments(since, min(last, times.end), times.step):
                state = "firing" if at >= firing else "pending"
                yield _line("ALERTS", {**labels, "alertstate": state}, 1, at)
                yield _line("ALERTS_FOR_STATE", labels, since, at)


def _spells(moments: Sequence[float], step: float) -> Iterator[tuple[float, float]]:
    """Yield the first and the last of each row of moments without a gap."""
    begin = before = moments[0]
    for moment in moments[1:]:
        if moment - before > step:
            yield begin, before
            begin = moment
        before = moment
    yield begin, before


def _moments(begin: float, end: float, step: float) -> Iterator[float]:
    return (begin + index * step for index in range(int((end - begin) / step) + 1))


def _line(name: str, labels: Mapping[str, str], value: float, at: float) -> str:
    pairs = ",".join(f'{key}="{escape(each)}"' for key, each in sorted(labels.items()))
    return f"{name}{{{pairs}}} {value!r} {at:.3f}\n"
