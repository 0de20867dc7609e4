"""The exporter's own metrics: counts and states of fetches, requests, limits and the process itself.

They live in a registry of their own, never in prometheus_client's global one, so that two programs in one
process don't share numbers. Health of single customers is not here: the store keeps it beside their samples.
"""

import platform
import threading
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import wraps
from math import inf
from typing import Any, Concatenate, ParamSpec

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from exporter import __revision__, __version__
from exporter.clock import Clock, SystemClock
from exporter.errors import Reason
from exporter.minutes import Durations

PREFIX = "email_stats_exporter_"
# A fetch is one call of some 100 ms when all is well, and four of 10 s with pauses between when it is not.
_FETCH_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80)
# Seconds for which it is true enough what the system said of the process.
_MOMENT = 2.0


# Gauges of a source that are asked for at each scrape.
_COMPUTED = {
    "source_up": "1 if any fetch of the source succeeded within 3 times its shortest interval.",
    "credentials_rejected": "1 while the circuit is open because the vendor refuses the credentials, else 0.",
    "circuit_open": "1 while the source is not asked, but for probes, because its vendor failed too often, else 0.",
    "oldest_due_timestamp_seconds": "When the most overdue fetch was due; now if none is.",
    "rate_limit_calls": "Requests that the effective rate limit allows in one period.",
    "rate_limit_period_seconds": "Period of the effective rate limit.",
    "schedule_load_ratio": "Planned requests per period, as a fraction of the effective rate limit.",
    "customers": "Customers of the source.",
    "series": "Series of the source that are named for its vendor, those of the configuration included.",
}

_STATE_UP = "1 if the state was written the last time, 0 while counters keep their stored values because it was not."
_STATE_FAILURES = "Writes to the state that failed; a corrupt file that was set aside counts as one."

_CONFIGURATION = {
    "config_last_reload_successful": "1 if the configuration and its files were last read without a mistake.",
    "config_last_reload_success_timestamp_seconds": "Unix time at which they were last read without a mistake.",
}


_Arguments = ParamSpec("_Arguments")


def _unless_retired(
    count: Callable[Concatenate["Instruments", _Arguments], None],
) -> Callable[Concatenate["Instruments", _Arguments], None]:
    """Let a method do nothing once its source is retired: a metric that is named after that comes back to life."""

    @wraps(count)
    def counted(self: "Instruments", /, *arguments: _Arguments.args, **named: _Arguments.kwargs) -> None:
        with self.retiring:
            if not self.is_retired:
                count(self, *arguments, **named)

    return counted


