"""Which metrics exist, with their labels, and where deploy/ and docs/ ask for them.

Everything that queries is read from its file, so that a test can say of each expression whether it names what exists.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from exporter.instruments import Instruments
from exporter.providers import discover
from exporter.samples import Family
from exporter.store import health
from tests.deploy.promql import Known, Labels, labels_of

ROOT = Path(__file__).parents[2]
RULE_FILES = "deploy/prometheus/rules/*.yml"
DASHBOARDS = "deploy/grafana/dashboards/*.json"
TEMPLATES = "deploy/alertmanager/**/*.tmpl"
RUNBOOKS = "docs/runbooks/*.md"
# Labels that Prometheus gives to each target; a vendor's series are to be read without them.
OF_TARGETS = frozenset({"job", "instance"})
# What Prometheus itself says of its targets and of alerts; an alert has the labels of its rule.
OF_PROMETHEUS: Known = {
    **dict.fromkeys(("up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_series_added"), OF_TARGETS),
    **dict.fromkeys(("ALERTS", "ALERTS_FOR_STATE")),
}
# `sendgrid_requests_total`, `customer:sendgrid_bounces:ratio_last_complete_day`.
_NAME = re.compile(
    r"(?<![\w:])(?:[a-z][a-z0-9_]*:)?(?:sendgrid|bento|email_stats_exporter|process|python)_[a-z0-9_:]*\*?"
)
# `label_values(metric{…}, label)` and the like are Grafana's own words, around PromQL.
_GRAFANA_CALL = re.compile(r"\s*(label_values|query_result|metrics|label_names)\((.*)\)\s*", re.DOTALL)
_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\]")
_BUILT_IN = {"__rate_interval": "1h", "__interval": "5m", "__range": "1d", "__range_s": "86400", "__interval_ms": "1"}


@dataclass(frozen=True, slots=True)
class Expression:
    """A PromQL expression with the place where it stands."""

    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """An alerting or recording rule as its file has it.

    Attributes:
        file: its path from the root of the repository.
        name: of the alert, or of what is recorded.
        is_alert: whether it is an alert.
        expr: its expression.
        body: all its keys.
    """

    file: str
    name: str
    is_alert: bool
    expr: str
    body: Mapping[str, Any]


@cache
def rules() -> Sequence[Rule]:
    """Return every rule of every rule file."""
    return [
        Rule(
            path.relative_to(ROOT).as_posix(), rule.get("alert") or rule["record"], "alert" in rule, rule["expr"], rule
        )
        for path in sorted(ROOT.glob(RULE_FILES))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


@cache
def exporter_metrics() -> Known:
    """Return the labels of every metric that the exporter shows."""
    return {**_vendors(), **_own()}


@cache
def catalogue() -> Known:
    """Return the labels of every metric that the exporter shows, Prometheus makes, or a rule records."""
    known: dict[str, Labels] = {**exporter_metrics(), **OF_PROMETHEUS}
    waiting = [rule for rule in rules() if not rule.is_alert]
    # A rule may stand before the one whose series it reads; as many rounds as rules settle any order.
    for rule in waiting * max(1, len(waiting)):
        labels = labels_of(promql_parser.parse(rule.expr), known)
        before = known.get(rule.name, frozenset())
        known[rule.name] = (
            None if labels is None or before is None else before | labels | {*rule.body.get("labels", ())}
        )
    return known


def _vendors() -> Mapping[str, Labels]:
    providers = discover().values()
    known: dict[str, Labels] = {
        family.name: _labels(family)
        for provider in providers
        for family in (*provider.families, provider.active, *health.FAMILIES)
        if family is not None
    }
    # Labels of the configuration stand beside source and customer.
    return known | dict.fromkeys(provider.info.name for provider in providers)


def _labels(family: Family) -> Labels:
    return frozenset({"source", *(("customer",) if family.per_customer else ()), *family.labels})


def _own() -> Mapping[str, Labels]:
    instruments = Instruments()
    known: dict[str, Labels] = {}
    for metric in instruments.registry.collect():
        labels = instruments.labels.get(metric.name)
        names = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(metric.type, [""])
        for suffix in names:
            own = {"le"} if suffix == "_bucket" else set()
            of_samples = {label for sample in metric.samples for label in sample.labels}
            known[metric.name + suffix] = frozenset({*(labels or ()), *of_samples, *own}) | OF_TARGETS
    return known


def expressions() -> Sequence[Expression]:
    """Return every expression of the rules, the dashboards and the runbooks."""
    return [
        *(Expression(f"{rule.file} {rule.name}", rule.expr) for rule in rules()),
        *(each for path in sorted(ROOT.glob(DASHBOARDS)) for each in _of_dashboard(path)),
        *(each for path in sorted(ROOT.glob(RUNBOOKS)) for each in _of_runbook(path)),
    ]


def names_in_prose() -> Sequence[Expression]:
    """Return every metric's name that stands in backticks in a runbook; ``…_*`` means all that begin so."""
    return [
        Expression(path.relative_to(ROOT).as_posix(), name)
        for path in sorted(ROOT.glob(RUNBOOKS))
        for name in names_in(path.read_text(encoding="utf-8"))
    ]


