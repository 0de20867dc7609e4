"""The read calls of SendGrid's Web API, answered in plain values that each dialect then spells in its own way.

Checked as strictly as the vendor's pages say, for a client that gets on with a strict vendor gets on with a
mild one. Source: ``source/API_Reference/Web_API`` of the public repository sendgrid/docs.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from exporter.demo import office
from exporter.demo.accounts import Account
from exporter.demo.wire import Fields
from exporter.demo.world import Story


class Complaint(Exception):
    """The vendor's reason why it does not answer; ``is_stranger`` where it does not know the user."""

    def __init__(self, words: str, *, is_stranger: bool = False) -> None:
        """Keep the words, and whether they are about the user."""
        super().__init__(words)
        self.words = words
        self.is_stranger = is_stranger


@dataclass(frozen=True, slots=True)
class Paper:
    """What a call is answered with; ``value`` is a dict, a list of dicts or of strings, by its ``kind``."""

    kind: str
    value: Any


Handler: TypeAlias = Callable[[Fields, Story], Paper]

# By method: the counter that puts addresses on the list, and what the list says of each beside the address.
SUPPRESSIONS: Mapping[str, tuple[str, Mapping[str, str]]] = MappingProxyType(
    {
        "bounces": ("bounces", {"status": "5.1.1", "reason": "550 5.1.1 unknown or illegal user: {}"}),
        "unsubscribes": ("unsubscribes", {}),
        "invalidemails": ("invalid_email", {"reason": "Mail domain mentioned in email address is unknown"}),
        "spamreports": ("spamreports", {}),
    }
)


def require(condition: object, words: str) -> None:
    """Complain in these words unless a condition holds.

    Raises:
        Complaint: it does not.
    """
    if not condition:
        raise Complaint(words)


def stats(form: Fields, story: Story) -> Paper:
    """Answer with totals, days, categories or days by category."""
    user, now = _customer(form, story).user, story.world.clock.time()
    dates = form.keys() & {"days", "start_date", "end_date"}
    if "aggregate" in form:
        require(form["aggregate"] == "1", "aggregate must be 1")
        require(not dates, "aggregate takes no dates")
        return Paper("totals", story.totals(user, now))
    if "list" in form:
        require(form["list"] == "true", "list must be true")
        require(not dates, "list takes no dates")
        return Paper("categories", list(story.world.categories(user)))
    first, last = _window(form, story.world.today(user, now))
    names = form.every("category", "category[]")
    if names:
        rows = story.world.category_rows(user, names, first, last, now)
        return Paper("category days", rows[::-1])
    return Paper("days", story.world.between(user, first, last, now))


def account(form: Fields, story: Story) -> Paper:
    """Answer with the account overview."""
    require(form.get("task") == "overview", "Unknown task")
    return Paper("overview", story.overview(_customer(form, story).user, story.world.clock.time()))


def profile(form: Fields, story: Story) -> Paper:
    """Answer with the list of customers, as many as ``limit`` and ``offset`` say."""
    require(form.get("task") == "get", "Unknown task")
    require(form.get("active", "0") in {"0", "1"}, "active must be 0 or 1")
    offset, limit = (_count(form, name, default) for name, default in (("offset", 0), ("limit", 1000)))
    now = story.world.clock.time()
    listed = [each for each in story.world.customers if each.user == form.get("username", each.user)]
    rows = [_profile(each, is_active=each.is_active(story.world.today(each.user, now))) for each in listed]
    if "active" in form:
        rows = [row for row in rows if (row["active"] == "true") == (form["active"] == "1")]
    return Paper("users", rows[offset : offset + limit])


def limit(form: Fields, story: Story) -> Paper:
    """Answer with a customer's limit, or with nothing where it has none."""
    require(form.get("task") == "retrieve", "Unknown task")
    customer = _customer(form, story)
    if not customer.is_limited:
        return Paper("limit", {})
    overview = story.overview(customer.user, story.world.clock.time())
    value = {
        "credit": str(overview["credits_allowed"]),
        "credit_remain": str(overview["credits_remain"]),
        "last_reset": overview["billing_start_date"],
    }
    return Paper("limit", value)


def timezone(form: Fields, story: Story) -> Paper:
    """Answer with the time zone of a customer's account, its slash escaped once too often, as the page prints it."""
    require(form.get("task") == "get", "Unknown task")
    customer = _customer(form, story)
    offset = -_offset(customer.zone, story.world.clock.time())
    value = {
        "name": customer.zone.key.rpartition("/")[2].replace("_", " "),
        # Seconds to the west of Greenwich.
        "offset": offset,
        "timezone": customer.zone.key.replace("/", "\\/"),
        "display": f"GMT{'+' if offset <= 0 else '-'}{abs(offset) // 3600:02}:{abs(offset) % 3600 // 60:02}",
    }
    return Paper("timezone", value)


def suppressions(form: Fields, story: Story) -> Paper:
    """Answer with every address on one of a customer's lists; all of them are made up."""
    require(form.get("task") == "get", "Unknown task")
    require(form.get("date", "1") == "1", "date must be 1")
    customer, now = _customer(form, story), story.world.clock.time()
    field, details = SUPPRESSIONS[form["method"]]
    rows = []
    for number in range(story.world.suppressed(customer.user, field, now)):
        row = {"email": f"reader{number}@example.com"}
        row |= {name: text.format(row["email"]) for name, text in details.items()}
        if "date" in form:
            row["created"] = f"{customer.since + timedelta(days=number % 200)} 08:34:48"
        rows.append(row)
    return Paper(form["method"], rows)


