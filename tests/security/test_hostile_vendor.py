"""A vendor that writes to whoever reads it: names that are markup, further lines, or orders to a terminal."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml

from exporter.demo import StandIn
from tests.e2e.programs import Program, labels_of, parsed
from tests.e2e.shell import Shell
from tests.e2e.sources import PASSWORD, only, source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

# Each is one text, in whatever it stands.
PRINTABLE = (
    '"}], "customers": [{"user": "me"}]',
    "- user: another",
    "{a: b}: [c] # d",
    "*alias &anchor !!python/object:os.system",
    "%TAG ! tag:yaml.org,2002:",
    "'\"\\n\\x1b[31m\\",
    'x"} 1\\nsendgrid_credits_remaining{customer="y',
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }} ${7*7} %s {0}",
    "=cmd|' /C calc'!A0",
    "привет 🕊 你好",
    "yes",
    "0x10",
    "~",
)
# Orders to a terminal, and what some reader takes for the end of a line.
CONTROLS = (
    "\x1b[2J\x1b[31m", "\x9b31m", "\x07", "\x08\x08", "\r", "\n", "\x85", "\u2028", "\u2029", "\x00", "\x7f",
)  # fmt: skip
# All that may end a line or begin an order; the line breaks that end our own lines are taken out before.
UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def listing(vendor: StandIn) -> Mapping[str, Any]:
    return {
        **source(vendor, [], collectors={"daily": {"enabled": False}}),
        "type": "sendgrid_v3",
        "credentials": {"api_key": PASSWORD},
        "discovery": {"interval": "1s"},
    }


def tell(vendor: StandIn, names: Sequence[str]) -> None:
    rows = [{"username": name, "id": number, "disabled": False} for number, name in enumerate(names, start=1)]
    vendor.clear()
    vendor.fault(status=200, body=json.dumps(rows).encode(), call="discovery")


def shown(*programs: Program) -> str:
    return "".join(program.stdout + program.stderr for program in programs)


@pytest.fixture(scope="module")
def hostile(new_vendor) -> StandIn:
    vendor: StandIn = new_vendor()
    return vendor


@pytest.mark.parametrize(("format_", "read"), [("yaml", yaml.safe_load), ("json", json.loads)])
def test_names_that_are_markup_are_printed_as_the_names_they_are(shell: Shell, hostile, format_, read):
    tell(hostile, PRINTABLE)
    discover = shell.start(
        "discover", "acme", f"--config.file={shell.configure([listing(hostile)])}", "--format", format_
    )

    assert discover.wait() == 0
    assert read(discover.stdout) == {"customers": [{"subuser": name} for name in PRINTABLE]}
    assert UNPRINTABLE.findall(shown(discover)) == []


def test_a_list_with_an_order_to_a_terminal_is_refused_and_not_shown(shell: Shell, hostile):
    config = shell.configure([listing(hostile)])
    programs = []
    for control in CONTROLS:
        tell(hostile, ["good", f"evil{control}name"])
        programs.append(shell.start("discover", "acme", f"--config.file={config}"))
        assert programs[-1].wait() == 1

    assert "evil" not in shown(*programs)
    assert UNPRINTABLE.findall(shown(*programs)) == []


def test_a_name_on_every_page_is_a_name(shell: Shell, hostile):
    """The pages for machines are read back by their readers; those for people are another test's."""
    tell(hostile, PRINTABLE)
    exporter = shell.run([listing(hostile)], "--log.level=debug")
    eventually(lambda: exporter.value("email_stats_exporter_customers", source="acme") == len(PRINTABLE))

    page, groups = exporter.ask("/metrics").text, exporter.ask("/sd").json()
    active = {labels_of(key)["customer"] for key in parsed(page) if key[0] == "sendgrid_customer_active"}
    assert active == set(PRINTABLE)
    assert {group["labels"]["__param_customer"] for group in groups} == set(PRINTABLE)
    for name in PRINTABLE:
        customers = {
            labels_of(key).get("customer") for key in parsed(exporter.ask("/metrics", params={"customer": name}).text)
        }
        assert customers - {None} == {name}
    assert UNPRINTABLE.findall(page + exporter.stderr) == []


def test_a_value_with_an_order_to_a_terminal_is_left_out_and_counted(shell: Shell, hostile):
    hostile.clear()
    for number, control in enumerate(CONTROLS):
        overview = {"credits_allowed": 7, "package": f"Gold{control}Package"}
        hostile.fault(status=200, body=json.dumps(overview).encode(), user=f"{number}@example.com")
    users = [f"{number}@example.com" for number in range(len(CONTROLS))]
    config = shell.configure([source(hostile, users, collectors=only("credits"))])

    once = shell.start("once", f"--config.file={config}", "--log.level=debug")

    assert once.wait() == 0, once.stderr
    values = parsed(once.stdout)
    assert [key for key in values if key[0] == "sendgrid_package_info"] == []
    rejected = [value for key, value in values.items() if key[0] == "email_stats_exporter_fields_rejected_total"]
    assert rejected == [len(CONTROLS)]
    assert UNPRINTABLE.findall(shown(once)) == []


def test_a_value_with_the_secret_that_was_sent_is_left_out_and_counted(shell: Shell, hostile):
    hostile.clear()
    for user, package in {"a@example.com": PASSWORD, "b@example.com": f"for {PASSWORD} alone"}.items():
        hostile.fault(
            status=200, body=json.dumps({"credits_allowed": 7, "package": package}).encode(), user=user, call="credits"
        )
    config = shell.configure([source(hostile, ["a@example.com", "b@example.com"], collectors=only("credits"))])

    once = shell.start("once", f"--config.file={config}", "--log.level=debug")

    assert once.wait() == 0, once.stderr
    values = {(key[0], labels_of(key).get("reason")): value for key, value in parsed(once.stdout).items()}
    assert values["email_stats_exporter_series_dropped", "label_value"] == 2
    assert values["sendgrid_credits_allowed", None] == 7
    assert PASSWORD not in shown(once)