class Instruments:
    """Every own metric that is counted as things happen, by source and collector.

    Attributes:
        registry: what the exposition writes on every page.
        labels: the names of each family's labels, for the metric reference; the process's own have none here.
        durations: how long the fetches of each source took over the last hour.
        retiring: held while something is counted, by all that are of one registry.
        is_retired: whether nothing is counted any more.
        last_configured: Unix time at which the configuration was last read without a mistake; None if it never was.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        """Make the registry and all families, empty but for the process's own."""
        self._clock = clock or SystemClock()
        self.retiring = threading.RLock()
        self.is_retired = False
        self.durations: dict[str, Durations] = {}
        self.last_configured: float | None = None
        # OpenMetrics' creation times arrive in Prometheus as ordinary series and mean nothing to a user.
        prometheus_client.disable_created_metrics()
        self.registry = registry = CollectorRegistry(auto_describe=False)
        self._process = _Process(self._clock)
        registry.register(self._process)
        self.labels: dict[str, tuple[str, ...]] = {}
        self._of_sources: list[_Family] = []
        self._count_fetches()
        self._watch_sources()
        self._config_good, self._config_read = (self._gauge(name, text) for name, text in _CONFIGURATION.items())
        self._state = _StateCollector()
        registry.register(self._state)
        self.labels |= dict.fromkeys((PREFIX + "state_up", PREFIX + "state_write_failures"), ())
        build_info = self._gauge("build_info", "The program that answers.", "version", "revision", "python_version")
        build_info.set((__version__, __revision__, platform.python_version()), 1)

    def _counter(self, name: str, text: str, *labels: str) -> "_Family":
        return self._kept(Counter(PREFIX + name, text, labels, registry=None), name, labels)

    def _gauge(self, name: str, text: str, *labels: str) -> "_Family":
        return self._kept(Gauge(PREFIX + name, text, labels, registry=None), name, labels)

    def _kept(self, metric: Counter | Gauge | Histogram, name: str, labels: tuple[str, ...]) -> "_Family":
        self.labels[PREFIX + name] = labels
        family = _Family(metric)
        self.registry.register(family)
        if "source" in labels:
            self._of_sources.append(family)
        return family

    def _count_fetches(self) -> None:
        each, counter = ("source", "collector"), self._counter
        self._fetches = counter("fetches", "Fetches that ended, a batch being one.", *each)
        self._failures = counter("fetch_failures", "Fetches that failed, by reason.", *each, "reason")
        self._retries = counter("retries", "Requests sent again within a fetch.", *each)
        self._requests = counter(
            "api_requests", 'Requests sent to the vendor, by status code; "error" without a reply.', *each, "code"
        )
        self._rejected = counter("fields_rejected", "Optional fields left out because they were ill-formed.", *each)
        self._repaired = counter("repaired_responses", "Answers read only after a documented repair.", *each)
        name, text = (
            "fetch_duration_seconds",
            "Time of a fetch, retries included, the first wait for the rate limit not.",
        )
        duration = Histogram(PREFIX + name, text, each, registry=None, buckets=_FETCH_BUCKETS)
        self._duration = self._kept(duration, name, each)
        self._wait = counter("rate_limit_wait_seconds", "Time that fetches waited for the rate limit.", "source")

    def _watch_sources(self) -> None:
        gauge = self._gauge
        self._remaining = gauge("rate_limit_remaining", "X-RateLimit-Remaining of the vendor's last answer.", "source")
        self._reset = gauge(
            "rate_limit_reset_timestamp_seconds", "X-RateLimit-Reset of the vendor's last answer.", "source"
        )
        self._discovery_up = gauge("discovery_up", "1 if the vendor's list was read the last time, else 0.", "source")
        self._discovery_success = gauge(
            "discovery_last_success_timestamp_seconds", "Unix time at which the vendor's list was last read.", "source"
        )
        self._interval = gauge(
            "collector_interval_seconds", "Configured interval of a collector.", "source", "collector"
        )
        self._computed = {name: gauge(name, text, "source") for name, text in _COMPUTED.items()}
        self._dropped = gauge(
            "series_dropped", "Series, rows or paths that the last fetches left out, by reason.", "source", "reason"
        )

    def look(self) -> None:
        """Look up what the system says of the process, which is shown for two seconds; else the next scrape does."""
        self._process.look()

    @_unless_retired
    def configured(self, success: float | None) -> None:
        """Show how the last reading of the configuration went: the Unix time at which it succeeded, or None."""
        self._config_good.set((), success is not None)
        if success is not None:
            self.last_configured = success
            self._config_read.set((), success)

    @_unless_retired
    def add_source(self, source: str, intervals: dict[str, float]) -> None:
        """Show a source and its collectors with every counter at 0; ``intervals`` are seconds by collector.

        A counter that is born at 1 is invisible to PromQL's ``increase``.
        """
        self._wait.add(source)
        self.durations[source] = Durations(self._clock.monotonic())
        for collector, seconds in intervals.items():
            self._interval.set((source, collector), seconds)
            for family in (self._fetches, self._retries, self._rejected, self._repaired, self._duration):
                family.add(source, collector)
            for reason in Reason:
                self._failures.add(source, collector, reason.value)

    def for_source(self) -> "Instruments":
        """Return what counts into the same metrics until it is retired, for all that a source has under way."""
        return copy(self)

    def retire(self, source: str) -> None:
        """Take away every series of a source, and count nothing more of what it may still have under way."""
        with self.retiring:
            self.is_retired = True
            for family in self._of_sources:
                family.remove(source)
            self.durations.pop(source, None)

    def compute(self, name: str, source: str, value: Callable[[], float]) -> None:
        """Let a gauge of a source be computed at each scrape; ``name`` is without the common prefix."""
        self._computed[name].compute((source,), value)

    def compute_dropped(self, source: str, reason: str, value: Callable[[], float]) -> None:
        """Let ``series_dropped`` of a source and reason be computed at each scrape."""
        self._dropped.compute((source, reason), value)

    def watch_state(self, is_up: Callable[[], bool], failures: Callable[[], int]) -> None:
        """Show at each scrape whether the state can be written; without this call there is none to show."""
        self._state.ask = lambda: (is_up(), failures())

    @_unless_retired
    def discovered(self, source: str, success: float | None) -> None:
        """Show how the last reading of a vendor's list went: the Unix time at which it succeeded, or None."""
        self._discovery_up.set((source,), success is not None)
        if success is not None:
            self._discovery_success.set((source,), success)

    @_unless_retired
    def fetched(self, source: str, collector: str, seconds: float, failures: Sequence[Reason] = ()) -> None:
        """Count one fetch that ended, and each reason it failed for."""
        self._fetches.count((source, collector))
        self._duration.observe((source, collector), seconds)
        if source in self.durations:
            self.durations[source].add(self._clock.monotonic(), seconds)
        for reason in failures:
            self._failures.count((source, collector, reason.value))

    @_unless_retired
    def requested(self, source: str, collector: str, code: str) -> None:
        """Count one request that was sent; ``code`` is the status, or ``error`` without a reply."""
        self._requests.count((source, collector, code))

    @_unless_retired
    def retried(self, source: str, collector: str) -> None:
        """Count one request that is about to be sent again."""
        self._retries.count((source, collector))

    @_unless_retired
    def rejected(self, source: str, collector: str, fields: int = 1) -> None:
        """Count optional fields that were left out because they were ill-formed."""
        self._rejected.count((source, collector), fields)

    @_unless_retired
    def repaired(self, source: str, collector: str) -> None:
        """Count one answer that was read only after a documented repair."""
        self._repaired.count((source, collector))

    @_unless_retired
    def waited(self, source: str, seconds: float) -> None:
        """Count the time that a request waited for the rate limit."""
        self._wait.count((source,), seconds)

    @_unless_retired
    def rate_limit_seen(self, source: str, remaining: float | None, reset: float | None) -> None:
        """Keep what the vendor's last headers said: requests left, and the Unix time of the reset."""
        if remaining is not None:
            self._remaining.set((source,), remaining)
        if reset is not None:
            self._reset.set((source,), reset)


