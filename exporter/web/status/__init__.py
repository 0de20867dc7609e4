"""The status page: what a person wants to know who was woken, for people as HTML and for programs as JSON.

Whatever asks for it gives a ``Query``; the program answers with a ``Report``, and both forms show the same report.
"""

from exporter.web.status.answers import StatusAnswers
from exporter.web.status.page import Surroundings
from exporter.web.status.places import DueColumns, choose
from exporter.web.status.query import Direction, Order, Query, State
from exporter.web.status.report import (
    Budget,
    Discovery,
    Durations,
    Program,
    Report,
    Row,
    SourceStatus,
    Table,
)

__all__ = [
    "Budget",
    "Direction",
    "Discovery",
    "DueColumns",
    "Durations",
    "Order",
    "Program",
    "Query",
    "Report",
    "Row",
    "SourceStatus",
    "State",
    "StatusAnswers",
    "Surroundings",
    "Table",
    "choose",
]
