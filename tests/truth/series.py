"""Series and customers as the truth about a source names them."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from exporter.demo import Account
from exporter.demo.world import Story

SIX = ("requests", "delivered", "bounces", "clicks", "opens", "spam_reports")


class Series(NamedTuple):
    """A metric's name and its labels; those with an empty value are none."""

    name: str
    labels: frozenset[tuple[str, str]]

    @classmethod
    def named(cls, name: str, **labels: str) -> "Series":
        """Return the series of a name with these labels."""
        return cls(name, frozenset((label, value) for label, value in labels.items() if value))

    def of(self, **labels: str) -> "Series":
        """Return the same series with further labels."""
        return Series(self.name, self.labels | Series.named("", **labels).labels)


@dataclass(frozen=True)
class Named:
    """A customer as a source has it: by its entry in the configuration, or by the vendor's list."""

    label: str
    zone: ZoneInfo
    account: Account
    entry: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "user"

    def today(self, at: float) -> date:
        """Return the date in the customer's zone."""
        return datetime.fromtimestamp(at, self.zone).date()

    def midnight(self, day: date | str) -> float:
        """Return the Unix time at which a day begins in the customer's zone."""
        day = date.fromisoformat(day) if isinstance(day, str) else day
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()


def customers_named(source: Mapping[str, Any], story: Story) -> Iterator[Any]:
    """Yield a source's customers: the configured ones, then those of the vendor's list that take part."""
    if source["type"] == "bento":
        for entry in source["customers"]:
            yield Named(entry.get("name", entry["site_uuid"]), ZoneInfo("UTC"), story.world.reseller, entry)
        return
    zone = source.get("timezone", "UTC")
    known = set()
    for entry in source.get("customers", ()):
        account, kind = _account(entry, story)
        known.add((account.user, kind))
        label = entry.get("name") or (account.partner_id if kind == "account" else account.user)
        yield Named(label, ZoneInfo(entry.get("timezone", zone)), account, entry, kind)
    if source.get("discovery"):
        for named in _discovered(source["discovery"], ZoneInfo(zone), story, source["type"]):
            if (named.account.user, named.kind) not in known:
                yield named


def _account(entry: Mapping[str, Any], story: Story) -> tuple[Account, str]:
    if entry.get("own"):
        return story.world.reseller, "own"
    kind = next(kind for kind in ("user", "subuser", "account") if kind in entry)
    ids = {each.partner_id if kind == "account" else each.user: each for each in story.world.customers}
    return ids[entry[kind]], kind


def _discovered(discovery: Mapping[str, Any], zone: ZoneInfo, story: Story, type_: str) -> Iterator[Named]:
    is_partners = discovery.get("of") == "accounts"
    kind = "account" if is_partners else "subuser" if type_ == "sendgrid_v3" else "user"
    for account in story.world.customers:
        user = account.partner_id if is_partners else account.user
        exclude = discovery.get("exclude")
        if not re.search(discovery.get("include", ".*"), user) or (exclude and re.search(exclude, user)):
            continue
        # Only resellers' lists of v2 and the list of subusers have numbers.
        has_number = type_ == "sendgrid_reseller" or (type_ == "sendgrid_v3" and not is_partners)
        labels = {
            "user": user,
            "id": str(account.number) if has_number else user,
            "hash": hashlib.sha256(user.encode()).hexdigest()[:16],
        }
        yield Named(labels[discovery.get("label", "user")], zone, account, {}, kind)


def is_active(story: Story, account: Account) -> float:
    """Return 1 for a customer that may send now, else 0."""
    return float(account.is_active(datetime.fromtimestamp(story.world.clock.time(), UTC).date()))


def collectors(source: Mapping[str, Any], defaults: Mapping[str, bool]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the enabled collectors of a source; ``defaults`` has all of its type, and whether each is on."""
    for name, is_on in defaults.items():
        options = source.get("collectors", {}).get(name, {})
        if options.get("enabled", is_on):
            yield name, options


def fields(options: Mapping[str, Any], all_of_them: Mapping[str, str]) -> Mapping[str, str]:
    """Return which of the vendor's fields are shown, by our name: the six that are by default, or as configured."""
    wanted = options.get("fields", SIX)
    return {ours: theirs for ours, theirs in all_of_them.items() if wanted == "all" or ours in wanted}