class _Family:
    """A family whose samples are collected anew only if something was counted since the last time.

    Needs ``Instruments.retiring`` for all but to be collected.
    """

    def __init__(self, metric: Any) -> None:
        self._metric = metric
        self._is_computed = False
        # Another one after each change, and never before it is made.
        self._version = 0
        self._collected: tuple[int | None, Sequence[Metric]] = None, ()

    def add(self, *labels: str) -> None:
        """Show a series at 0."""
        self._child(labels)
        self._version += 1

    def remove(self, source: str) -> None:
        """Take away every series of a source."""
        self._metric.remove_by_labels({"source": source})
        self._version += 1

    def count(self, labels: Sequence[str], by: float = 1) -> None:
        """Let a counter grow."""
        self._child(labels).inc(by)
        self._version += 1

    def set(self, labels: Sequence[str], value: float) -> None:
        """Give a gauge its value."""
        self._child(labels).set(value)
        self._version += 1

    def observe(self, labels: Sequence[str], value: float) -> None:
        """Take a value into a histogram."""
        self._child(labels).observe(value)
        self._version += 1

    def compute(self, labels: Sequence[str], value: Callable[[], float]) -> None:
        """Ask for the value of a gauge at each scrape."""
        self._child(labels).set_function(value)
        self._is_computed = True

    def _child(self, labels: Sequence[str]) -> Any:
        return self._metric.labels(*labels) if labels else self._metric

    def collect(self) -> Sequence[Metric]:
        """Return the family with its samples."""
        version, (collected, metrics) = self._version, self._collected
        if self._is_computed or collected != version:
            metrics = tuple(self._metric.collect())
            # Another scrape may put older ones there meanwhile, which then are no answer to this one.
            self._collected = version, metrics
        return metrics


class _StateCollector:
    """How the state does, where there is one."""

    def __init__(self) -> None:
        self.ask: Callable[[], tuple[bool, int]] | None = None

    def collect(self) -> Iterator[Metric]:
        is_up, failures = self.ask() if self.ask else (None, None)
        yield GaugeMetricFamily(PREFIX + "state_up", _STATE_UP, is_up)
        yield CounterMetricFamily(PREFIX + "state_write_failures", _STATE_FAILURES, failures)


class _Process:
    """What the system says of the process, looked up now and then: a dozen calls take as long as half of a scrape."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._registry = CollectorRegistry(auto_describe=False)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._metrics: Sequence[Metric] = ()
        self._looked = -inf

    def look(self) -> None:
        """Look it up."""
        # Last, since whoever sees the new time takes what is there.
        now, self._metrics = self._clock.monotonic(), tuple(self._registry.collect())
        self._looked = now

    def collect(self) -> Sequence[Metric]:
        """Return it, as it was a moment ago at most."""
        if self._clock.monotonic() - self._looked > _MOMENT:
            self.look()
        return self._metrics
