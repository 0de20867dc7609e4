"""The configuration is loaded anew while the exporter runs: by a signal, and on request."""

import json
import signal
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from exporter.demo import Arrival, StandIn
from tests.e2e.programs import Exporter, labels_of, series
from tests.e2e.reloading import Running
from tests.e2e.sources import PASSWORD, only, source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

GOOD = "email_stats_exporter_config_last_reload_successful"
READ = "email_stats_exporter_config_last_reload_success_timestamp_seconds"
# So long that nothing is fetched a second time while a test looks.
SELDOM = "1h"


def asked(vendor: StandIn) -> Counter[str]:
    """Return how many requests the vendor has seen for each customer."""
    return Counter(arrival.form.get("user", "") for arrival in vendor.requests)


def names(customers: Sequence[Any]) -> set[str]:
    return {customer.name for customer in customers}


@pytest.fixture
def customers(world):
    return world.customers[:4]


@pytest.fixture
def vendor(new_vendor) -> StandIn:
    """A vendor that only one test asks."""
    return new_vendor()


def tried(running: Running, name: str = "acme") -> Any:
    """Wait until every fetch of a source was tried."""
    return eventually(lambda: running.exporter.ask("/-/ready").status_code == 200 and running.exporter.values())


def test_unchanged_customers_keep_their_numbers_and_are_not_asked_for_again(shell, vendor, customers):
    a, b, c, _ = customers
    running = Running(shell, [source(vendor, [a, b], interval=SELDOM)])
    before = tried(running)
    requests = asked(vendor)

    lines = running.reload(source(vendor, [b, c], interval=SELDOM), source(vendor, [a], "new", interval=SELDOM))

    assert lines == [
        "configuration reloaded",
        "sources added: new",
        "sources changed: none",
        "sources removed: none",
        "customers joined: 2, left: 1",
    ]
    assert running.has("sendgrid_customer_info", source="acme") == {b.name, c.name}
    assert running.exporter.ask("/-/ready").status_code == 200
    eventually(lambda: running.has("sendgrid_requests_total") == {a.name, b.name, c.name})
    after = running.exporter.values()
    kept = {key for key in before if ("customer", b.name) in key[1]}
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    assert asked(vendor)[b.user] == requests[b.user]
    assert asked(vendor)[c.user] == requests[b.user]
    gone = [key for key in after if ("source", "acme") in key[1] and ("customer", a.name) in key[1]]
    assert gone == []


def test_a_signal_reloads_too_and_says_what_has_changed(shell, vendor, customers):
    running = Running(shell, [source(vendor, customers[:1], interval=SELDOM)])
    tried(running)
    running.write(source(vendor, customers[:2], interval=SELDOM))

    running.exporter.process.send_signal(signal.SIGHUP)

    running.exporter.eventually(lambda: running.has("sendgrid_requests_total") == names(customers[:2]))
    [line] = [line for line in running.exporter.stderr.splitlines() if "configuration reloaded" in line]
    assert line.endswith("sources_added= sources_changed= sources_removed= customers_joined=1 customers_left=0")


def test_a_customer_that_is_labelled_otherwise_keeps_its_numbers(shell, vendor, customers):
    a, b, *_ = customers
    running = Running(shell, [source(vendor, [a, b], interval=SELDOM)])
    before = tried(running)
    requests = asked(vendor)
    relabelled = {"user": a.user, "name": a.name, "timezone": a.zone.key, "labels": {"tier": "gold", "new": "x"}}

    running.reload(
        {**source(vendor, [b], interval=SELDOM), "customers": [relabelled, *source(vendor, [b])["customers"]]}
    )

    after = running.exporter.values()
    [info] = [key for key in after if key[0] == "sendgrid_customer_info" and ("customer", a.name) in key[1]]
    assert {"tier": "gold", "new": "x"}.items() <= labels_of(info).items()
    total = series("sendgrid_requests_total", source="acme", customer=a.name)
    assert (after[total], asked(vendor)) == (before[total], requests)


