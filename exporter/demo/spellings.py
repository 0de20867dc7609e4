"""The three dialects of SendGrid's Web API: v2 for resellers, v1 for distributors, v2 for customers' subusers.

What they differ in follows the samples of the vendor's pages, oddities included.
"""

import json
from collections.abc import Mapping
from typing import Any

from exporter.demo.markup import PROLOG
from exporter.demo.traffic import FIELDS
from exporter.demo.web_api import EVERYTHING, STATISTICS, Spelling
from exporter.demo.web_calls import Paper

_FIVE = ("requests", "bounces", "clicks", "opens", "spamreports")
# The order of the vendor's page; ``FIELDS`` says "blocks" and "repeat_spamreports" of the two that are odd here.
_CATEGORY_FIELDS = (
    *("category", "delivered", "unsubscribes", "invalid_email", "bounces", "repeat_unsubscribes", "unique_clicks"),
    *("blocked", "spam_drop", "repeat_bounces", "repeat_spamreports", "date", "requests", "spamreports", "clicks"),
    *("opens", "unique_opens"),
)
_ODD = {"blocked": "blocks", "spam_drop": "repeat_spamreports"}


def _pick(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[_ODD.get(name, name)] for name in names}


def _select_v2(paper: Paper) -> Any:
    if paper.kind == "category days":
        return [_pick(row, _CATEGORY_FIELDS) for row in paper.value]
    if paper.kind == "days":
        return [_pick(row, ("date", *FIELDS)) for row in paper.value]
    return paper.value


def _select_v1(paper: Paper) -> Any:
    match paper.kind:
        case "totals":
            return _pick(paper.value, _FIVE)
        case "days":
            return [_pick(row, ("date", *_FIVE)) for row in paper.value]
        case "category days":
            return [_pick(row, ("date", "category", *_FIVE)) for row in paper.value]
        case "users":
            return [{name: value for name, value in row.items() if name != "id"} for row in paper.value]
        case _:
            return paper.value


def _select_customer(paper: Paper) -> Any:
    # Days have all counters here; all else is as old as v1.
    return _select_v2(paper) if paper.kind == "days" else _select_v1(paper)


def _respell_v2(kind: str, value: Any) -> Any:
    match kind:
        case "categories":
            return [{"category": each} for each in value]
        case "ips":
            # The sample has an address twice as well.
            return [{"ip": each} for each in [*value[:2], *value[1:]]]
        case "invoices" | "usage" if len(value) == 1:
            return value[0]
        case "usage":
            return [{**row, "credits": row["credits"] if n % 2 else str(row["credits"])} for n, row in enumerate(value)]
        case _:
            return value


def _respell_v1(kind: str, value: Any) -> Any:
    match kind:
        case "overview":
            return {name: _as_number(each) for name, each in value.items()}
        case "limit":
            return [value] if value else []
        case "usage":
            return [{**row, "credits": str(row["credits"])} for row in value]
        case _:
            return value


def _respell_customer(kind: str, value: Any) -> Any:
    if kind == "totals":
        return {name: str(each) for name, each in value.items()}
    return _respell_v2(kind, value)


def _print_v2(kind: str, value: Any) -> str:
    # No limit is no answer at all.
    return json.dumps(value) if value or kind != "limit" else ""


# What the pages of v1 print without its first and its last character.
_CUT = frozenset({"totals", "days", "overview", "users", "ips", "pending"})


def _print_v1(kind: str, value: Any) -> str:
    if kind == "categories":
        members = (f'"category":{json.dumps(each)}' for each in value)
        return f"[{{{','.join(members)}}}]" if value else "[]"
    text = json.dumps(value, separators=(",", ":"))
    return text[1:-1] if kind in _CUT and value else text


def _as_number(value: Any) -> Any:
    if not isinstance(value, str) or not value.replace(".", "", 1).isdecimal():
        return value
    return float(value) if "." in value else int(value)


RESELLER = Spelling(
    name="reseller",
    # Invoices live beside the rest, and under the same address in v1.
    prefixes=("/apiv2/reseller.", "/api/billing."),
    handlers=EVERYTHING,
    select=_select_v2,
    respell=_respell_v2,
    print_json=_print_v2,
)
DISTRIBUTOR = Spelling(
    name="distributor",
    prefixes=("/api/distributor.",),
    handlers=EVERYTHING,
    select=_select_v1,
    respell=_respell_v1,
    print_json=_print_v1,
    prolog=PROLOG,
)
CUSTOMER = Spelling(
    name="customer",
    prefixes=("/apiv2/customer.",),
    handlers=STATISTICS,
    select=_select_customer,
    respell=_respell_customer,
)
