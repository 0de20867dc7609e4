"""SendGrid's Reseller Web API v2 as the stand-in speaks it: statistics and account overview, in JSON.

Checked as strictly as the vendor's pages say, for a client that gets on with a strict vendor gets on with a
mild one. Source: ``source/API_Reference/Web_API/Reseller_API`` of the public repository sendgrid/docs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from exporter.demo.wire import Answer, Call, json_answer
from exporter.demo.world import Story

_PREFIX = "/apiv2/reseller."
# What changes something at the vendor. No reading call has one of these words, so they are forbidden to all.
_CHANGING_ACTIONS = frozenset({"add", "delete", "credential", "checkusername"})
_CHANGING_METHODS = frozenset({"enable", "disable", "website_enable", "website_disable", "password", "auth"})
_CHANGING_TASKS = frozenset(
    {
        *("set", "setUsername", "setEmail", "add", "delete", "create", "edit", "append", "detach", "update"),
        *("none", "recurring", "total", "increment", "decrement", "activate", "deactivate", "setup"),
        *("immediate_upgrade", "immediate_downgrade", "immediate_close"),
        *("scheduled_upgrade", "scheduled_downgrade", "scheduled_close"),
    }
)


class _Refused(Exception):
    """A call that the vendor answers with an error; raised and caught in this module alone."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True)
class ResellerV2:
    """Answers ``/apiv2/reseller.*`` for one reseller.

    Attributes:
        password: goes into the form with the username, or alone behind ``Authorization: Bearer``.
        error_status: the status of an answer that says "User does not exist"; the vendor's old pages never
            print one, so a client must be ready for 200 too.
    """

    username: str
    password: str = field(repr=False)
    error_status: int = 400

    def owns(self, path: str) -> bool:
        """Tell whether a path belongs to this API."""
        return path.startswith(_PREFIX)

    def kind(self, call: Call) -> str | None:
        """Return ``totals``, ``daily`` or ``credits``; None for any other call."""
        action, form = _action(call.path), call.form
        if (action, form.get("method")) == ("manage", "stats"):
            return "totals" if "aggregate" in form else "daily"
        return "credits" if (action, form.get("task")) == ("account", "overview") else None

    def user(self, call: Call) -> str | None:
        """Return the field ``user``."""
        return call.form.get("user")

    def forbidden(self, call: Call) -> bool:
        """Tell whether a call would change something at the vendor, or shows the password in its URL."""
        if "api_key" in call.query or call.verb not in {"GET", "POST"}:
            return True
        said = {**call.query, **call.form}
        return (
            _action(call.path) in _CHANGING_ACTIONS
            or said.get("method") in _CHANGING_METHODS
            or said.get("task") in _CHANGING_TASKS
        )

    def public_form(self, call: Call) -> Mapping[str, str]:
        """Return the form without ``api_key``."""
        return {name: value for name, value in call.form.items() if name != "api_key"}

    def answer(self, call: Call, story: Story) -> Answer:
        """Answer a call as the vendor does."""
        handler = {"manage": self._stats, "account": self._overview}.get(_action(call.path))
        if handler is None or call.verb != "POST" or not call.path.endswith(".json"):
            return _error("Not found", status=404)
        if not self._is_known(call):
            return _error("Permission denied, wrong credentials", status=401)
        try:
            return handler(call, story)
        except _Refused as refused:
            return refused.answer

    def _is_known(self, call: Call) -> bool:
        by_form = (call.form.get("api_user"), call.form.get("api_key")) == (self.username, self.password)
        return by_form or call.headers.get("authorization") == f"Bearer {self.password}"

    def _stats(self, call: Call, story: Story) -> Answer:
        form, now = call.form, story.clock.time()
        _require(form.get("method") == "stats", "Unknown method")
        user = self._customer(call, story)
        if "aggregate" in form:
            _require(form["aggregate"] == "1", "aggregate must be 1")
            _require(not form.keys() & {"days", "start_date", "end_date"}, "aggregate takes no dates")
            return json_answer(story.totals(user, now))
        if "days" in form:
            _require(not form.keys() & {"start_date", "end_date"}, "Use either days, or start_date and end_date")
            days = form["days"]
            _require(re.fullmatch("[0-9]{1,9}", days) and int(days), "days must be an integer above 0")
            return json_answer(story.days(user, int(days), now))
        first, last = _date(form, "start_date"), _date(form, "end_date")
        _require(first < last, "start_date must be before end_date")
        return json_answer(story.between(user, first, last, now))

    def _overview(self, call: Call, story: Story) -> Answer:
        _require(call.form.get("task") == "overview", "Unknown task")
        return json_answer(story.overview(self._customer(call, story), story.clock.time()))

    def _customer(self, call: Call, story: Story) -> str:
        user = call.form.get("user", "")
        _require(user, "user is required")
        if story.find(user) is None:
            error = {"error": {"code": 400, "message": "User does not exist"}}
            raise _Refused(json_answer(error, self.error_status))
        return user


def _action(path: str) -> str:
    """Return ``manage`` of ``/apiv2/reseller.manage.json``."""
    return path.removeprefix(_PREFIX).partition(".")[0]


def _date(form: Mapping[str, str], name: str) -> date:
    value = form.get(name, "")
    _require(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value), f"{name} must be YYYY-mm-dd")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _Refused(_error(f"{name} is no date")) from None


def _require(condition: object, message: str) -> None:
    if not condition:
        raise _Refused(_error(message))


def _error(message: str, status: int = 400) -> Answer:
    return json_answer({"errors": [message], "message": "error"}, status)
