"""Customers in files of their own: they come and go while the exporter runs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.demo import Account, StandIn
from tests.e2e.comparison import customers_on, is_same, of_vendors
from tests.e2e.programs import Exporter, Values
from tests.e2e.sources import source
from tests.e2e.waiting import PATIENCE, eventually

pytestmark = pytest.mark.e2e

# Seconds in which a change of a file is taken.
SOON = 10.0
NO_RETRY = {"retry": {"attempts": 1, "initial_backoff": 0, "max_backoff": 0}}


@dataclass(frozen=True, slots=True)
class Filed:
    """Customers in files."""

    vendor: StandIn
    folder: Path

    def write(self, name: str, accounts: Iterable[Account]) -> None:
        """Put customers into a file."""
        entries = self.source(accounts)["customers"]
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(entries) if file.suffix == ".json" else yaml.safe_dump({"customers": entries}))

    def source(self, accounts: Iterable[Account]) -> Mapping[str, Any]:
        """Return the source as it would be with its customers in the configuration."""
        return source(self.vendor, accounts)


@pytest.fixture
def filed(shell, vendor, world) -> Filed:
    """Give seven customers: five in one file, two in another."""
    filed = Filed(vendor, shell.new_folder())
    filed.folder.mkdir()
    filed.write("customers/a.yaml", world.customers[1:6])
    filed.write("more/b.json", world.customers[6:8])
    return filed


@pytest.fixture
def exporter(shell, filed, world) -> Exporter:
    """Poll those, and one more that stands in the configuration."""
    files: Mapping[str, Any] = {"customer_files": [f"{filed.folder}/customers/*.yaml", f"{filed.folder}/more/*.json"]}
    exporter: Exporter = shell.run([source(filed.vendor, world.customers[:1], **files)], **NO_RETRY)
    pages_until(exporter, filed, world.customers[:8], seconds=PATIENCE)
    return exporter


def pages_until(
    exporter: Exporter, filed: Filed, accounts: Sequence[Account], *, is_good: bool = True, seconds: float = SOON
) -> Sequence[Values]:
    """Wait until exactly these customers are there; return each page that was there on the way."""
    pages: list[Values] = []

    def look() -> bool:
        pages.append(page := exporter.values())
        assert customers_on(page) == {account.name for account in accounts}
        assert is_same(page, [filed.source(accounts)], filed.vendor.story)
        assert exporter.value("email_stats_exporter_config_last_reload_successful") == is_good
        return True

    eventually(look, seconds)
    return pages


def test_customers_of_a_file_come_and_go_with_all_they_have_while_the_others_keep_their_values(exporter, filed, world):
    by_itself, gone, moved, *others = world.customers[:8]
    added, staying = world.customers[9], [by_itself, *others]
    renamed = replace(moved, name="another name")

    filed.write("customers/a.yaml", [renamed, *others[:3]])
    filed.write("more/c.json", [added])
    pages = pages_until(exporter, filed, [renamed, *staying, added])

    names = [account.name for account in staying]
    assert len({frozenset(of_vendors(page, names).items()) for page in pages}) == 1
    assert not {gone.name, moved.name} & customers_on(pages[-1])
    up = [series for series in pages[-1] if series[0] == "email_stats_exporter_up"]
    assert len(up) == 3 * 8


def test_a_broken_file_keeps_its_customers_until_it_is_mended(exporter, filed, world):
    before = exporter.value("email_stats_exporter_config_last_reload_success_timestamp_seconds")
    (filed.folder / "customers" / "a.yaml").write_text("customers:\n  - user: [a@example.com\n")
    (filed.folder / "more" / "b.json").write_text("")

    pages = pages_until(exporter, filed, world.customers[:8], is_good=False)

    everyone = [account.name for account in world.customers]
    assert len({frozenset(of_vendors(page, everyone).items()) for page in pages}) == 1
    places = ("/customers/a.yaml:3: ", "/more/b.json: ")
    eventually(lambda: all(place in exporter.stderr for place in places), SOON)

    filed.write("customers/a.yaml", world.customers[1:6])
    filed.write("more/b.json", world.customers[6:10])
    pages_until(exporter, filed, world.customers[:10])
    after = exporter.value("email_stats_exporter_config_last_reload_success_timestamp_seconds")
    assert after > before
