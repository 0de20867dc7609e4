import json

import pytest

from exporter.config import json_schema, load
from exporter.errors import ConfigError
from exporter.providers.bento import BentoProvider
from exporter.providers.bento.config import BentoSite, site_of
from tests.fake_clock import FakeClock

PROVIDER = BentoProvider()
MODELS = {"bento": PROVIDER.config}
KEYS = {"publishable_key": "p123456", "secret_key": "correct-horse-battery"}
SOURCE = {"name": "shop", "type": "bento", "credentials": KEYS, "customers": [{"site_uuid": "0123abcd"}]}


def section(name, **site):
    return {**SOURCE, "name": name, "customers": [{"site_uuid": name, **site}]}


@pytest.fixture
def read_all(tmp_path):
    def read_all(*sources):
        path = tmp_path / "config.json"
        path.write_text(json.dumps({"sources": sources}))
        return load(path, MODELS).sources

    return read_all


@pytest.fixture
def read(read_all):
    return lambda **keys: read_all({**SOURCE, **keys})[0]


@pytest.fixture
def mistakes(read_all):
    def mistakes(*sources, **keys):
        with pytest.raises(ConfigError) as caught:
            read_all(*(sources or [{**SOURCE, **keys}]))
        return [(problem.path.removeprefix("sources[0]."), problem.message) for problem in caught.value.problems]

    return mistakes


def test_what_is_left_out_has_the_defaults_of_the_contract(read):
    source = read()

    assert source.base_url == "https://app.bentonow.com"
    limit = source.rate_limit
    assert (limit.calls, limit.per, limit.shared) == (30, 3600, "bento")
    assert {name: collector.interval for name, collector in source.collectors} == {
        "site": 3600,
        "segments": 14_400,
        "reports": 14_400,
        "ads": 14_400,
    }
    [site] = source.customers
    assert (site.id, site.label, site.credentials) == ("0123abcd", "0123abcd", None)
    assert (site.segments, site.reports, site.ads) == ((), (), ())


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ({"calls": 60}, (60, 3600, "bento")),
        ({"per": "2h"}, (30, 7200, "bento")),
        ({"shared": "office"}, (30, 3600, "office")),
        ({"shared": None}, (30, 3600, None)),
    ],
)
def test_what_is_left_out_of_a_rate_limit_is_still_bento_s(read, written, limit):
    read_limit = read(rate_limit=written).rate_limit

    assert (read_limit.calls, read_limit.per, read_limit.shared) == limit


def test_a_round_makes_a_call_for_each_site_segment_report_and_query(read):
    source = read(
        customers=[
            {
                "site_uuid": "a",
                "segments": [{"id": "1"}, {"id": "2"}],
                "reports": [{"id": "r"}],
                "ads": [{"name": "x"}, {"name": "y"}, {"name": "z"}],
            },
            {"site_uuid": "b", "segments": "all"},
            {"site_uuid": "c"},
        ]
    )

    assert source.planned_calls() == {
        "site": 3 / 3600,
        "segments": 3 / 14_400,
        "reports": 1 / 14_400,
        "ads": 3 / 14_400,
    }


def test_a_collector_counts_the_calls_for_a_customer_at_work_too(read):
    source = read(customers=[{"site_uuid": "a", "segments": "all", "reports": [{"id": "r"}]}, {"site_uuid": "b"}])
    first, second = PROVIDER.customers(source, FakeClock())

    assert {name: collector.calls([first]) for name, collector in source.collectors} == {
        "site": 1,
        "segments": 1,
        "reports": 1,
        "ads": 0,
    }
    assert {name: collector.calls([second]) for name, collector in source.collectors} == {
        "site": 1,
        "segments": 0,
        "reports": 0,
        "ads": 0,
    }
    assert site_of(first) == site_of(source.customers[0]) == source.customers[0]


def test_thirty_calls_an_hour_are_enough_for_thirty_sites_and_no_more(read, mistakes):
    sites = [{"site_uuid": f"site-{number}"} for number in range(31)]

    assert read(customers=sites[:30]).planned_calls()["site"] * 3600 == pytest.approx(30)
    [(path, message)] = mistakes(customers=sites)
    assert path == "rate_limit"
    assert message.startswith("the schedule needs 31 calls per 1h, but 30 are allowed; ")