def names_in(text: str) -> Sequence[str]:
    """Return the metrics' names that stand in backticks in a text of Markdown, blocks of code left out."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", prose)
    types = set(discover())
    return [name for span in spans for name in _NAME.findall(span) if name not in types]


def exists(name: str) -> bool:
    """Tell whether a metric, a histogram, or with ``*`` any that begins so, is in the catalogue."""
    if name.endswith("*"):
        return any(each.startswith(name[:-1]) for each in catalogue())
    return name in catalogue() or f"{name}_bucket" in catalogue()


def _of_runbook(path: Path) -> Iterator[Expression]:
    where = path.relative_to(ROOT).as_posix()
    for block in re.findall(r"```promql\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
        # One block may hold several, with an empty line between them.
        yield from (Expression(where, text) for text in re.split(r"\n\s*\n", block) if text.strip())


def _of_dashboard(path: Path) -> Iterator[Expression]:
    dashboard = json.loads(path.read_text(encoding="utf-8"))
    where = path.relative_to(ROOT).as_posix()
    variables = dashboard.get("templating", {}).get("list", [])
    values = {variable["name"]: _values(variable) for variable in variables}
    queries = [_query(variable) for variable in variables if variable.get("type") == "query"]
    for text in [*_asked(dashboard), *(_without_call(query) for query in queries if query)]:
        yield from (Expression(where, each) for each in substituted(text, values))


def _asked(node: Any) -> Iterator[str]:
    """Yield every text that stands under a key ``expr``, at any depth."""
    if isinstance(node, dict):
        if isinstance(node.get("expr"), str) and node["expr"].strip():
            yield node["expr"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _asked(each)


def _query(variable: Mapping[str, Any]) -> str:
    query = variable.get("query", "")
    return str(query.get("query", "") if isinstance(query, dict) else query)


def _values(variable: Mapping[str, Any]) -> Sequence[str]:
    """Return what a variable may stand for: its options where they are listed, else any value of a label."""
    if variable.get("type") in {"custom", "interval", "textbox", "constant"}:
        entries = [entry.rpartition(" : ")[2].strip() for entry in str(variable.get("query", "")).split(",")]
        return [entry for entry in entries if entry and entry != "auto"] or [".*"]
    return [".*"]


def _without_call(query: str) -> str:
    """Return the PromQL within a variable's query; a label that is asked for stands as a grouping."""
    found = _GRAFANA_CALL.fullmatch(query)
    if not found:
        return query
    call, inside = found.groups()
    if call == "query_result":
        return str(inside)
    selector, comma, label = inside.rpartition(",")
    return f"count by ({label.strip()}) ({selector})" if comma else f'count by ({inside.strip()}) ({{__name__=~".+"}})'


def substituted(text: str, values: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield an expression with each choice of its variables' values."""
    used = sorted({name for match in _VARIABLE.findall(text) for name in match if name} & values.keys())
    for choice in product(*(values[name] for name in used)):
        chosen = {**_BUILT_IN, **dict(zip(used, choice, strict=True))}
        yield _VARIABLE.sub(partial(_chosen, chosen), text)


def _chosen(chosen: Mapping[str, str], match: re.Match[str]) -> str:
    return chosen.get(next(filter(None, match.groups())), match[0])


def alert_labels() -> frozenset[str]:
    """Return every label that some alert carries."""
    labels = {"alertname"}
    for rule in rules():
        if rule.is_alert:
            labels |= {*rule.body.get("labels", ()), *(labels_of(promql_parser.parse(rule.expr), catalogue()) or ())}
    return frozenset(labels)
