"""The rows of the exporter's dashboard below its first ones: failures, series, configuration, the process."""

from deploy.grafana.generator.colours import BAD, GOOD, GREY, WARNING, Json, State, worse_above
from deploy.grafana.generator.measures import BY_COLLECTOR, age, stale
from deploy.grafana.generator.page import Band, Row, drill
from deploy.grafana.generator.panels import Curve, stat, state_timeline, time_series
from deploy.grafana.generator.queries import SOURCES, beside, latest
from deploy.grafana.generator.tables import Column, table

BY_FETCH = ("source", "collector")
_BY_REPLICA = ("instance",)
_FETCH_LABELS = {"source": "Source", "collector": "Collector"}
_OF_ROW = {
    "source": "${__data.fields.Source:percentencode}",
    "customer": "${__data.fields.Customer:percentencode}",
}


def grown(metric: str, window: str, *by: str) -> str:
    """Return how much a counter of the exporter's own grew in a window, in the replica where it grew most."""
    return f"max by ({', '.join(by)}) (increase({metric}{{{SOURCES}}}[{window}]))"


def failures() -> Row:
    """Return the row of what failed, for whom, and why."""
    return Row("Failures", [Band(8, [_reasons(), _stale_share()]), Band(9, [_collectors(), _failing()])])


def series() -> Row:
    """Return the row of series, and of what is not shown."""
    return Row("Series", [Band(7, [_series(), _dropped(), _held()]), Band(7, [_repaired(), _corrections()])])


def configuration() -> Row:
    """Return the row of sources, vendors' lists and files."""
    return Row("Sources, vendors' lists, configuration", [Band(6, [_states(), _lists()]), Band(4, _configuration())])


def process() -> Row:
    """Return the row of the processes, a curve for each replica."""
    return Row("Process", [Band(7, [_memory(), _processor(), _versions()])])


def _reasons() -> Json:
    failed = grown("email_stats_exporter_fetch_failures_total", "1h", *BY_FETCH, "reason")
    failures = f"email_stats_exporter_fetch_failures_total{{{SOURCES}}}"
    seen = f"sum by (source, reason) (max by (source, collector, reason) (increase({failures}[$__range] @ end()))) > 0"
    return time_series(
        "Failed fetches per hour, by reason",
        "Fetches that failed in the hour before each point, by what the exporter's documentation calls the reason; "
        "the reasons that came up in the time range.",
        [Curve("{{source}} {{reason}}", beside(f"sum by (source, reason) ({failed})", seen, ["source", "reason"]))],
        decimals=0,
    )


def _stale_share() -> Json:
    return time_series(
        "Stale, by collector",
        "The part of a collector's fetches that had no success for three times its interval. An alert tells of more "
        "than 10 %.",
        [Curve("{{source}} {{collector}}", f"avg by (source, collector) ({stale()})")],
        "percentunit",
        thresholds=worse_above(0.01, 0.1),
        highest=1,
        decimals=0,
    )


def _collectors() -> Json:
    fetches = f"count by (source, collector) ({stale()})"
    up = latest("email_stats_exporter_up", BY_COLLECTOR)
    buckets = f"email_stats_exporter_fetch_duration_seconds_bucket{{{SOURCES}}}"
    slow = f"histogram_quantile(0.95, max by (source, collector, le) (rate({buckets}[1h]))) >= 0"
    ranking = f"topk(100, {fetches})"

    def column(title: str, expr: str, unit: str = "short", warning: float | None = None, decimals: int = 0) -> Column:
        thresholds = None if warning is None else worse_above(warning)
        return Column(title, beside(expr, ranking, BY_FETCH), unit, thresholds, decimals=decimals)

    return table(
        "Collectors",
        "For each collector of each source: how many customers it fetches for, how many of these fetches failed the "
        "last time, how many are stale, the longest time since a success, its interval, and the duration that 95 % of "
        "its fetches in the last hour did not exceed.",
        _FETCH_LABELS,
        [
            Column("For", ranking, decimals=0),
            column("Failing", f"count by (source, collector) ({up} == 0) or 0 * {fetches}", warning=1),
            column("Stale", f"sum by (source, collector) ({stale()})", warning=1),
            column("Oldest", f"max by (source, collector) ({age()})", "s", decimals=1),
            column("Interval", latest("email_stats_exporter_collector_interval_seconds", BY_FETCH), "s"),
            column("p95", slow, "s", decimals=1),
        ],
        sort="Failing",
        empty="No source is configured.",
    )


def _failing() -> Json:
    by = (*BY_COLLECTOR, "reason")
    failing = latest("email_stats_exporter_fetch_failing", by)
    ranking = f"topk($top, {failing})"
    aged = f"({age()}) * on (source, customer, collector) group_right () {failing}"
    return table(
        "Failing now",
        "Fetches that failed the last time, with the reason, and how long ago they last succeeded; without a customer "
        "it is a fetch for the source as a whole.",
        {"source": "Source", "customer": "Customer", "collector": "Collector", "reason": "Reason"},
        [Column("Failing", ranking), Column("Last success", beside(aged, ranking, by), "s", decimals=1)],
        sort="Last success",
        hidden=["Failing"],
        links=[drill("email-stats-customer", "Show this customer", **_OF_ROW)],
        empty="Nothing fails.",
    )


