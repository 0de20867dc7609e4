"""The matrix has every request that the exporter can make."""

from collections.abc import Sequence
from typing import Any

from structlog.testing import capture_logs

from exporter.providers import discover
from tests.faults.turns import EVERY, staged


def test_every_call_of_the_allow_lists_is_struck(ca_file):
    """A call that no turn makes would be in no row of the matrix."""
    missing: dict[tuple[str, ...], set[str]] = {}
    for type_, way in {(kind.type, kind.way) for kind in EVERY}:
        asked: list[Any] = []
        operations: Sequence[Any] = ()
        for kind in (kind for kind in EVERY if (kind.type, kind.way) == (type_, way)):
            with capture_logs(), staged(kind, ca_file) as stage:
                operations = discover()[type_].allow_list(stage.source.config).operations
                asked += [each.call for each in stage.seen]
        for operation in operations:
            if not any(_is(operation, call) for call in asked):
                missing.setdefault((type_, operation.path, *operation.selectors.values()), set()).add(way)
    # Of v3, each way has calls of its own, and what all of them lack is missing.
    assert {each: ways for each, ways in missing.items() if each[0] != "sendgrid_v3" or len(ways) == 3} == {}


def _is(operation, call):
    fields = [*call.form.items(), *call.query.items()]
    sent = {name: value for name, value in fields if name in {"method", "task", "aggregate", "list"}}
    return operation.matches(call.verb, call.path.split("/")[1:]) and sent == dict(operation.selectors)