def test_all_bento_sources_share_one_budget_and_are_told_which_intervals_would_fit(mistakes):
    segments = [{"id": str(number)} for number in range(100)]

    found = mistakes(section("a", segments=segments), section("b", segments=segments))

    assert [path for path, _ in found] == ["rate_limit", "sources[1].rate_limit"]
    for _, message in found:
        assert "need 52 calls per 1h, but 30 are allowed" in message
        assert "make the intervals 1.74 times as long (site 1h44m24s, segments 6h57m36s), " in message


def test_sources_with_budgets_of_their_own_do_not_add_up(read_all):
    segments = [{"id": str(number)} for number in range(100)]
    alone = {"rate_limit": {"shared": None}}

    assert (
        len(read_all({**section("a", segments=segments), **alone}, {**section("b", segments=segments), **alone})) == 2
    )


def test_a_site_has_all_that_the_contract_names(read):
    source = read(
        customers=[
            {
                "site_uuid": "0123abcd",
                "name": "shop",
                "labels": {"tier": "gold"},
                "timezone": "America/Denver",
                "credentials": {"publishable_key": "own", "secret_key": "key"},
                "segments": [{"id": "seg_1", "name": "vip"}],
                "reports": [{"id": "rep_9", "name": "revenue", "fields": ["sent", "rate.open"]}],
                "ads": [
                    {
                        "name": "by-source",
                        "dimension": "source",
                        "value": "youtube",
                        "start_date": "30 days ago",
                        "end_date": "yesterday",
                        "revenue_mode": "all_revenue",
                        "breakdown": True,
                    }
                ],
            }
        ]
    )

    [site] = source.customers
    assert site.credentials is not None
    assert site.credentials.secret_key.value() == "key"
    assert [(each.id, each.label) for each in site.segments] == [("seg_1", "vip")]
    assert [(each.label, each.fields) for each in site.reports] == [("revenue", ("sent", "rate.open"))]
    assert site.ads[0].breakdown is True


@pytest.mark.parametrize("form", ["_file", "_env"])
def test_keys_come_from_files_and_variables_too(read, tmp_path, monkeypatch, form):
    (tmp_path / "KEY").write_text("from elsewhere\n")
    monkeypatch.setenv("KEY", "from elsewhere")

    source = read(credentials={"publishable_key": "p", f"secret_key{form}": "KEY"})

    assert source.credentials.secret_key.value() == "from elsewhere"


@pytest.mark.parametrize(
    ("credentials", "mistake"),
    [
        (
            {"publishable_key": "p"},
            ("credentials.secret_key", "is missing; give secret_key, secret_key_file or secret_key_env"),
        ),
        (
            {"secret_key": "s"},
            (
                "credentials.publishable_key",
                "is missing; give publishable_key, publishable_key_file or publishable_key_env",
            ),
        ),
        (
            {"publishable_key": "p:s", "secret_key": "s"},
            ("credentials.publishable_key", "holds a colon, which no publishable key has; copy it again"),
        ),
        (
            {"publishable_key": "p", "secret_key": "schlüssel"},
            ("credentials.secret_key", "holds characters that no key has; copy it again"),
        ),
    ],
)
@pytest.mark.parametrize("is_site", [False, True])
def test_keys_that_are_missing_or_can_not_be_sent_are_refused(mistakes, credentials, mistake, is_site):
    path, message = mistake
    if is_site:
        site = {"site_uuid": "a", "credentials": credentials}
        assert mistakes(customers=[site]) == [(f"customers[0].{path}", message)]
    else:
        assert mistakes(credentials=credentials) == [(path, message)]


def test_a_secret_key_may_hold_a_colon(read):
    assert read(credentials={"publishable_key": "p", "secret_key": "a:b"}).credentials.secret_key.value() == "a:b"


