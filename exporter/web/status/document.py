"""The status as JSON, in the envelope of Prometheus' own API: times as RFC 3339, lengths of time in seconds."""

import json
from collections.abc import Mapping
from typing import Any

from exporter.store import Failure
from exporter.web.status.report import Discovery, Report, Row, SourceStatus
from exporter.web.status.summary import Trouble, level_of, summarise
from exporter.web.status.words import stamp


def document(report: Report) -> str:
    """Return a report as JSON that has no character beyond ASCII, so that none can do harm on the way."""
    summary = summarise(report)
    data = {
        "time": stamp(report.now),
        "summary": {
            "level": summary.level,
            "headline": summary.headline,
            "troubles": [_trouble(each) for each in summary.troubles],
        },
        "program": _program(report),
        "sources": [_source(each, report.now) for each in report.sources],
        "fetches": _table(report),
    }
    return json.dumps({"status": "success", "data": data})


def refusal(words: str) -> str:
    """Return what stands in the place of the document where the parameters are wrong."""
    return json.dumps({"status": "error", "errorType": "bad_data", "error": words})


def _trouble(trouble: Trouble) -> Mapping[str, Any]:
    return {"level": trouble.level, "text": trouble.text, "source": trouble.source or None}


def _program(report: Report) -> Mapping[str, Any]:
    program = report.program
    return {
        "version": program.version,
        "revision": program.revision,
        "startTime": stamp(program.started),
        "healthy": not program.ailments,
        "ready": program.is_ready,
        "lastConfigTime": _when(program.configured),
        "configProblems": [str(problem) for problem in program.problems],
    }


def _source(source: SourceStatus, now: float) -> Mapping[str, Any]:
    budget, durations = source.budget, source.durations
    return {
        "name": source.name,
        "type": source.type,
        "level": level_of(source),
        "up": source.is_up,
        "circuit": "open" if source.is_circuit_open else "closed",
        "circuitReason": source.circuit_reason,
        "pauseSeconds": round(source.pause_left, 3),
        "lagSeconds": round(source.lag, 3),
        "scheduleLoad": round(budget.load, 6),
        "budget": {
            "calls": budget.calls,
            "periodSeconds": budget.per,
            "used": budget.used,
            "shared": budget.shared,
            "usedByMinute": _rounded(budget.by_minute),
        },
        "fetchDuration": {
            "medianSeconds": _short(durations.median),
            "slowSeconds": _short(durations.slow),
            "slowSecondsByMinute": _rounded(durations.by_minute),
        },
        "collectors": [{"name": name, "intervalSeconds": each} for name, each in source.collectors.items()],
        "customers": source.customers,
        "series": source.series,
        "seriesDropped": {reason: number for reason, number in source.left_out.items() if number},
        "states": dict(source.states),
        "discovery": source.discovery and _discovery(source.discovery),
        "lastFailure": source.last_failure and _failure(source.last_failure, now),
    }


def _discovery(discovery: Discovery) -> Mapping[str, Any]:
    return {
        "intervalSeconds": discovery.interval,
        "lastSuccess": _when(discovery.last_success),
        "lastError": discovery.error,
    }


def _failure(failure: Failure, now: float) -> Mapping[str, Any]:
    return {
        "time": stamp(failure.at),
        "ageSeconds": round(now - failure.at, 3),
        "customer": failure.customer,
        "collector": failure.collector,
        "reason": failure.reason,
        "error": failure.error,
    }


def _table(report: Report) -> Mapping[str, Any]:
    query, table = report.query, report.table
    return {
        "total": table.total,
        "page": query.page,
        "pages": -(-table.total // query.limit),
        "limit": query.limit,
        "states": dict(table.states),
        "rows": [_row(row, report.now) for row in table.rows],
    }


def _row(row: Row, now: float) -> Mapping[str, Any]:
    return {
        "source": row.source,
        "customer": row.customer,
        "collector": row.collector,
        "state": row.state,
        "stale": row.is_stale,
        "reason": row.reason,
        "lastError": row.error,
        "lastSuccess": _when(row.last_success),
        "lastAttempt": _when(row.last_attempt),
        "ageSeconds": None if row.last_success is None else round(now - row.last_success, 3),
        "nextFetch": _when(row.next),
        "intervalSeconds": row.interval,
        "series": row.series,
    }


def _when(seconds: float | None) -> str | None:
    return None if seconds is None else stamp(seconds)


def _rounded(values: Any) -> list[float | None]:
    return [_short(value) for value in values]


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
