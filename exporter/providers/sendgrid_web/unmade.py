"""The calls of the Web API that are not made, each with the reason; the allow lists let none of them through.

In order of the vendor's overview page, with what that page doesn't name at the end.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

_RESELLER = "{reseller}"
_PREFIXES = ("/apiv2/reseller.", "/api/distributor.")

CHANGES = "changes something"
SETTING = "a setting, no number"


@dataclass(frozen=True, slots=True)
class Unmade:
    """A call that is not made.

    Attributes:
        page: the page of the vendor that describes it.
        path: without its suffix; ``{reseller}`` stands for the prefix of v2 and that of v1.
        reason: why not.
        fields: what chooses what it does, each field with all values that are meant.
    """

    page: str
    path: str
    reason: str
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def requests(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield the path and the fields of each call that is meant."""
        prefixes = _PREFIXES if self.path.startswith(_RESELLER) else ("",)
        for prefix, values in product(prefixes, product(*self.fields.values())):
            yield self.path.replace(_RESELLER, prefix), dict(zip(self.fields, values, strict=True))


_MANAGE = "{reseller}manage"
_SUPPRESSIONS = {
    "Customer Bounces": "bounces",
    "Customer Unsubscribes": "unsubscribes",
    "Customer Invalid Emails": "invalidemails",
    "Customer Spam Reports": "spamreports",
}

OF_RESELLERS: Sequence[Unmade] = (
    *(Unmade("Customers", f"{{reseller}}{action}", CHANGES) for action in ("add", "delete")),
    Unmade("Customers", "{reseller}credential", CHANGES, {"task": ("add", "edit", "delete")}),
    Unmade("Customers", "{reseller}checkusername", "tells whether a name is free, no number"),
    Unmade(
        "Customers",
        _MANAGE,
        CHANGES,
        {"method": ("enable", "disable", "website_enable", "website_disable", "password")},
    ),
    Unmade("Customers", _MANAGE, CHANGES, {"method": ("profile",), "task": ("set", "setUsername", "setEmail")}),
    *(
        Unmade(page, _MANAGE, CHANGES, {"method": (method,), "task": ("add", "delete")})
        for page, method in _SUPPRESSIONS.items()
    ),
    Unmade(
        "Customer Account Limits",
        _MANAGE,
        CHANGES,
        {"method": ("limit",), "task": ("none", "recurring", "total", "increment", "decrement")},
    ),
    Unmade("Monitor Records", _MANAGE, SETTING, {"method": ("monitor",), "task": ("list",)}),
    Unmade(
        "Monitor Records",
        _MANAGE,
        CHANGES,
        {"method": ("monitor",), "task": ("create", "edit", "delete", "append", "detach")},
    ),
    Unmade(
        "IP Management",
        "{reseller}ip",
        "tells which customer uses an address; their number is that of the taken ones",
        {"task": ("usage",)},
    ),
    Unmade("Whitelabel", _MANAGE, SETTING, {"method": ("whitelabel",), "task": ("list",)}),
    Unmade("Whitelabel", _MANAGE, CHANGES, {"method": ("whitelabel",), "task": ("append",)}),
    Unmade("Automatic Login", "{reseller}login", "logs somebody in, and was taken away in 2015"),
    Unmade("Event Notification Url", _MANAGE, SETTING, {"method": ("eventposturl",), "task": ("get",)}),
    Unmade("Event Notification Url", _MANAGE, CHANGES, {"method": ("eventposturl",), "task": ("set", "delete")}),
    Unmade(
        "Authenticate a Customer",
        _MANAGE,
        "sends a customer's password, and may count as a failed login",
        {"method": ("auth",)},
    ),
    Unmade("Parse Settings", _MANAGE, SETTING, {"method": ("parse",), "task": ("get",)}),
    Unmade("Parse Settings", _MANAGE, CHANGES, {"method": ("parse",), "task": ("set", "update", "delete")}),
    Unmade("Filter / Apps", _MANAGE, SETTING, {"method": ("apps",), "task": ("getavailable", "getsettings")}),
    Unmade("Filter / Apps", _MANAGE, CHANGES, {"method": ("apps",), "task": ("activate", "deactivate", "setup")}),
    Unmade(
        "Invoice Retrieval", "/api/billing.list", "has the numbers of invoices alone; billing.get has their amounts"
    ),
    Unmade(
        "Billing: Retrieving End User Invoices",
        "{reseller}billing",
        "is about one bill that is closed, whose numbers don't change any more",
        {"task": ("usage",)},
    ),
    Unmade("Pending Account Changes", "{reseller}pending", CHANGES, {"task": ("delete",)}),
    Unmade(
        "Account Overview",
        "{reseller}account",
        CHANGES,
        {
            "task": tuple(
                f"{when}_{what}" for when in ("immediate", "scheduled") for what in ("upgrade", "downgrade", "close")
            )
        },
    ),
    Unmade("Customer Timezone", _MANAGE, SETTING, {"method": ("timezone",), "task": ("list", "get")}),
    Unmade("Customer Timezone", _MANAGE, CHANGES, {"method": ("timezone",), "task": ("set",)}),
    Unmade(
        "Customer Subusers",
        "{reseller}manageSubuser",
        "is about customers' subusers, whom no call lists; the type sendgrid_customer asks for them as their customer",
        {"method": ("stats", "limit", "monitor", *_SUPPRESSIONS.values())},
    ),
)

