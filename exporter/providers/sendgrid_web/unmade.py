"""The calls of the Web API that are not made, each with the reason; the allow lists let none of them through.

In order of the vendor's overview page, with what that page doesn't name at the end.
"""

from collections.abc import Mapping, Sequence

from exporter.providers.unmade import CHANGES, SETTING, Unmade

# What one may not change, since it is handed to every call.
_NO_FIELDS: Mapping[str, Sequence[str]] = {}


def _of_resellers(page: str, action: str, reason: str, fields: Mapping[str, Sequence[str]] = _NO_FIELDS) -> Unmade:
    """Return a call that v2 and v1 have alike."""
    return Unmade(page, action, reason, fields, "POST", ("/apiv2/reseller.", "/api/distributor."))


def _call(page: str, path: str, reason: str, fields: Mapping[str, Sequence[str]] = _NO_FIELDS) -> Unmade:
    return Unmade(page, path, reason, fields, "POST")


_MANAGE = "manage"
_SUPPRESSIONS = {
    "Customer Bounces": "bounces",
    "Customer Unsubscribes": "unsubscribes",
    "Customer Invalid Emails": "invalidemails",
    "Customer Spam Reports": "spamreports",
}

OF_RESELLERS: Sequence[Unmade] = (
    *(_of_resellers("Customers", action, CHANGES) for action in ("add", "delete")),
    _of_resellers("Customers", "credential", CHANGES, {"task": ("add", "edit", "delete")}),
    _of_resellers("Customers", "checkusername", "tells whether a name is free, no number"),
    _of_resellers(
        "Customers",
        _MANAGE,
        CHANGES,
        {"method": ("enable", "disable", "website_enable", "website_disable", "password")},
    ),
    _of_resellers("Customers", _MANAGE, CHANGES, {"method": ("profile",), "task": ("set", "setUsername", "setEmail")}),
    *(
        _of_resellers(page, _MANAGE, CHANGES, {"method": (method,), "task": ("add", "delete")})
        for page, method in _SUPPRESSIONS.items()
    ),
    _of_resellers(
        "Customer Account Limits",
        _MANAGE,
        CHANGES,
        {"method": ("limit",), "task": ("none", "recurring", "total", "increment", "decrement")},
    ),
    _of_resellers("Monitor Records", _MANAGE, SETTING, {"method": ("monitor",), "task": ("list",)}),
    _of_resellers(
        "Monitor Records",
        _MANAGE,
        CHANGES,
        {"method": ("monitor",), "task": ("create", "edit", "delete", "append", "detach")},
    ),
    _of_resellers(
        "IP Management",
        "ip",
        "tells which customer uses an address; their number is that of the taken ones",
        {"task": ("usage",)},
    ),
    _of_resellers("Whitelabel", _MANAGE, SETTING, {"method": ("whitelabel",), "task": ("list",)}),
    _of_resellers("Whitelabel", _MANAGE, CHANGES, {"method": ("whitelabel",), "task": ("append",)}),
    _of_resellers("Automatic Login", "login", "logs somebody in, and was taken away in 2015"),
    _of_resellers("Event Notification Url", _MANAGE, SETTING, {"method": ("eventposturl",), "task": ("get",)}),
    _of_resellers("Event Notification Url", _MANAGE, CHANGES, {"method": ("eventposturl",), "task": ("set", "delete")}),
    _of_resellers(
        "Authenticate a Customer",
        _MANAGE,
        "sends a customer's password, and may count as a failed login",
        {"method": ("auth",)},
    ),
    _of_resellers("Parse Settings", _MANAGE, SETTING, {"method": ("parse",), "task": ("get",)}),
    _of_resellers("Parse Settings", _MANAGE, CHANGES, {"method": ("parse",), "task": ("set", "update", "delete")}),
    _of_resellers("Filter / Apps", _MANAGE, SETTING, {"method": ("apps",), "task": ("getavailable", "getsettings")}),
    _of_resellers(
        "Filter / Apps", _MANAGE, CHANGES, {"method": ("apps",), "task": ("activate", "deactivate", "setup")}
    ),
    _call("Invoice Retrieval", "/api/billing.list", "has the numbers of invoices alone; billing.get has their amounts"),
    _of_resellers(
        "Billing: Retrieving End User Invoices",
        "billing",
        "is about one bill that is closed, whose numbers don't change any more",
        {"task": ("usage",)},
    ),
    _of_resellers("Pending Account Changes", "pending", CHANGES, {"task": ("delete",)}),
    _of_resellers(
        "Account Overview",
        "account",
        CHANGES,
        {
            "task": tuple(
                f"{when}_{what}" for when in ("immediate", "scheduled") for what in ("upgrade", "downgrade", "close")
            )
        },
    ),
    _of_resellers("Customer Timezone", _MANAGE, SETTING, {"method": ("timezone",), "task": ("list",)}),
    _of_resellers("Customer Timezone", _MANAGE, CHANGES, {"method": ("timezone",), "task": ("set",)}),
    _of_resellers(
        "Customer Subusers",
        "manageSubuser",
        "is about customers' subusers, whom no call lists; the type sendgrid_customer asks for them as their customer",
        {"method": ("stats", "limit", "monitor", *_SUPPRESSIONS.values())},
    ),
)

