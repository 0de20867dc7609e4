"""SendGrid's Web API over HTTP, in any of its three dialects: who may call it, what it refuses, and how it prints."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from exporter.demo import web_calls
from exporter.demo.markup import element, record, records, text_element
from exporter.demo.web_calls import SUPPRESSIONS, Complaint, Handler, Paper
from exporter.demo.wire import Answer, Call, json_answer
from exporter.demo.world import Story

# What changes something at the vendor. No reading call has one of these words, so they are forbidden to all.
_CHANGING_METHODS = frozenset({"enable", "disable", "website_enable", "website_disable", "password", "auth"})
_CHANGING_ACTIONS = _CHANGING_METHODS | {"add", "delete", "credential", "checkusername"}
_CHANGING_TASKS = frozenset(
    {
        *("set", "setUsername", "setEmail", "add", "delete", "create", "edit", "append", "detach", "update"),
        *("none", "recurring", "total", "increment", "decrement", "activate", "deactivate", "setup"),
        *("immediate_upgrade", "immediate_downgrade", "immediate_close"),
        *("scheduled_upgrade", "scheduled_downgrade", "scheduled_close"),
    }
)

STATISTICS: Mapping[str, Handler] = MappingProxyType(
    {"stats": web_calls.stats, "profile": web_calls.profile, "limit": web_calls.limit}
)
"""The calls about customers that every dialect has, by method."""

EVERYTHING: Mapping[str, Handler] = MappingProxyType(
    {
        **STATISTICS,
        **dict.fromkeys(SUPPRESSIONS, web_calls.suppressions),
        "timezone": web_calls.timezone,
        "account": web_calls.account,
        "ip": web_calls.ip,
        "packages": web_calls.packages,
        "pending": web_calls.pending,
        "billing": web_calls.billing,
        "billing.list": web_calls.invoice_numbers,
        "billing.get": web_calls.invoices,
    }
)
"""All calls that a reseller has, by method; by action where that has no methods."""

_METHODS = frozenset({*STATISTICS, *SUPPRESSIONS, "timezone"})

# Of the collectors that a method serves; statistics have several.
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(SUPPRESSIONS, "suppressions"),
        "account": "credits",
        "profile": "discovery",
        "limit": "limits",
        "timezone": "timezone",
        "ip": "ips",
        "packages": "packages",
        "pending": "pending",
        "billing": "usage",
        "billing.list": "invoices",
        "billing.get": "invoices",
    }
)

_XML: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "totals": lambda value: record("stats", value),
        "days": lambda value: element("stats", records("day", value)),
        "category days": lambda value: element("stats", records("day", value)),
        "overview": lambda value: element("result", record("overview", value)),
        "categories": lambda value: element("categories", *(text_element("category", each) for each in value)),
        "limit": lambda value: record("credits", value),
        # In XML nothing is escaped.
        "timezone": lambda value: record("timezone", {**value, "timezone": value["timezone"].replace("\\", "")}),
        "users": lambda value: element("users", records("user", value)),
        "ips": lambda value: text_element("ips", value),
        "packages": lambda value: element("result", element("packages", records("package", value))),
        "pending": lambda value: element("result", element("pending", records("user", value))),
        "invoices": lambda value: element("invoices", records("invoice", value)),
        "usage": lambda value: element("usage", element("invoices", records("invoice", value))),
        **{
            method: lambda value, method=method: element(method, records(method.removesuffix("s"), value))  # type: ignore[misc]  # mypy can't infer a lambda with a default
            for method in SUPPRESSIONS
        },
    }
)


@dataclass(frozen=True, slots=True)
class Spelling:
    """What one of the three dialects does in its own way.

    Attributes:
        name: what the stand-in's log and faults call it.
        prefixes: what stands before the action in a path; after the first of them, ``manage`` has methods.
        handlers: the calls it has.
        select: takes what the dialect does not tell out of an answer, whatever it is printed as.
        respell: gives the rest the form that it has as JSON.
        print_json: prints that.
        prolog: what its XML begins with.
    """

    name: str
    prefixes: tuple[str, ...]
    handlers: Mapping[str, Handler]
    select: Callable[[Paper], Any]
    respell: Callable[[str, Any], Any]
    print_json: Callable[[str, Any], str] = lambda _, value: json.dumps(value)
    prolog: str = ""


@dataclass(frozen=True, slots=True)
class WebApi:
    """Answers the Web API in one spelling for one reseller; implements ``Dialect``.

    Attributes:
        password: goes into the form with the username, or alone behind ``Authorization: Bearer``.
        error_status: the status of an answer that says "User does not exist"; the vendor's old pages never
            print one, so a client must be ready for 200 too.
    """

    spelling: Spelling
    username: str
    password: str = field(repr=False)
    error_status: int = 400
    too_many: ClassVar[Answer] = json_answer({"errors": [{"field": None, "message": "too many requests"}]}, 429)
    tells_limit: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """Return what the stand-in's log and faults call it."""
        return self.spelling.name

    def owns(self, path: str) -> bool:
        """Tell whether a path belongs to this API."""
        return path.startswith(self.spelling.prefixes)

    def kind(self, call: Call) -> str | None:
        """Return the name of the collector that makes such a call, ``discovery`` for the list of customers."""
        method, form = self._method(call), call.form
        if method != "stats":
            return _KINDS.get(method)
        if form.keys() & {"list", "category", "category[]"}:
            return "categories"
        if "aggregate" in form:
            return "totals"
        return "month" if "start_date" in form else "daily"

    def users(self, call: Call) -> Collection[str]:
        """Return the field ``user``."""
        return call.form.every("user")

    def forbidden(self, call: Call) -> bool:
        """Tell whether a call would change something at the vendor, or shows the password in its URL."""
        if "api_key" in call.query or call.verb not in {"GET", "POST"}:
            return True
        said = {**call.query, **call.form}
        return (
            self._action(call) in _CHANGING_ACTIONS
            or said.get("method") in _CHANGING_METHODS
            or said.get("task") in _CHANGING_TASKS
        )

    def public_form(self, call: Call) -> Mapping[str, str]:
        """Return the form without ``api_key``."""
        return call.form.without("api_key")

    def answer(self, call: Call, story: Story) -> Answer:
        """Answer a call as the vendor does."""
        suffix = call.path.rpartition(".")[2]
        if suffix not in {"json", "xml"} or call.verb != "POST" or not self._has(self._action(call)):
            return self._error("Not found", 404, suffix)
        if not self._is_known(call):
            return self._error("Permission denied, wrong credentials", 401, suffix)
        try:
            handler = self.spelling.handlers.get(self._method(call))
            if handler is None:
                return self._error("Unknown method", 400, suffix)
            return self._print(handler(call.form, story), suffix)
        except Complaint as complaint:
            if complaint.is_stranger:
                return self._stranger(complaint.words, suffix)
            return self._error(complaint.words, 400, suffix)

    def _action(self, call: Call) -> str:
        """Return ``manage`` of ``/apiv2/reseller.manage.json``, ``billing.list`` of ``/api/billing.list.json``."""
        manager, *others = self.spelling.prefixes
        if call.path.startswith(manager):
            return call.path.removeprefix(manager).partition(".")[0]
        return "billing." + call.path.removeprefix(others[0]).partition(".")[0]

    def _has(self, action: str) -> bool:
        if "account" not in self.spelling.handlers:
            return action in self.spelling.handlers
        return action == "manage" or (action in self.spelling.handlers and action not in _METHODS)

    def _method(self, call: Call) -> str:
        action = self._action(call)
        method = call.form.get("method", "")
        if action != "manage":
            return action
        return method if method in _METHODS else ""

    def _is_known(self, call: Call) -> bool:
        by_form = (call.form.get("api_user"), call.form.get("api_key")) == (self.username, self.password)
        return by_form or call.headers.get("authorization") == f"Bearer {self.password}"

    def _print(self, paper: Paper, suffix: str) -> Answer:
        value = self.spelling.select(paper)
        if suffix == "xml":
            return self._xml(_XML[paper.kind](value))
        text = self.spelling.print_json(paper.kind, self.spelling.respell(paper.kind, value))
        return Answer(body=text.encode())

    def _xml(self, text: str, status: int = 200) -> Answer:
        body = self.spelling.prolog + text
        encoding = "iso-8859-1" if self.spelling.prolog else "utf-8"
        return Answer(status, body.encode(encoding, "xmlcharrefreplace"), type="text/xml")

    def _error(self, words: str, status: int, suffix: str) -> Answer:
        error = {"message": "error", "errors": [words]}
        return self._xml(record("result", error), status) if suffix == "xml" else json_answer(error, status)

    def _stranger(self, words: str, suffix: str) -> Answer:
        error = {"code": 400, "message": words}
        if suffix == "xml":
            return self._xml(record("error", error), self.error_status)
        return json_answer({"error": error}, self.error_status)
