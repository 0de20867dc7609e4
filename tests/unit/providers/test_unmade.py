from importlib import import_module

import pytest

from exporter.providers import discover
from exporter.providers.unmade import Unmade
from exporter.upstream import Request

FOLDERS = ("bento", "sendgrid_v3", "sendgrid_web")


def test_a_call_stands_for_each_of_its_prefixes_and_of_its_fields_values():
    unmade = Unmade("Customers", "manage", "changes something", {"task": ("add", "delete")}, "POST", ("/v2/", "/v1/"))

    assert unmade.paths == ["/v2/manage", "/v1/manage"]
    assert [*unmade.requests()] == [
        ("/v2/manage", {"task": "add"}),
        ("/v2/manage", {"task": "delete"}),
        ("/v1/manage", {"task": "add"}),
        ("/v1/manage", {"task": "delete"}),
    ]


def test_a_call_without_fields_is_one_call():
    assert [*Unmade("Tags", "/tags", "no number").requests()] == [("/tags", {})]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_call_that_is_not_made_has_a_reason_and_stands_there_once(folder):
    unmade = import_module(f"exporter.providers.{folder}.unmade").UNMADE
    calls = [(each.verb, path, *sorted(fields.items())) for each in unmade for path, fields in each.requests()]

    assert all(each.reason for each in unmade)
    assert len(set(calls)) == len(calls)


@pytest.mark.parametrize("type_", ["bento", "sendgrid_v3"])
def test_no_call_that_is_not_made_can_be_sent(type_):
    """Where only a verb that can't be sent is spoken of, the same path may be read."""
    provider = discover()[type_]
    unmade = import_module(f"{type(provider).__module__}.unmade").UNMADE
    allow_list = provider.allow_list(None)
    paths = [(each.verb, path.replace("{}", "x")) for each in unmade for path, _ in each.requests()]

    admitted = [
        (verb, path) for verb, path in paths if verb in {"GET", "POST"} and allow_list.admits(Request(verb, path))
    ]
    assert len(paths) >= 10
    assert admitted == []
    assert {operation.verb for operation in allow_list.operations} == {"GET"}