OF_SUBUSERS: Sequence[Unmade] = (
    *(
        Unmade("Subusers", f"/apiv2/customer.{action}", CHANGES)
        for action in ("add", "delete", "enable", "disable", "website_enable", "website_disable", "password")
    ),
    Unmade("Subusers", "/apiv2/customer.list", "is not described"),
    Unmade("Subusers", "/apiv2/customer.credential", CHANGES, {"task": ("add", "edit", "delete")}),
    Unmade("Subusers", "/apiv2/customer.auth", "sends a subuser's password, and may count as a failed login"),
    Unmade("Subusers", "/apiv2/customer.profile", CHANGES, {"task": ("set", "setUsername", "setEmail")}),
    Unmade(
        "Account Limits",
        "/apiv2/customer.limit",
        CHANGES,
        {"task": ("none", "recurring", "total", "increment", "decrement")},
    ),
    Unmade("Monitor Records", "/apiv2/customer.monitor", SETTING, {"task": ("list",)}),
    Unmade(
        "Monitor Records",
        "/apiv2/customer.monitor",
        CHANGES,
        {"task": ("create", "edit", "delete", "append", "detach")},
    ),
    Unmade(
        "IP Management",
        "/apiv2/customer.ip",
        "of the account itself, of which this type has no metric",
        {"list": ("all", "free", "taken", "available")},
    ),
    Unmade("IP Management", "/apiv2/customer.sendip", SETTING, {"task": ("list",)}),
    Unmade("IP Management", "/apiv2/customer.sendip", CHANGES, {"task": ("append",)}),
    *(
        Unmade(
            f"Subuser {name}", f"/api/user.{list_}", "counting means reading recipients' addresses", {"task": ("get",)}
        )
        for name, list_ in (("Bounces", "bounces"), ("Unsubscribes", "unsubscribes"), ("Spam Reports", "spamreports"))
    ),
    Unmade(
        "Invalid Emails",
        "/apiv2/customer.invalidemails",
        "counting means reading recipients' addresses",
        {"task": ("get",)},
    ),
    *(
        Unmade(f"Subuser {list_}", f"{path}{list_}", CHANGES, {"task": ("add", "delete")})
        for path, list_ in (
            *(("/api/user.", each) for each in ("bounces", "unsubscribes", "spamreports")),
            ("/apiv2/customer.", "invalidemails"),
        )
    ),
    Unmade("Filter / Apps", "/apiv2/customer.apps", CHANGES, {"task": ("activate", "deactivate", "setup")}),
    Unmade("Parse Settings", "/apiv2/customer.parse", CHANGES, {"task": ("set", "update", "delete")}),
    Unmade("Event Notification Url", "/apiv2/customer.eventposturl", CHANGES, {"task": ("set", "delete")}),
    Unmade("Whitelabel", "/apiv2/customer.whitelabel", CHANGES, {"task": ("append",)}),
    *(
        Unmade("Statistics of the account itself", f"/api/{call}", "not a customer's")
        for call in ("stats.get", "stats.getAdvanced", "bounces.count")
    ),
)

UNMADE: Sequence[Unmade] = (*OF_RESELLERS, *OF_SUBUSERS)
