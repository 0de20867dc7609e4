"""The calls of the v3 API that are not made, each with the reason; the allow list lets none of them through.

Of those that can be of use for metrics; the API has hundreds more, none of which is on the allow list either.
"""

from collections.abc import Sequence

from exporter.providers.unmade import CHANGES, Unmade

_CUT = "shows the first few only, and sums up days that the daily statistics tell apart"
_PARTS = "parts of the daily statistics, by what recipients use and where they are"

UNMADE: Sequence[Unmade] = (
    Unmade("Subusers", "/v3/subusers", CHANGES, verb="POST"),
    *(Unmade("Subusers", "/v3/subusers/{}", CHANGES, verb=verb) for verb in ("PATCH", "DELETE")),
    Unmade("Subusers", "/v3/subusers/{}/ips", CHANGES, verb="PUT"),
    Unmade("Subusers", "/v3/subusers/{}/credits", CHANGES, verb="PUT"),
    Unmade("Subusers", "/v3/subusers/{}/credits/remaining", CHANGES, verb="PATCH"),
    Unmade("Subusers", "/v3/subusers/{}/website_access", CHANGES, verb="PATCH"),
    *(
        Unmade("Subuser statistics", path, _CUT)
        for path in ("/v3/subusers/stats/sums", "/v3/subusers/stats/monthly", "/v3/subusers/{}/stats/monthly")
    ),
    Unmade("Category statistics", "/v3/categories/stats/sums", _CUT),
    *(
        Unmade("Advanced statistics", f"/v3/{what}/stats", _PARTS)
        for what in ("browsers", "clients", "devices", "geo", "mailbox_providers")
    ),
    *(
        Unmade("Suppressions", f"/v3/suppression/{what}", "counting means reading recipients' addresses")
        for what in ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes")
    ),
    Unmade("User account", "/v3/user/profile", "personal data, no number"),
    Unmade("User account", "/v3/user/profile", CHANGES, verb="PATCH"),
    Unmade("Partner accounts", "/v3/partners/accounts", CHANGES, verb="POST"),
    Unmade("Partner accounts", "/v3/partners/accounts/{}", CHANGES, verb="DELETE"),
    *(
        Unmade("Partner accounts", f"/v3/partners/accounts/{{}}/{what}", CHANGES, verb="PUT")
        for what in ("state", "offerings")
    ),
    Unmade("Mail send", "/v3/mail/send", "sends e-mail", verb="POST"),
)