def test_a_broken_configuration_changes_nothing_and_is_answered_with_its_errors(shell, vendor, customers):
    running = Running(shell, [source(vendor, customers[:2], interval=SELDOM)])
    before = tried(running)
    requests = asked(vendor)
    broken = source(vendor, customers[2:], interval=SELDOM)
    running.write({**broken, "nonsense": 1}, {**broken, "name": "other", "http": {"ca_file": "missing.pem"}})

    status, lines = running.post()

    checked = shell.start("check", f"--config.file={running.file}")
    assert checked.wait() == 2
    assert (status, lines) == (500, checked.stderr.splitlines())
    assert len(lines) == 2
    assert "sources[0].nonsense: unknown key" in lines[0]
    assert "sources[1].http.ca_file: the file can't be read" in lines[1]
    assert running.has("sendgrid_requests_total") == names(customers[:2])
    after = running.exporter.values()
    assert after[series(GOOD)] == 0
    assert after[series(READ)] == before[series(READ)]
    assert asked(vendor) == requests
    assert "sources[0].nonsense: unknown key" in running.exporter.stderr
    config = running.exporter.ask("/config").text
    assert customers[0].user in config
    assert customers[2].user not in config
    assert PASSWORD not in config

    running.reload(source(vendor, customers[:2], interval=SELDOM))

    mended = running.exporter.values()
    assert mended[series(GOOD)] == 1
    assert mended[series(READ)] > before[series(READ)]
    assert asked(vendor) == requests


def test_what_fails_only_when_it_is_built_changes_nothing_either(shell, vendor, customers):
    """A file of authorities that can be read and holds none is no mistake of the configuration."""
    running = Running(shell, [source(vendor, customers[:1], interval=SELDOM)])
    tried(running)
    (running.file.parent / "empty.pem").write_text("nothing")
    broken = source(vendor, customers[:2], "other", interval=SELDOM, http={"ca_file": "empty.pem"})
    running.write(broken)

    status, [line] = running.post()

    assert status == 500
    assert line.startswith(f"{running.file}: sources[0].http.ca_file: no certificate authorities can be read from")
    assert running.has("sendgrid_requests_total") == names(customers[:1])


def test_a_source_that_is_removed_leaves_with_every_own_metric_and_is_asked_no_more(
    shell, vendor, new_vendor, customers
):
    gone = new_vendor()
    kept = source(vendor, customers[:1], "kept", interval=SELDOM)
    running = Running(shell, [kept, source(gone, customers, "gone")])
    eventually(lambda: running.has("sendgrid_requests_total", source="gone") == names(customers))

    lines = running.reload(kept)

    requests = len(gone.requests)
    assert lines[3] == "sources removed: gone"
    assert [key for key in running.exporter.values() if ("source", "gone") in key[1]] == []
    assert running.exporter.ask("/metrics?source=gone").status_code == 404
    # Its collectors had an interval of a second.
    seen = len(vendor.requests)
    running.reload(kept, source(vendor, customers[1:2], "another"))
    eventually(lambda: len(vendor.requests) > seen + 6)
    assert len(gone.requests) == requests
    assert [key for key in running.exporter.values() if ("source", "gone") in key[1]] == []


def test_a_late_answer_of_an_old_fetch_changes_nothing(shell, vendor, new_vendor, customers):
    slow = new_vendor()
    slow.fault(hang=True)
    kept = source(vendor, customers[:1], "kept", interval=SELDOM)
    old = source(slow, customers[:1], "acme", collectors=only("totals", SELDOM))
    running = Running(shell, [kept, old], timeout="5s", retry={"attempts": 1})
    eventually(lambda: slow.requests)

    running.reload(kept, source(vendor, customers[:1], "acme", collectors=only("totals", SELDOM)))
    eventually(lambda: running.exporter.value("email_stats_exporter_fetches_total", source="acme", collector="totals"))
    # Each connection that hangs is cut, and whoever waited has its answer.
    slow.stop()
    eventually(lambda: threads_of(running.exporter, "acme") <= 8)

    values = running.exporter.values()
    assert values[series("email_stats_exporter_fetches_total", source="acme", collector="totals")] == 1
    assert values[series("email_stats_exporter_up", source="acme", collector="totals", customer=customers[0].name)] == 1
    failures = {key: value for key, value in values.items() if key[0] == "email_stats_exporter_fetch_failures_total"}
    assert {value for key, value in failures.items() if ("source", "acme") in key[1]} == {0}


