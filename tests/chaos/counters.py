"""What Prometheus has of the vendors' counters after a chaos run, and what it must never have."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import requests

from exporter.demo import World
from exporter.demo.scenarios import CALM, Retelling
from tests.chaos.run import Run
from tests.chaos.story import ANEW, Moment
from tests.chaos.vendors import APIS
from tests.e2e.programs import Series, Values, labels_of, series
from tests.truth.series import customers_named
from tests.truth.shown import shown_by

# Seconds after which an account that begins anew is seen to, though processes are killed and vendors fail meanwhile.
_SEEN_WITHIN = 60.0
# A sample bears the time at which its scrape began, and that may take so many seconds.
_SCRAPE = 1.1
_ROUNDING = 1e-6
_TARGET = ("instance", "job")
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Curve:
    """One counter in Prometheus.

    Attributes:
        points: its values by Unix time, the first one first.
        resets: how many PromQL counts.
        increased: by how much it rose, as PromQL extrapolates it.
    """

    series: Series
    points: Sequence[tuple[float, float]]
    resets: float
    increased: float

    @property
    def falls(self) -> Sequence[float]:
        """When it fell."""
        return [at for (_, before), (at, value) in pairwise(self.points) if value < before]

    @property
    def increase(self) -> float:
        """By how much it rose, sample by sample: after a fall from nothing."""
        return sum(after - before if after >= before else after for (_, before), (_, after) in pairwise(self.points))


def curves(run: Run) -> Sequence[Curve]:
    """Return every counter of a vendor."""
    names = sorted({name for name, _ in run.last.values() if name.startswith("sendgrid_") and name.endswith("_total")})
    span = f"[{int(run.seconds) + 600}s]"
    found = []
    for name in names:
        resets, increases = (
            {_series(each, name): float(each["value"][1]) for each in _ask(run, f"{function}({name}{span})")}
            for function in ("resets", "increase")
        )
        for each in _ask(run, f"{name}{span}"):
            key = _series(each, name)
            points = [(float(at), float(value)) for at, value in each["values"]]
            found.append(Curve(key, points, resets.get(key, 0.0), increases.get(key, 0.0)))
    return found


def falls(run: Run, all_curves: Sequence[Curve]) -> Iterator[str]:
    """Yield in words which counter fell, but for those of the account that begins anew, once, soon after it did."""
    anew = _who_begins_anew(run)
    began = run.clock.when(run.story.anew_at)
    for curve in all_curves:
        labels = labels_of(curve.series)
        said = f"{curve.series} fell at {curve.falls}, resets() is {curve.resets:g}"
        if (labels["source"], labels["customer"]) not in anew:
            if curve.falls or curve.resets:
                yield said
        elif len(curve.falls) != 1 or curve.resets != 1 or not began <= curve.falls[0] <= began + _SEEN_WITHIN:
            yield f"{said}, though its account began anew at {began}"


def excesses(run: Run, all_curves: Sequence[Curve]) -> Iterator[str]:
    """Yield in words which counter was ever above what was truly sent, or rose by more over the run."""
    past = Past(run)
    moments = {at for curve in all_curves for at, _ in curve.points if at < run.clock.ends}
    truth = {at: past.sent(run.clock.at(at + _SCRAPE)) for at in moments}
    first, last = past.sent(run.began), past.sent(run.clock.time())
    for curve in all_curves:
        above = [(at, value) for at, value in curve.points if at in truth and value > truth[at][curve.series]]
        if above:
            yield f"{curve.series} was above the truth {len(above)} times, first {above[0]}"
        sent = last[curve.series] - first[curve.series]
        if curve.increase > sent:
            yield f"{curve.series} rose by {curve.increase:g}, but {sent:g} were sent"
        # At both ends PromQL extrapolates by about half the mean time between two samples, or by little more than it.
        most = sent * (1 + 2 / (len(curve.points) - 1)) + _ROUNDING if len(curve.points) > 1 else 0.0
        if curve.increased > most:
            yield f"increase() of {curve.series} is {curve.increased:g}, but {sent:g} were sent"


class Past:
    """What was truly sent by any moment, however an account was told to begin anew."""

    def __init__(self, run: Run) -> None:
        """Look back at the sources of a run."""
        self._moment = Moment()
        self._world = World(self._moment)
        self._sections = [_totals_alone(section) for section in run.sections]

    def sent(self, moment: float) -> Values:
        """Return every counter at a Unix time of the vendors."""
        self._moment.now = moment
        story = Retelling(self._world, CALM, moment)
        told = {found: value for each in self._sections for found, value in shown_by(each, story).items()}
        return {(name, labels): value for (name, labels), value in told.items() if name.endswith("_total")}


def _totals_alone(section: Mapping[str, Any]) -> Mapping[str, Any]:
    collectors = {name: {**options, "enabled": name == "totals"} for name, options in section["collectors"].items()}
    return {**section, "collectors": collectors}


def _who_begins_anew(run: Run) -> Collection[tuple[str, str]]:
    """Return the source and the label of the account wherever the Web API tells its totals."""
    return {
        (section["name"], named.label)
        for section in run.sections
        if section["type"] in APIS.values()
        for named in customers_named(section, run.vendors.story)
        if named.account.user == ANEW
    }


def _series(found: Mapping[str, Any], name: str) -> Series:
    labels = {label: value for label, value in found["metric"].items() if label not in (*_TARGET, "__name__")}
    return series(name, **labels)


def _ask(run: Run, expression: str) -> Sequence[Mapping[str, Any]]:
    url = f"http://127.0.0.1:{run.prometheus_port}/api/v1/query"
    answer = requests.get(url, {"query": expression}, timeout=_PATIENCE).json()
    assert answer["status"] == "success", answer
    found: Sequence[Mapping[str, Any]] = answer["data"]["result"]
    return found
