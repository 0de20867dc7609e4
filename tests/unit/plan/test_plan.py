"""The plan that ``check`` prints, word for word."""

from exporter.config import Config
from exporter.plan import plan_lines
from exporter.providers.sendgrid_v3.config import V3Source
from tests.unit.app.toys import ToyCollectors, intervals, limit, source


def test_each_source_has_its_collectors_and_its_load():
    acme = source("acme", "abcd", collectors=intervals(900, 3_600), rate_limit=limit(600, 60))

    assert list(plan_lines(Config(sources=(acme,)))) == [
        "source acme (toy): 4 customers at http://127.0.0.1:9",
        "  totals every 15m: 16 calls per hour",
        "  daily every 1h: 4 calls per hour",
        "  20 of 36,000 calls per hour (0.1%); limit 600 per 1m",
    ]


def test_a_budget_that_sources_share_is_planned_for_all_of_them():
    one = source("one", "ab", collectors=intervals(3_600), rate_limit=limit(30, 3_600, "both"))
    two = source("two", "abcd", collectors=intervals(3_600), rate_limit=limit(30, 3_600, "both"))
    alone = source("alone", "a", collectors=intervals(5_400), rate_limit=limit(30, 3_600))

    assert list(plan_lines(Config(sources=(one, two, alone)))) == [
        "source one (toy): 2 customers at http://127.0.0.1:9",
        "  totals every 1h: 2 calls per hour",
        "  6 of 30 calls per hour (20.0%); limit 30 per 1h, shared as both",
        "source two (toy): 4 customers at http://127.0.0.1:9",
        "  totals every 1h: 4 calls per hour",
        "  6 of 30 calls per hour (20.0%); limit 30 per 1h, shared as both",
        "source alone (toy): 1 customer at http://127.0.0.1:9",
        "  totals every 1h30m: 0.67 calls per hour",
        "  0.67 of 30 calls per hour (2.2%); limit 30 per 1h",
    ]


def test_a_collector_that_is_off_is_not_planned():
    quiet = ToyCollectors(totals=intervals(60).totals.model_copy(update={"enabled": False}))

    assert list(plan_lines(Config(sources=(source("acme", "a", collectors=quiet, rate_limit=limit(1, 1)),)))) == [
        "source acme (toy): 1 customer at http://127.0.0.1:9",
        "  0 of 3,600 calls per hour (0.0%); limit 1 per 1s",
    ]


def test_customers_whom_the_vendors_list_will_bring_are_said_to_come_on_top():
    section = {"name": "acme", "type": "sendgrid_v3", "credentials": {"api_key": "SG.key"}, "discovery": {}}
    acme = V3Source.model_validate(section)

    assert next(iter(plan_lines(Config(sources=(acme,))))) == (
        "source acme (sendgrid_v3): 0 customers, and those of the vendor's list, at https://api.sendgrid.com"
    )
