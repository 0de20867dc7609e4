"""The Web API's three dialects: where each lives, which of its calls are made, and how it spells them.

Reads and writes share address and verb here, so what a call does hangs on its fields ``method`` and ``task``:
each call names them, and the allow list lets no other pair through.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from exporter.upstream import AllowList, Operation

# Fields that choose what a call does; one that a call does not pin may not be sent with it.
_SELECTORS = ("method", "task", "aggregate", "list")


class Format(StrEnum):
    """What answers are written in; the value is the suffix of a call's path."""

    JSON = "json"
    XML = "xml"


@dataclass(frozen=True, slots=True)
class Call:
    """One read call.

    Attributes:
        page: the page of the vendor that describes it.
        path: without its suffix.
        selectors: the fields that choose what it does.
        element: where its answer stands in XML, from the root.
    """

    page: str
    path: str
    selectors: Mapping[str, str]
    element: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One of the three.

    Attributes:
        calls: by our name; a call that the dialect has not is missing.
        is_paged: whether its list of customers comes in pages.
        is_repaired: whether its answers may lack their outermost characters.
    """

    calls: Mapping[str, Call]
    is_paged: bool = False
    is_repaired: bool = False

    def path(self, call: Call, format_: Format) -> str:
        """Return the path of a call; its suffix asks for the answer's format."""
        return f"{call.path}.{format_}"

    def allow_list(self, format_: Format) -> AllowList:
        """Return the dialect's calls, the only ones that can be sent."""
        calls = self.calls.values()
        return AllowList([Operation("POST", self.path(call, format_), call.selectors) for call in calls], _SELECTORS)


# By the vendor's word for a list.
_SUPPRESSIONS = {
    "bounces": "Customer Bounces",
    "unsubscribes": "Customer Unsubscribes",
    "invalidemails": "Customer Invalid Emails",
    "spamreports": "Customer Spam Reports",
}
_STATISTICS = "Customer Statistics"
_LIMITS = "Customer Account Limits"


def _of_resellers(prefix: str) -> Mapping[str, Call]:
    return {**_about_customers(prefix), **_about_resellers(prefix)}


def _about_customers(prefix: str) -> Mapping[str, Call]:
    manage = f"{prefix}manage"
    return {
        "totals": Call(_STATISTICS, manage, {"method": "stats", "aggregate": "1"}, ("stats",)),
        "daily": Call(_STATISTICS, manage, {"method": "stats"}, ("stats",)),
        "category_list": Call(_STATISTICS, manage, {"method": "stats", "list": "true"}, ("categories",)),
        "overview": Call("Account Overview", f"{prefix}account", {"task": "overview"}, ("result", "overview")),
        "limits": Call(_LIMITS, manage, {"method": "limit", "task": "retrieve"}, ("credits",)),
        **{
            list_: Call(page, manage, {"method": list_, "task": "get"}, (list_,))
            for list_, page in _SUPPRESSIONS.items()
        },
        "customers": Call("Customers", manage, {"method": "profile", "task": "get"}, ("users",)),
        "timezone": Call("Customer Timezone", manage, {"method": "timezone", "task": "get"}, ("timezone",)),
    }


def _about_resellers(prefix: str) -> Mapping[str, Call]:
    return {
        **{
            f"ips_{state}": Call("IP Management", f"{prefix}ip", {"task": state}, ("ips",))
            for state in ("all", "free", "taken", "available")
        },
        "pending": Call("Pending Account Changes", f"{prefix}pending", {"task": "list"}, ("result", "pending")),
        "packages": Call("View Available Packages", f"{prefix}packages", {}, ("result", "packages")),
        # Invoices have one address for v1 and v2.
        "invoices": Call("Invoice Retrieval", "/api/billing.get", {}, ("invoices",)),
        "usage": Call("Billing: Retrieving As-You-Go Usage", f"{prefix}billing", {"task": "current"}, ("usage",)),
    }


RESELLER = Dialect(_of_resellers("/apiv2/reseller."), is_paged=True)
DISTRIBUTOR = Dialect(_of_resellers("/api/distributor."), is_repaired=True)
CUSTOMER = Dialect(
    {
        "totals": Call(_STATISTICS, "/apiv2/customer.stats", {"aggregate": "1"}, ("stats",)),
        "daily": Call(_STATISTICS, "/apiv2/customer.stats", {}, ("stats",)),
        "category_list": Call(_STATISTICS, "/apiv2/customer.stats", {"list": "true"}, ("categories",)),
        "limits": Call(_LIMITS, "/apiv2/customer.limit", {"task": "retrieve"}, ("credits",)),
        "customers": Call("Customers", "/apiv2/customer.profile", {"task": "get"}, ("users",)),
    }
)
