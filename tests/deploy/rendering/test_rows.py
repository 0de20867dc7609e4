from typing import Any

from deploy.grafana.generator.tables import Column, table
from tests.deploy.rendering.board import Line
from tests.deploy.rendering.rows import heads, rows
from tests.simulation.archive import Curve


class Answered:
    """Stands in for a board whose queries have these answers."""

    def __init__(self, **answers):
        self._answers = answers

    def answer(self, target, panel):
        for labels, value in self._answers[target["expr"]]:
            yield Line(target["refId"], "", Curve(labels, {0.0: value}))


A, B = {"source": "s", "customer": "a"}, {"source": "s", "customer": "b"}


def shown(board: Any, *columns, **options):
    panel = table("Table", "What it is.", {"source": "Source", "customer": "Customer"}, columns, **options)
    return heads(panel), rows(board, panel)


def test_queries_are_joined_by_their_labels_and_sorted():
    board = Answered(sent=[(A, 1.0), (B, 2.0)], bounced=[(A, 0.5)])

    assert shown(board, Column("Sent", "sent"), Column("Bounced", "bounced"), sort="Sent") == (
        ["Source", "Customer", "Sent", "Bounced"],
        [
            {"Source": "s", "Customer": "b", "Sent": 2.0},
            {"Source": "s", "Customer": "a", "Sent": 1.0, "Bounced": 0.5},
        ],
    )


def test_rows_without_the_value_come_last_whichever_way_it_is_sorted():
    board = Answered(sent=[(A, 1.0), (B, 2.0)], bounced=[(A, 0.5)])

    for descending in (True, False):
        _, found = shown(
            board, Column("Sent", "sent"), Column("Bounced", "bounced"), sort="Bounced", descending=descending
        )
        assert [row["Customer"] for row in found] == ["a", "b"]


def test_a_hidden_column_is_not_there():
    board = Answered(rank=[(A, 1.0)], age=[(A, 60.0)])

    assert shown(board, Column("Rank", "rank"), Column("Age", "age"), sort="Age", hidden=["Rank", "source"]) == (
        ["Customer", "Age"],
        [{"Customer": "a", "Age": 60.0}],
    )


def test_a_query_with_a_further_label_adds_it_to_its_row():
    board = Answered(age=[(A, 60.0), (B, 30.0)], failing=[({**A, "reason": "auth"}, 1.0)])
    panel = table(
        "Table",
        "What it is.",
        {"customer": "Customer", "reason": "Reason"},
        [Column("Age", "age"), Column("Failing", "failing")],
        sort="Age",
        hidden=["source", "Failing"],
    )

    assert rows(board, panel) == [  # type: ignore[arg-type]  # it answers as a board does
        {"Customer": "a", "Reason": "auth", "Age": 60.0},
        {"Customer": "b", "Age": 30.0},
    ]
