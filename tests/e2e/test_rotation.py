"""Secrets that change in their files: the exporter takes them without a restart."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.e2e.programs import Exporter, labels_of
from tests.e2e.sources import only, source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

OLD, NEW = "the old secret", "the new secret"
# Seconds in which a change of a file is taken.
SOON = 10.0
NAMES = {"plain", "linked", "shops"}


@dataclass(frozen=True, slots=True)
class Volume:
    """A folder of secrets as Kubernetes mounts it: one link, switched at once, decides which files are seen."""

    folder: Path
    numbers: "count[int]"

    @property
    def file(self) -> Path:
        """Where the secret is found, whatever it is at the moment."""
        return self.folder / "api_key"

    def hold(self, secret: str) -> None:
        """Let the files be others."""
        content = self.folder / f"..{next(self.numbers)}"
        content.mkdir(parents=True)
        (content / "api_key").write_text(secret)
        new = self.folder / "..data_tmp"
        new.symlink_to(content.name)
        new.rename(self.folder / "..data")
        if not self.file.is_symlink():
            self.file.symlink_to(Path("..data") / "api_key")


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secret of each source, in a file of its own."""

    plain: Path
    linked: Volume
    shops: Path

    def become(self, secret: str) -> None:
        """Change all of them."""
        self.plain.write_text(f"{secret}\n")
        self.linked.hold(secret)
        other = self.shops.with_name("new")
        other.write_text(secret)
        other.rename(self.shops)


@pytest.fixture
def secrets(shell) -> Secrets:
    folder = shell.new_folder()
    secrets = Secrets(folder / "password", Volume(folder / "volume", count()), folder / "secret_key")
    folder.mkdir()
    secrets.become(OLD)
    return secrets


@pytest.fixture
def old_vendor(new_vendor):
    return new_vendor(password=OLD)


@pytest.fixture
def exporter(shell, old_vendor, world, secrets) -> Exporter:
    """Poll three vendors, each with a secret from a file."""
    customer, site = world.customers[0], world.sites[-1]
    plain = source(
        old_vendor,
        [customer],
        "plain",
        credentials={"username": "demo", "password_file": str(secrets.plain)},
        collectors=only("totals"),
    )
    linked = {
        **plain,
        "name": "linked",
        "type": "sendgrid_v3",
        "credentials": {"api_key_file": str(secrets.linked.file)},
        "collectors": {"daily": {"interval": "1s"}},
        "customers": [{"subuser": customer.user}],
    }
    shops = {
        **plain,
        "name": "shops",
        "type": "bento",
        "credentials": {"publishable_key": "demo", "secret_key_file": str(secrets.shops)},
        "collectors": {"site": {"interval": "1s"}},
        "customers": [{"site_uuid": site.uuid, "name": site.name}],
    }
    exporter = shell.run([plain, linked, shops])
    eventually(lambda: sources_where(exporter, "up", 1) == NAMES)
    return exporter


def sources_where(exporter: Exporter, name: str, value: float, **labels: str) -> set[str]:
    """Return the sources that have a series of our own with a value and, among others, these labels."""
    return {
        labels_of(series)["source"]
        for series, found in exporter.values().items()
        if (series[0], found) == (f"email_stats_exporter_{name}", value) and labels.items() <= labels_of(series).items()
    }


def test_a_new_secret_in_the_file_is_taken_when_the_vendor_refuses_the_old_one(
    exporter, old_vendor, new_vendor, secrets
):
    old_vendor.stop()
    vendor = new_vendor(password=NEW, port=int(old_vendor.base_url.rpartition(":")[2]))
    eventually(lambda: sources_where(exporter, "fetch_failing", 1, reason="auth") == NAMES)
    assert {arrival.status for arrival in vendor.requests} == {401}

    secrets.become(NEW)

    eventually(lambda: sources_where(exporter, "up", 1) == NAMES, SOON)
    assert exporter.value("email_stats_exporter_config_last_reload_successful") == 1
    assert [secret for secret in (OLD, NEW) if secret in exporter.stderr] == []


def test_a_secret_file_that_turns_empty_or_goes_leaves_the_secret_that_works(exporter, old_vendor, secrets):
    secrets.plain.write_text("\n")
    (secrets.linked.folder / "..data").unlink()
    places = ("credentials.password_file: ", "credentials.api_key_file: ")
    eventually(lambda: all(place in exporter.stderr for place in places), SOON)
    assert exporter.value("email_stats_exporter_config_last_reload_successful") == 0
    before = len(old_vendor.requests)

    eventually(lambda: len(old_vendor.requests) >= before + 2 * len(NAMES))

    assert sources_where(exporter, "up", 1) == NAMES
    secrets.become(OLD)
    eventually(lambda: exporter.value("email_stats_exporter_config_last_reload_successful") == 1, SOON)