def threads_of(exporter: Exporter, name: str) -> int:
    folder = Path(f"/proc/{exporter.process.pid}/task")
    return sum((task / "comm").read_text().startswith(name) for task in folder.iterdir())


def arrivals(vendor: StandIn, api: str = "reseller") -> list[Arrival]:
    return [arrival for arrival in vendor.requests if arrival.api == api]


@pytest.mark.parametrize(
    "changes",
    [
        {"rate_limit": {"calls": 4, "per": "1h"}},
        {"rate_limit": {"calls": 4, "per": "1h", "shared": "both"}},
        {"rate_limit": {"calls": 4, "per": "1h"}, "name": "renamed"},
        {"rate_limit": {"calls": 4, "per": "1h"}, "timezone": "Europe/Berlin"},
    ],
)
def test_the_vendor_never_sees_more_in_a_window_than_the_new_limit_allows(shell, vendor, customers, changes):
    """What was sent before the reload counts, also where the source begins anew."""
    old = source(vendor, customers, collectors=only("totals", SELDOM), rate_limit={"calls": 100, "per": "1h"})
    running = Running(shell, [old])
    tried(running)
    assert len(arrivals(vendor)) == 4

    running.reload({**old, **changes})

    name = changes.get("name", "acme")
    eventually(lambda: running.exporter.value("email_stats_exporter_rate_limit_calls", source=name) == 4)
    eventually(lambda: running.exporter.value("email_stats_exporter_oldest_due_timestamp_seconds", source=name))
    # Another source of another budget has its requests through, and this one's wait.
    running.reload({**old, **changes}, source(vendor, customers[:2], "apart", collectors=only("daily", SELDOM)))
    eventually(lambda: len(arrivals(vendor)) >= 6)
    assert len(arrivals(vendor)) == 6
    assert running.has("sendgrid_requests_total", source=name) == set()

    raised = {**old, **changes, "rate_limit": {**changes["rate_limit"], "calls": 100}}
    running.reload(raised)
    eventually(lambda: running.has("sendgrid_requests_total", source=name) == names(customers))


def test_a_pause_that_the_vendor_asked_for_holds_over_a_reload(shell, vendor, customers):
    vendor.fault(status=429, headers={"Retry-After": "3600"}, times=1)
    old = source(vendor, customers, collectors=only("totals", SELDOM))
    running = Running(shell, [old], concurrency=1)
    eventually(
        lambda: running.exporter.value(
            "email_stats_exporter_fetch_failing",
            source="acme",
            customer=customers[0].name,
            collector="totals",
            reason="rate_limited",
        )
    )

    running.reload({**old, "timezone": "Europe/Berlin"}, source(vendor, customers[:1], "apart", interval=SELDOM))

    eventually(lambda: running.has("sendgrid_requests_total", source="apart"))
    assert [arrival.status for arrival in arrivals(vendor)].count(429) == 1
    assert running.has("sendgrid_requests_total", source="acme") == set()


def test_reloads_at_the_same_time_are_all_answered_and_the_last_file_counts(shell, vendor, customers):
    running = Running(shell, [source(vendor, customers[:1], interval=SELDOM)])
    tried(running)
    with ThreadPoolExecutor(16) as pool:
        for number in range(4):
            running.write(source(vendor, customers[: number + 1], interval=SELDOM))
            answers = [pool.submit(running.post) for _ in range(8)]
            metrics = [pool.submit(running.exporter.ask, "/metrics") for _ in range(4)]
            assert {answer.result()[0] for answer in answers} == {200}
            assert {metric.result().status_code for metric in metrics} == {200}

    assert running.has("sendgrid_customer_info") == names(customers)
    eventually(lambda: running.has("sendgrid_requests_total") == names(customers))
    assert set(asked(vendor).values()) == {3}


