"""Parts of the page over HTTP, and a scrape job with a target for each customer."""

import re
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from tests.e2e.programs import Exporter, Prometheus, free_port, labels_of, parsed, series
from tests.e2e.sources import source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def exporter(shell, vendor, world) -> Exporter:
    """Run two sources of the same customers, with long intervals: once all has been fetched, nothing changes."""
    sources = [source(vendor, world.customers, name=name, interval="1h") for name in ("acme", "ajax")]
    exporter = shell.run(sources)
    eventually(lambda: exporter.ask("/-/ready").ok)
    return exporter


def vendors(exporter: Exporter, query: str) -> set:
    return {key for key in parsed(exporter.ask(f"/metrics{query}").text) if key[0].startswith("sendgrid_")}


def test_a_part_of_the_page_is_asked_for_by_its_labels(exporter):
    everything = vendors(exporter, "")
    first, second = sorted({labels_of(key)["customer"] for key in everything})[:2]

    assert vendors(exporter, "?source=acme") == {key for key in everything if labels_of(key)["source"] == "acme"}
    both = {key for key in everything if labels_of(key)["customer"] in {first, second}}
    assert vendors(exporter, f"?customer={first}&customer={second}") == both
    alone = {key for key in both if labels_of(key) | {"source": "ajax", "customer": first} == labels_of(key)}
    assert vendors(exporter, f"?customer={first}&source=ajax") == alone != set()


def test_own_metrics_are_filtered_by_the_labels_that_they_carry(exporter):
    own = {key[0] for key in parsed(exporter.ask("/metrics?source=acme").text) if not key[0].startswith("sendgrid_")}

    assert "email_stats_exporter_fetches_total" in own
    assert "email_stats_exporter_up" in own
    assert not {name for name in own if name.startswith(("process_", "python_", "email_stats_exporter_build"))}


def test_a_name_that_is_nobody_s_is_not_found(exporter):
    for query in ("source=nobody", "customer=nobody", "source=acme&source=nobody", "customer="):
        answer = exporter.ask(f"/metrics?{query}")
        assert (answer.status_code, answer.text[:15]) == (404, "404 there is no")
        assert answer.headers["Content-Type"].startswith("text/plain")


def test_the_targets_are_the_customers(exporter, world):
    answer = exporter.ask("/sd")

    assert answer.headers["Content-Type"] == "application/json"
    groups = answer.json()
    assert len(groups) == 2 * len(world.customers)
    name = groups[0]["labels"]["__param_customer"]
    assert name in {labels_of(key)["customer"] for key in vendors(exporter, "?source=acme")}
    assert groups[0] == {
        "targets": [f"127.0.0.1:{exporter.port}"],
        "labels": {
            "__param_source": "acme",
            "__param_customer": name,
            "instance": f"acme/{name}",
        },
    }
    assert exporter.ask("/sd", headers={"Host": "a b"}).status_code == 400


ROOT = Path(__file__).parents[2]
RULES = {
    rule.get("record") or rule["alert"]: rule["expr"]
    for name in ("exporter", "exporter-alerts")
    for group in yaml.safe_load((ROOT / f"deploy/prometheus/rules/{name}.yml").read_text())["groups"]
    for rule in group["rules"]
}


@pytest.fixture(scope="module")
def shared(servers, stack, exporter, tmp_path_factory) -> Prometheus:
    """Run the jobs that the documents show, with all four shares of the customers' one."""
    page = (ROOT / "docs/scraping.md").read_text()
    (block,) = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "/sd" in block]
    job, own = yaml.safe_load(block)["scrape_configs"]
    job["http_sd_configs"] = [{"url": f"http://127.0.0.1:{exporter.port}/sd", "refresh_interval": "1s"}]
    own["static_configs"] = [{"targets": [f"127.0.0.1:{exporter.port}"]}]
    jobs = [own]
    for share in range(4):
        jobs.append(deepcopy(job) | {"job_name": f"customers-{share}"})
        jobs[-1]["relabel_configs"][-1]["regex"] = str(share)
    return stack.enter_context(Prometheus(tmp_path_factory.mktemp("shared"), exporter.port, free_port(), jobs=jobs))


def test_a_job_for_each_customer_as_the_documents_show_it(shared, world):
    """All four shares of the documents' job together have every customer of its source, once."""
    count = len(world.customers)
    of_customers = 'job=~"customers-.*"'
    assert shared.eventually(lambda: shared.scalar(f"count(up{{{of_customers}}} == 1)") == count)
    assert shared.eventually(lambda: shared.scalar("count(email_stats_exporter_fetches_total)")) == 3
    # One `up` for each customer, told apart by `instance`, and every series once.
    assert shared.scalar(f"count(count by (instance) (up{{{of_customers}}}))") == count
    assert shared.scalar("count(sendgrid_requests_total)") == count
    assert shared.scalar("max(count by (source, customer) (sendgrid_requests_total))") == 1


def test_with_a_job_for_each_customer_the_rules_on_the_exporter_are_those_of_one_page(shared, exporter, world):
    fetches = 3 * len(world.customers)
    assert shared.eventually(
        lambda: shared.scalar("count(email_stats_exporter_last_success_timestamp_seconds)") == fetches
    )

    assert shared.query(RULES["EmailStatsExporterDown"]) == {}
    for what, number in (("stale", len(world.customers)), ("failing", 0)):
        counts = shared.query(RULES[f"collector:email_stats_exporter_{what}:count"])
        assert counts == {
            series("", source="acme", collector=collector): number for collector in ("totals", "daily", "credits")
        }
    # Nothing that an alert may ask for is missing, and nothing is there twice.
    own = {
        key
        for key in exporter.values()
        if key[0].startswith("email_stats_exporter_") and labels_of(key).get("source") in {None, "acme"}
    }
    everything = '{__name__=~"email_stats_exporter_.+"}'
    assert set(shared.query(everything)) == own
    assert shared.scalar(f"count({everything})") == len(own)