def ip(form: Fields, story: Story) -> Paper:
    """Answer with the addresses that are in a state."""
    today = story.world.today(story.world.reseller.user, story.world.clock.time())
    everything = office.addresses(story.world)
    states = {
        "all": everything,
        "free": [each for each in everything if each.account is None],
        "taken": [each for each in everything if each.account is not None],
        "available": [each for each in everything if each.is_available(today)],
    }
    task = form.get("task", "")
    require(task in states, "Unknown task")
    return Paper("ips", [each.ip for each in states[task]])


def packages(_: Fields, __: Story) -> Paper:
    """Answer with what a customer can buy."""
    rows = []
    for each in office.PACKAGES:
        row = {
            "name": each.name,
            "price": office.money(each.price),
            "description": f"{each.name} description",
            "credits": each.credits,
            "overage": each.overage / 100_000,
            "has_reseller": False,
            "has_ip": each.addresses > 0,
        }
        if each.reseller_price is not None:
            row["distributor_price"] = office.money(each.reseller_price)
        rows.append(row)
    return Paper("packages", rows)


def pending(form: Fields, story: Story) -> Paper:
    """Answer with the changes that have been asked for and not been made."""
    require(form.get("task") == "list", "Unknown task")
    require(form.get("type", "close") in {"upgrade", "downgrade", "close"}, "Unknown type")
    today = story.world.today(story.world.reseller.user, story.world.clock.time())
    rows = [
        {
            "username": each.user,
            "type": each.type,
            "current": f"Main Reseller - {each.current}",
            "update": f"Main Reseller - {each.update}",
            "ip_groups": [],
            "ips": ["192.0.2.200"] if "Gold" in each.update else [],
            "date": str(each.due(today)),
        }
        for each in office.CHANGES
        if each.user == form.get("username", each.user) and each.type.lower().endswith(form.get("type", ""))
    ]
    return Paper("pending", rows)


def billing(form: Fields, story: Story) -> Paper:
    """Answer with what each customer has run up since its last bill."""
    require(form.get("task") == "current", "Unknown task")
    return Paper("usage", [each.printed() for each in office.running_bills(story, story.world.clock.time())])


def invoice_numbers(form: Fields, story: Story) -> Paper:
    """Answer with the numbers of the reseller's own bills."""
    return Paper("invoices", [{"number": each.number} for each in _invoices(form, story)])


def invoices(form: Fields, story: Story) -> Paper:
    """Answer with the reseller's own bills."""
    return Paper("invoices", [each.printed() for each in _invoices(form, story)])


def _invoices(form: Fields, story: Story) -> list[office.Invoice]:
    status = form.get("status")
    require(status in {None, "paid", "unpaid", "refunded", "deferred", "canceled"}, "Unknown status")
    require("start_date" in form or "end_date" not in form, "end_date needs start_date")
    today = story.world.today(story.world.reseller.user, story.world.clock.time())
    first = _date(form, "start_date") if "start_date" in form else date.min
    last = _date(form, "end_date") if "end_date" in form else date.max
    return [
        each
        for each in office.invoices(today)
        if first <= each.invoiced <= last and status in {None, each.status.lower()}
    ]


def _customer(form: Fields, story: Story) -> Account:
    user = form.get("user", "")
    require(user, "user is required")
    found = story.world.find(user)
    if found is None:
        raise Complaint("User does not exist", is_stranger=True)
    return found


def _profile(account: Account, *, is_active: bool) -> dict[str, Any]:
    return {
        "id": str(account.number),
        "username": account.user,
        "email": f"owner{account.number}@example.com",
        "active": "true" if is_active else "false",
        "first_name": "Jane",
        "last_name": "Doe",
        "address": "555 any street",
        "city": "any city",
        "state": "CA",
        "zip": "91234",
        "country": "US",
        "phone": "555-555-5555",
        "website": account.user.partition("@")[2],
    }


def _offset(zone: ZoneInfo, at: float) -> int:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _window(form: Fields, today: date) -> tuple[date, date]:
    if "days" in form:
        require(not form.keys() & {"start_date", "end_date"}, "Use either days, or start_date and end_date")
        days = form["days"]
        require(re.fullmatch("[0-9]{1,9}", days) and int(days), "days must be an integer above 0")
        # A day is not a date before the year 1, however many a request names.
        return today - timedelta(days=min(int(days), today.toordinal()) - 1), today
    first, last = _date(form, "start_date"), _date(form, "end_date")
    require(first < last, "start_date must be before end_date")
    return first, last


def _date(form: Mapping[str, str], name: str) -> date:
    value = form.get(name, "")
    require(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value), f"{name} must be YYYY-mm-dd")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Complaint(f"{name} is no date") from None


def _count(form: Mapping[str, str], name: str, default: int) -> int:
    value = form.get(name, str(default))
    require(re.fullmatch("[0-9]{1,9}", value), f"{name} must be an integer")
    return int(value)