def test_a_reload_during_an_outage_takes_no_time_and_changes_what_it_says(shell, vendor, customers):
    vendor.fault(hang=True)
    running = Running(shell, [source(vendor, customers[:2])], timeout="60s", concurrency=2)
    eventually(lambda: len(vendor.requests) >= 2)

    lines = running.reload(source(vendor, customers[2:]), timeout="60s", concurrency=2)

    assert lines[-1] == "customers joined: 2, left: 2"
    assert running.has("sendgrid_customer_info") == names(customers[2:])
    vendor.clear()
    lines = running.reload(source(vendor, customers[2:], timezone="Europe/Berlin"), timeout="60s")
    assert lines[2] == "sources changed: acme"
    eventually(lambda: running.has("sendgrid_requests_total") == names(customers[2:]))


def test_settings_of_polling_and_limits_apply_without_losing_numbers(shell, vendor, customers):
    running = Running(shell, [source(vendor, customers[:2], interval=SELDOM)])
    before = tried(running)
    requests = len(vendor.requests)
    settings = {"stale_after": 5, "drop_after": "2d", "concurrency": 1, "timeout": "3s", "retry": {"attempts": 1}}

    lines = running.reload(source(vendor, customers[:2], interval=SELDOM), **settings)

    assert lines[1:] == [
        "sources added: none",
        "sources changed: none",
        "sources removed: none",
        "customers joined: 0, left: 0",
    ]
    after = running.exporter.values()
    vendors = {key: value for key, value in before.items() if key[0].startswith("sendgrid_")}
    assert {key: after[key] for key in vendors} == vendors
    assert len(vendor.requests) == requests
    assert "concurrency: 1\n" in running.exporter.ask("/config").text


def test_customer_files_and_secrets_are_followed_as_the_new_configuration_says(shell, vendor, customers):
    a, b, c, _ = customers
    running = Running(shell, [source(vendor, [a])])
    tried(running)
    folder = running.file.parent
    entries = folder / "customers.json"
    entries.write_text(json.dumps([{"user": b.user, "name": b.name}]))
    (folder / "password").write_text("wrong")

    running.reload(
        {
            **source(vendor, [a]),
            "customer_files": ["*s.json"],
            "credentials": {"username": "demo", "password_file": "password"},
        }
    )
    eventually(lambda: running.exporter.value("email_stats_exporter_credentials_rejected", source="acme") == 1)
    assert "*s.json" in running.exporter.ask("/config").text
    (folder / "password").write_text(PASSWORD)
    eventually(lambda: running.has("sendgrid_requests_total") == {a.name, b.name}, 20)
    entries.write_text(json.dumps([{"user": c.user, "name": c.name}]))
    eventually(lambda: running.has("sendgrid_requests_total") == {a.name, c.name}, 20)


def test_ten_thousand_customers_are_reloaded_while_pages_are_answered(shell, vendor):
    users = [f"customer{number}@example.com" for number in range(10_000)]
    many = source(vendor, [], collectors=only("totals", SELDOM), rate_limit={"calls": 10_001, "per": "1h"})
    running = Running(shell, [{**many, "customers": [{"user": user} for user in users]}])
    changed = [{"user": user} for user in [*users[5:], "new@example.com"]]
    waits: list[float] = []
    ending = threading.Event()

    def scrape() -> None:
        while not ending.is_set():
            waits.append(running.exporter.ask("/-/healthy").elapsed.total_seconds())

    scraping = threading.Thread(target=scrape)
    scraping.start()
    running.write({**many, "customers": changed})
    answer = running.exporter._session.post(f"http://127.0.0.1:{running.exporter.port}/-/reload", timeout=60)
    ending.set()
    scraping.join()

    assert answer.text.splitlines()[-1] == "customers joined: 1, left: 5"
    assert len(waits) > 5
    assert max(waits) < 5
    shown = running.exporter.ask("/config").text
    assert shown.count("@example.com") == 9_996