def _series() -> Json:
    return time_series(
        "Series over time",
        "Series of each source that are named for its vendor.",
        [Curve("{{source}}", latest("email_stats_exporter_series", ["source"]))],
        decimals=0,
    )


def _dropped() -> Json:
    dropped = latest("email_stats_exporter_series_dropped", ["source", "reason"])
    return time_series(
        "Left out",
        "Series, rows and paths that the last fetches left out, by the limit or rule that they met.",
        [Curve("{{source}} {{reason}}", f"{dropped} > 0")],
        decimals=0,
    )


def _held() -> Json:
    held = latest("email_stats_exporter_counter_held", ["source", "customer", "metric"])
    return time_series(
        "Counters held",
        "How many counters of each source are shown above the vendor's own number, because the vendor corrected it "
        "downwards and it has not passed the old one yet.",
        [Curve("{{source}}", f"count by (source) ({held} > 0)")],
        decimals=0,
    )


def _repaired() -> Json:
    rejected = f"sum by (source) ({grown('email_stats_exporter_fields_rejected_total', '1h', *BY_FETCH)})"
    repaired = f"sum by (source) ({grown('email_stats_exporter_repaired_responses_total', '1h', *BY_FETCH)})"
    return time_series(
        "Odd answers per hour",
        "Optional fields that were ill-formed and left out, and answers that could be read only after a documented "
        "repair, in the hour before each point.",
        [Curve("{{source}} fields left out", rejected), Curve("{{source}} answers repaired", repaired, dashed=True)],
        decimals=0,
    )


def _corrections() -> Json:
    counted = latest("email_stats_exporter_counter_corrections_total", ["source", "customer", "metric"])
    return time_series(
        "Corrections of totals",
        "How often vendors' totals fell since the exporter started; an annotation on a customer's page shows when.",
        [Curve("{{source}}", f"sum by (source) ({counted})")],
        decimals=0,
    )


def _states() -> Json:
    up = latest("email_stats_exporter_source_up", ["source"])
    # Of two replicas, one that asks is enough.
    probed = f"min by (source) (email_stats_exporter_circuit_open{{{SOURCES}}})"
    return state_timeline(
        "Sources that answer",
        "Whether any fetch of the source succeeded within three times its shortest interval; and whether it is only "
        "probed now and then, because its vendor failed, or refused the credentials, too often in a row.",
        [Curve("{{source}}", f"{up} == 0 or 2 * ({probed} == 1) or {up}")],
        [State(1, "answers", GOOD), State(2, "only probed", WARNING), State(0, "down", BAD)],
    )


def _lists() -> Json:
    return state_timeline(
        "Vendors' lists of customers",
        "Whether the vendor's list could be read the last time, where discovery is switched on.",
        [Curve("{{source}}", latest("email_stats_exporter_discovery_up", ["source"]))],
        [State(1, "read", GOOD), State(0, "not read", WARNING)],
    )


def _configuration() -> list[Json]:
    read = "max(email_stats_exporter_config_last_reload_success_timestamp_seconds)"
    return [
        stat(
            "Configuration",
            "Whether the configuration and its files were without a mistake when they were last read; of two replicas, "
            "in both. If not, the last good one is in use.",
            "min(email_stats_exporter_config_last_reload_successful)",
            "none",
            states=[State(1, "in use", GOOD), State(0, "mistakes", BAD)],
        ),
        stat(
            "Read",
            "How long ago the configuration and its files were last read without a mistake.",
            f"time() - {read}",
            "s",
            decimals=1,
        ),
        stat(
            "State",
            "Whether the file that keeps numbers, counters and used limits over restarts could be written the last "
            "time; of two replicas, in both. If not, counters stand still.",
            "min(email_stats_exporter_state_up) or 2 * max(email_stats_exporter_build_info)",
            "none",
            states=[State(1, "written", GOOD), State(0, "not written", BAD), State(2, "none kept", GREY)],
        ),
    ]


def _of_exporter(metric: str) -> str:
    """Return a number of each process that is an exporter: all programs have metrics of these names."""
    return f"{metric} and on (job, instance) email_stats_exporter_build_info"


def _memory() -> Json:
    memory = f"max by (instance) ({_of_exporter('process_resident_memory_bytes')})"
    return time_series("Memory", "Resident memory of each replica.", [Curve("{{instance}}", memory)], "bytes")


def _processor() -> Json:
    used = _of_exporter("rate(process_cpu_seconds_total[$__rate_interval])")
    return time_series(
        "Processor",
        "How much of one processor each replica uses.",
        [Curve("{{instance}}", f"max by (instance) ({used})")],
        "percentunit",
        decimals=3,
    )


def _versions() -> Json:
    info = "max by (instance, version, python_version) (email_stats_exporter_build_info)"
    up = f"time() - max by (instance) ({_of_exporter('process_start_time_seconds')})"
    return table(
        "Replicas",
        "The exporters that Prometheus scrapes, and for how long each has been running.",
        {"instance": "Instance", "version": "Version", "python_version": "Python"},
        [Column("Info", info), Column("Running for", beside(up, info, _BY_REPLICA), "s", decimals=1)],
        sort="Running for",
        hidden=["Info"],
        empty="No exporter is scraped.",
    )
