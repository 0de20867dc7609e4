"""Customers on a vendor's own list: they come and go as it says, but only if it is to be believed."""

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from exporter.demo import Account, StandIn, World
from tests.e2e.comparison import customers_on, is_same
from tests.e2e.programs import Exporter, Values, labels_of
from tests.e2e.sources import PASSWORD, source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

NO_RETRY = {"retry": {"attempts": 1, "initial_backoff": 0, "max_backoff": 0}}
LIST = {"interval": "250ms"}


@pytest.fixture(scope="module")
def changing(world) -> World:
    """Give a world of which a test changes who the customers are."""
    return World(world.clock)


@pytest.fixture(scope="module")
def changing_vendor(new_vendor, changing) -> StandIn:
    return new_vendor(world=changing)


@pytest.fixture(scope="module")
def sources(changing_vendor, changing) -> Sequence[Mapping[str, Any]]:
    """Give two sources with lists, of which one has a customer that is configured as well."""
    listed: Mapping[str, Any] = {"discovery": {**LIST, "include": "@", "exclude": "^offers@", "label": "id"}}
    collectors = {name: {"interval": "1s"} for name in ("daily", "credits", "reputation")}
    return [
        source(changing_vendor, [changing.customers[0]], "acme", **listed),
        {
            **source(changing_vendor, [], "team", collectors=collectors, discovery={**LIST, "exclude": "^(me|post)@"}),
            "type": "sendgrid_v3",
            "credentials": {"api_key": PASSWORD},
        },
    ]


@pytest.fixture(scope="module")
def listed(shell, sources, changing_vendor) -> Exporter:
    exporter = shell.run(sources, **NO_RETRY)
    eventually(lambda: is_same(exporter.values(), sources, changing_vendor.story))
    return exporter


def lists_of(vendor: StandIn) -> int:
    """Return how often the reseller's list has been asked for."""
    return sum(arrival.form.get("method") == "profile" or "profile" in arrival.path for arrival in vendor.requests)


def test_customers_of_the_vendor_s_list_are_polled_and_it_is_told_who_may_send(listed, sources, changing):
    page = listed.values()
    active = {series: value for series, value in page.items() if series[0] == "sendgrid_customer_active"}

    assert [page[key] for key in sizes(page)] == [11, 11]
    # All twelve are on the list; of two sources each leaves one out.
    assert (len(active), sum(active.values())) == (22, 20)
    of_acme = {labels_of(series)["customer"] for series in active if labels_of(series)["source"] == "acme"}
    excluded = changing.find("offers@lucky-coupons.example")
    assert of_acme == {"aurora-retail", *(str(each.number) for each in changing.customers[1:] if each is not excluded)}


def sizes(page: Values) -> Sequence[Any]:
    return [series for series in page if series[0] == "email_stats_exporter_customers"]


@pytest.mark.parametrize(
    "fault",
    [{"status": 503}, {"cut": True}, {"status": 200, "body": b'[{"username":"a@'}, {"status": 200, "body": b"{}"}],
    ids=["failing", "cut off", "broken", "of another shape"],
)
def test_a_list_that_cannot_be_read_whole_loses_nobody(fault, listed, sources, changing_vendor):
    changing_vendor.fault(call="discovery", **fault)
    before = lists_of(changing_vendor)

    eventually(lambda: lists_of(changing_vendor) >= before + 5)

    page = listed.values()
    assert [page[key] for key in page if key[0] == "email_stats_exporter_discovery_up"] == [0, 0]
    assert is_same(page, sources, changing_vendor.story)
    changing_vendor.clear()
    eventually(lambda: listed.value("email_stats_exporter_discovery_up", source="acme") == 1)


def test_customers_leave_when_lists_in_a_row_lack_them_and_join_at_once(listed, sources, changing, changing_vendor):
    everyone = changing.customers

    def takes(accounts: Sequence[Account]) -> int:
        """Return how many lists were asked for until exactly these customers were there."""
        before = lists_of(changing_vendor)
        changing.customers = accounts
        eventually(lambda: is_same(listed.values(), sources, changing_vendor.story))
        return lists_of(changing_vendor) - before

    assert takes(everyone[:10]) >= 2
    numbers = {str(account.number) for account in everyone[10:]}
    assert not customers_on(listed.values()) & {*numbers, *(account.user for account in everyone[10:])}
    assert takes(everyone[:3]) >= 3
    takes(everyone)


def test_discover_prints_customers_that_load_again(shell, sources, changing_vendor):
    partners = {**sources[1], "name": "partners", "discovery": {"of": "accounts"}}
    config = f"--config.file={shell.configure([*sources, partners])}"
    programs = {
        (each["name"], format_): shell.start("discover", config, each["name"], f"--format={format_}")
        for each, format_ in zip((*sources, partners, sources[0]), ("yaml", "yaml", "json", "json"), strict=True)
    }
    assert {program.wait() for program in programs.values()} == {0}
    assert programs["acme", "yaml"].stdout.startswith('customers:\n  - user: "')
    assert json.loads(programs["acme", "json"].stdout)["customers"][0].keys() == {"user"}

    again = []
    folder = shell.new_folder()
    folder.mkdir()
    for (name, format_), program in programs.items():
        file = folder / f"{name}.{format_}"
        file.write_text(program.stdout)
        [plain] = [each for each in (*sources, partners) if each["name"] == name]
        entry = {key: value for key, value in plain.items() if key not in {"customers", "discovery"}}
        again.append({**entry, "name": file.name, "customer_files": [str(file)]})
    check = shell.start("check", f"--config.file={shell.configure(again)}")

    assert check.wait() == 0, check.stderr
    assert check.stdout.count(f": 12 customers at {changing_vendor.base_url}") == 4


def test_the_examples_in_the_help_renew_a_file_that_the_configuration_reads(shell, sources):
    """As a user pastes them, where the file is the only one that has customers."""
    plain = {key: value for key, value in sources[0].items() if key not in {"customers", "discovery"}}
    folder = shell.configure([{**plain, "customer_files": ["customers/*"]}]).parent
    file = folder / "customers/acme.json"
    file.parent.mkdir()
    file.write_text('[{"user": "somebody@example.com"}]')
    program = folder / "bin/email-stats-exporter"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(shell.script)} "$@"\n')
    program.chmod(0o700)
    search_path = {"PATH": f"{program.parent}:{os.environ['PATH']}"}

    told = shell.start("discover", "--help")
    assert told.wait() == 0
    examples = told.stdout.partition("examples:\n")[2]
    pasted = shell.start_other("sh", "-e", "-c", f"cd {shlex.quote(str(folder))}\n{examples}", **search_path)

    assert pasted.wait() == 0, pasted.stderr
    assert len(json.loads(file.read_text())["customers"]) == 12