@pytest.mark.parametrize(
    ("site", "path", "message"),
    [
        ({"segments": "every"}, "segments", "must be a list of segments, or all"),
        ({"segments": {"id": "a"}}, "segments", "must be a list, not a mapping"),
        ({"segments": [{"name": "vip"}]}, "segments[0].id", "is missing; add it"),
        ({"segments": [{"id": 5}]}, "segments[0].id", "must be a string; write it in quotes"),
        ({"segments": ["vip"]}, "segments[0]", "must be a mapping of keys"),
        ({"segments": [{"id": "a", "nmae": "b"}]}, "segments[0].nmae", "unknown key; did you mean name?"),
        ({"segments": [{"id": "a"}, {"id": "a"}]}, "segments[1].id", "is what [0] is already; remove one of the two"),
        (
            {"segments": [{"id": "a", "name": "x"}, {"id": "b"}, {"id": "c", "name": "x"}]},
            "segments[2].name",
            "'x' is what [0] is called; give it another name",
        ),
        (
            {"segments": [{"id": "a", "name": "b"}, {"id": "b"}]},
            "segments[1].id",
            "'b' is what [0] is called; give it another name",
        ),
        ({"reports": "all"}, "reports", "must be a list"),
        ({"reports": [{"id": "a"}, {"id": "a"}]}, "reports[1].id", "is what [0] is already; remove one of the two"),
        (
            {"reports": [{"id": "a", "name": "x"}, {"id": "b", "name": "x"}]},
            "reports[1].name",
            "'x' is what [0] is called; give it another name",
        ),
        ({"reports": [{"id": "a", "fields": "sent"}]}, "reports[0].fields", "must be a list"),
        (
            {"reports": [{"id": "a", "fields": ["x", "x"]}]},
            "reports[0].fields[1]",
            "'x' stands in the list twice; remove one of them",
        ),
        *(
            (
                {"reports": [{"id": "a", "fields": [path]}]},
                "reports[0].fields[0]",
                "is no path; write the keys with one dot between them, like rate.open",
            )
            for path in (".", "a.", ".a", "a..b")
        ),
        ({"ads": [{"dimension": "source"}]}, "ads[0].name", "is missing; add it"),
        (
            {"ads": [{"name": "x"}, {"name": "x"}]},
            "ads[1].name",
            "'x' is what [0] is called; give it another name",
        ),
        (
            {"ads": [{"name": "x", "dimension": "sauce"}]},
            "ads[0].dimension",
            "must be one of: 'source', 'campaign', 'medium', 'content', 'ad'",
        ),
        (
            {"ads": [{"name": "x", "revenue_mode": "all"}]},
            "ads[0].revenue_mode",
            "must be one of: 'all_revenue', 'first_revenue', 'subscriptions'",
        ),
        ({"ads": [{"name": "x", "start_date": ""}]}, "ads[0].start_date", "can't be empty"),
        (
            {"ads": [{"name": "x", "breakdown": "yes"}]},
            "ads[0].breakdown",
            "must be true or false; write it without quotes",
        ),
    ],
)
def test_a_mistake_in_a_site_is_said_at_its_place(mistakes, site, path, message):
    assert mistakes(customers=[{"site_uuid": "a", **site}]) == [(f"customers[0].{path}", message)]


def test_each_name_that_stands_twice_in_a_list_is_said_at_its_place(mistakes):
    site = {"ads": [{"name": "x"}, {"name": "y"}, {"name": "x"}, {"name": "y"}], "segments": [{"id": "a"}] * 3}

    assert mistakes(customers=[{"site_uuid": "a", **site}]) == [
        (f"customers[0].{place}", message)
        for place, message in (
            ("segments[1].id", "is what [0] is already; remove one of the two"),
            ("segments[2].id", "is what [0] is already; remove one of the two"),
            ("ads[2].name", "'x' is what [0] is called; give it another name"),
            ("ads[3].name", "'y' is what [1] is called; give it another name"),
        )
    ]


def test_all_mistakes_of_a_site_are_said_at_once(mistakes):
    site = {"segments": "every", "reports": [{"id": ""}], "ads": [{"name": "x", "dimension": "y"}]}

    assert [path for path, _ in mistakes(customers=[{"site_uuid": "a", **site}])] == [
        "customers[0].segments",
        "customers[0].reports[0].id",
        "customers[0].ads[0].dimension",
    ]


def test_a_list_of_segments_and_all_are_both_written_in_the_schema():
    site = json_schema(MODELS)["$defs"]["BentoSite"]["properties"]["segments"]

    assert {"const": "all", "type": "string"} in site["oneOf"]
    assert [each["type"] for each in site["oneOf"]] == ["string", "array"]


def test_no_key_is_shown_with_its_site():
    site = BentoSite.model_validate({"site_uuid": "a", "credentials": KEYS})

    assert "horse" not in repr(site)
    assert "p123456" not in repr(site)