OF_SUBUSERS: Sequence[Unmade] = (
    *(
        _call("Subusers", f"/apiv2/customer.{action}", CHANGES)
        for action in ("add", "delete", "enable", "disable", "website_enable", "website_disable", "password")
    ),
    _call("Subusers", "/apiv2/customer.list", "is not described"),
    _call("Subusers", "/apiv2/customer.credential", CHANGES, {"task": ("add", "edit", "delete")}),
    _call("Subusers", "/apiv2/customer.auth", "sends a subuser's password, and may count as a failed login"),
    _call("Subusers", "/apiv2/customer.profile", CHANGES, {"task": ("set", "setUsername", "setEmail")}),
    _call(
        "Account Limits",
        "/apiv2/customer.limit",
        CHANGES,
        {"task": ("none", "recurring", "total", "increment", "decrement")},
    ),
    _call("Monitor Records", "/apiv2/customer.monitor", SETTING, {"task": ("list",)}),
    _call(
        "Monitor Records",
        "/apiv2/customer.monitor",
        CHANGES,
        {"task": ("create", "edit", "delete", "append", "detach")},
    ),
    _call(
        "IP Management",
        "/apiv2/customer.ip",
        "of the account itself, of which this type has no metric",
        {"list": ("all", "free", "taken", "available")},
    ),
    _call("IP Management", "/apiv2/customer.sendip", SETTING, {"task": ("list",)}),
    _call("IP Management", "/apiv2/customer.sendip", CHANGES, {"task": ("append",)}),
    *(
        _call(
            f"Subuser {name}", f"/api/user.{list_}", "counting means reading recipients' addresses", {"task": ("get",)}
        )
        for name, list_ in (("Bounces", "bounces"), ("Unsubscribes", "unsubscribes"), ("Spam Reports", "spamreports"))
    ),
    _call(
        "Invalid Emails",
        "/apiv2/customer.invalidemails",
        "counting means reading recipients' addresses",
        {"task": ("get",)},
    ),
    *(
        _call(f"Subuser {list_}", f"{path}{list_}", CHANGES, {"task": ("add", "delete")})
        for path, list_ in (
            *(("/api/user.", each) for each in ("bounces", "unsubscribes", "spamreports")),
            ("/apiv2/customer.", "invalidemails"),
        )
    ),
    _call("Filter / Apps", "/apiv2/customer.apps", CHANGES, {"task": ("activate", "deactivate", "setup")}),
    _call("Parse Settings", "/apiv2/customer.parse", CHANGES, {"task": ("set", "update", "delete")}),
    _call("Event Notification Url", "/apiv2/customer.eventposturl", CHANGES, {"task": ("set", "delete")}),
    _call("Whitelabel", "/apiv2/customer.whitelabel", CHANGES, {"task": ("append",)}),
    *(
        _call("Statistics of the account itself", f"/api/{call}", "not a customer's")
        for call in ("stats.get", "stats.getAdvanced", "bounces.count")
    ),
)

UNMADE: Sequence[Unmade] = (*OF_RESELLERS, *OF_SUBUSERS)
