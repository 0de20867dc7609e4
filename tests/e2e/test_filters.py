"""Parts of the page over HTTP, and a scrape job with a target for each customer."""

import re
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from tests.e2e.programs import Exporter, Prometheus, free_port, labels_of, parsed
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


PAGE = Path(__file__).parents[2] / "docs/scraping.md"


def test_a_job_for_each_customer_as_the_documents_show_it(servers, stack, exporter, world, tmp_path):
    """All four shares of the documents' job together have every customer of its source, once."""
    (block,) = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL) if "/sd" in block]
    job, own = yaml.safe_load(block)["scrape_configs"]
    job["http_sd_configs"] = [{"url": f"http://127.0.0.1:{exporter.port}/sd", "refresh_interval": "1s"}]
    own["static_configs"] = [{"targets": [f"127.0.0.1:{exporter.port}"]}]
    jobs = [own]
    for share in range(4):
        jobs.append(deepcopy(job) | {"job_name": f"customers-{share}"})
        jobs[-1]["relabel_configs"][-1]["regex"] = str(share)

    prometheus = stack.enter_context(Prometheus(tmp_path, exporter.port, free_port(), jobs=jobs))

    count = len(world.customers)
    of_customers = 'job=~"customers-.*"'
    assert prometheus.eventually(lambda: prometheus.scalar(f"count(up{{{of_customers}}} == 1)") == count)
    assert prometheus.eventually(lambda: prometheus.scalar("count(email_stats_exporter_fetches_total)")) == 3
    # One `up` for each customer, told apart by `instance`, and every series once.
    assert prometheus.scalar(f"count(count by (instance) (up{{{of_customers}}}))") == count
    assert prometheus.scalar("count(sendgrid_requests_total)") == count
    assert prometheus.scalar("max(count by (source, customer) (sendgrid_requests_total))") == 1
