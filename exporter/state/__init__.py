"""What outlives the process: last good samples, counters' marks, last attempts, pauses and used budgets.

The store writes a value here before a scrape can see it, so no crash ever shows an older counter again. What is kept is
found by the identity of an account, never by its label alone, and nothing here knows how it is shown.
"""

from exporter.state.facts import Acceptance, Budget, KeptList, Lists, Missing, Pause
from exporter.state.forgetful import ForgetfulState
from exporter.state.identity import (
    account,
    budget_name,
    customer_digest,
    fact_name,
    list_name,
    pause_name,
    scope_of,
    settings_digest,
)
from exporter.state.kept import NOTHING_RARE, Kept, Rare, Remembering, Row, Scope, State, Ticket
from exporter.state.lineage import Lineage
from exporter.state.sqlite import SqliteState

__all__ = [
    "NOTHING_RARE",
    "Acceptance",
    "Budget",
    "ForgetfulState",
    "Kept",
    "KeptList",
    "Lineage",
    "Lists",
    "Missing",
    "Pause",
    "Rare",
    "Remembering",
    "Row",
    "Scope",
    "SqliteState",
    "State",
    "Ticket",
    "account",
    "budget_name",
    "customer_digest",
    "fact_name",
    "list_name",
    "pause_name",
    "scope_of",
    "settings_digest",
]
