"""The calls of Bento's API that are not made, each with the reason; the allow list lets none of them through."""

from collections.abc import Sequence

from exporter.providers.unmade import CHANGES, Unmade

_V1 = "/api/v1/"
_NO_NUMBER = "no number to show"
_PEOPLE = "about single people"

UNMADE: Sequence[Unmade] = (
    *(
        Unmade("Stats", f"{_V1}stats/{what}", "is not described by the vendor")
        for what in ("subscriber_growth", "email", "tag", "broadcast")
    ),
    Unmade("Segments", f"{_V1}fetch/segments/{{}}", "the list of segments has the same"),
    Unmade("Segments", f"{_V1}fetch/segments/{{}}/match", CHANGES, verb="POST"),
    Unmade(
        "Broadcasts",
        f"{_V1}fetch/broadcasts",
        "its only number is an open rate of which nobody says what 1 is, and whole e-mails come along",
    ),
    *(
        Unmade("Sequences and workflows", f"{_V1}fetch/{what}", "nobody says which numbers it has")
        for what in ("sequences", "workflows")
    ),
    Unmade("E-mail templates", f"{_V1}fetch/emails/templates/{{}}", "nobody says which numbers it has"),
    *(Unmade("Tags and fields", f"{_V1}fetch/{what}", _NO_NUMBER) for what in ("tags", "fields")),
    *(Unmade("Subscribers", f"{_V1}fetch/{what}", _PEOPLE) for what in ("subscribers", "search")),
    Unmade("Commands", f"{_V1}fetch/commands", CHANGES, verb="POST"),
    Unmade("Batches", f"{_V1}batch/{{}}", CHANGES, verb="POST"),
    Unmade("Experimental", f"{_V1}experimental/{{}}", f"{_PEOPLE}, and may change at any time"),
)
