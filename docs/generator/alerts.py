"""The page of alerts: each with its severity, its waiting times and its runbook, and every recorded series."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from docs.generator.markdown import code, table

_ROOT = Path(__file__).parents[2]
_INTRODUCTION = """\
# Alerts

The rules in [deploy/prometheus/rules](../deploy/prometheus/rules) for Prometheus 2.42 or newer: recording rules that
answer what users ask most, and alerts on them. Load all files with `rule_files`, or take single ones: each vendor's
alerts need its recording rules, and nothing else.

* **critical** wakes someone, **warning** can wait for the next working day, **info** is for dashboards.
* Vendors' numbers are polled and stay through an outage. Alerts on them leave out numbers that are stale, and
  customers whom the vendor lists as inactive; that they are stale is an alert of its own.
* Two replicas, a pod's new name or a restart neither double a number nor begin it anew. SendGrid's numbers of a
  replica that is cut off from the vendor count until they are stale, three intervals after its last success
  ([operations.md](operations.md#two-replicas)).
* What compares with a week before knows nothing of a customer until there is a week of history. To begin with history:
  `promtool tsdb create-blocks-from rules` records the rules' series for the past.

## The alerts

*for*: how long its condition must hold before it fires. *keeps firing*: how long it must not hold before it is over.
"""
_SEVERAL = """\
## Several exporters

`EmailStatsExporterDown` fires when Prometheus has no page of any exporter: of replicas, one is enough. Of exporters
with different sources, one that goes takes the series of its sources along, and with them the alerts on them: none
fires while another exporter is there. If one Prometheus scrapes several such, add a rule, in a file of your own, with
the names of your jobs:

```yaml
# Of two replicas the loss of one fires it as well.
groups:
  - name: exporters
    rules:
      - alert: EmailStatsOneExporterDown
        expr: up{job="email-stats-exporter"} == 0
        for: 10m
        labels: {severity: critical}
        annotations:
          summary: Prometheus gets no page of email-stats-exporter from {{ $labels.instance }}
```

A target that service discovery lists no more has no `up`. Give such an exporter a job of its own, and add
`or absent(up{job="…"})`.
"""
_THRESHOLDS = """\
## Thresholds

Each of these numbers can be set for single customers, or for all, without a change to the files. A rule of your own,
in a file of your own, records `customer:sendgrid_threshold:override` with the labels `source` and `customer`, the name
of the threshold, and a `rule` of its own; where it is there, it takes the place of the default:
"""
_THRESHOLDS_EXAMPLE = """\
```yaml
groups:
  - name: thresholds
    rules:
      # One customer whose lists are old.
      - record: customer:sendgrid_threshold:override
        expr: vector(0.1)
        labels: {threshold: bounces_ratio, rule: old-lists, source: acme, customer: acme-eu}
      # All customers with `labels: {tier: gold}` in the exporter's configuration.
      - record: customer:sendgrid_threshold:override
        expr: 0 * max by (source, customer) (sendgrid_customer_info{tier="gold"}) + 72
        labels: {threshold: credits_hours, rule: gold}
      # Everyone.
      - record: customer:sendgrid_threshold:override
        expr: 0 * max by (source, customer) (sendgrid_customer_info) + 0.9
        labels: {threshold: reputation_ratio, rule: everyone}
```

Of several for the same customer the largest counts, as long as each has another `rule`: without it they would be one
series, of which Prometheus keeps either. `+ Inf`, or `- Inf` for those that fire below the number, switches an alert
off, the latter as long as no other rule has a larger number for the customer. Two come with the rules, as
`rule: campaigns`: customers with `labels: {sending: campaigns}` in the exporter's configuration send in bursts and with
long pauses, so `SendGridSendingBurst` and `SendGridSendingStopped` leave them alone.

The other numbers, such as how many messages a day must have for a ratio to count, stand in the alerts' expressions.
Silences and times of the day belong to Alertmanager. Keep your changes in files of your own, and an upgrade can replace
these.
"""
_RECORDED = """\
## Recorded series

The first part of a name says what one series is about, the last what was done to the numbers. Dashboards and queries of
your own may use them; those whose names change are in the changelog.
"""
_OVERRIDE = re.compile(r'override\{threshold="(\w+)"\}\)\s+or on \(source, customer\)\s+0 \* .+ \+ (\S+)\n')


@dataclass(frozen=True, slots=True)
class _File:
    """A file of rules: its name, its rules, and the comment above each of them."""

    name: str
    rules: Sequence[Mapping[str, Any]]
    comments: Sequence[str]


def page() -> str:
    """Return the page."""
    return "\n".join(_parts(_files(_ROOT / "deploy" / "prometheus" / "rules")))


def _files(folder: Path) -> Sequence[_File]:
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yml"))}
    return [
        _File(name, [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]], _comments(text))
        for name, text in texts.items()
    ]


def _comments(text: str) -> Sequence[str]:
    """Return the comment right above each rule, empty where there is none."""
    found = re.findall(r"((?:^ +#.*\n)*)^ +- (?:alert|record):", text, re.MULTILINE)
    return [" ".join(line.strip(" #") for line in lines.splitlines()) for lines in found]


def _parts(files: Sequence[_File]) -> Iterator[str]:
    yield _INTRODUCTION
    for file in files:
        if alerts := [rule for rule in file.rules if "alert" in rule]:
            yield f"### {code(file.name)}\n"
            yield table(("alert", "severity", "for", "keeps firing", "it means"), map(_alert, alerts))
    yield _SEVERAL
    yield _THRESHOLDS
    rules = [rule for file in files for rule in file.rules if "alert" in rule]
    yield table(("threshold", "default", "alert"), (row for rule in rules for row in _thresholds(rule)))
    yield _THRESHOLDS_EXAMPLE
    yield _RECORDED
    for file in files:
        if recorded := _recorded(file):
            yield f"### {code(file.name)}\n"
            yield table(("series", "what it is"), ((code(name), text) for name, text in recorded.items()))


def _alert(rule: Mapping[str, Any]) -> Sequence[str]:
    name = rule["alert"]
    wait, keep = rule.get("for", ""), rule.get("keep_firing_for", "")
    return f"[{name}](runbooks/{name}.md)", rule["labels"]["severity"], wait, keep, _meaning(name)


def _meaning(name: str) -> str:
    """Return the first sentence of an alert's runbook."""
    text = (_ROOT / "docs" / "runbooks" / f"{name}.md").read_text(encoding="utf-8")
    paragraph = " ".join(text.partition("## What it means\n")[2].strip().partition("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", paragraph, maxsplit=1)[0]


def _thresholds(rule: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    found = dict(_OVERRIDE.findall(rule["expr"]))
    yield from ((code(threshold), default, rule["alert"]) for threshold, default in found.items())


def _recorded(file: _File) -> Mapping[str, str]:
    """Return what each recorded series is: the comment above its rule, else the rule's expression."""
    recorded: dict[str, str] = {}
    for rule, comment in zip(file.rules, file.comments, strict=True):
        if "record" in rule:
            recorded.setdefault(rule["record"], comment or code(" ".join(rule["expr"].split())))
    return recorded
