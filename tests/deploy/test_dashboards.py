"""Grafana reads the dashboards as they are meant, finds what they link to, and each panel says what it shows."""

import json
import re
from datetime import timedelta
from functools import cache
from itertools import combinations
from urllib.parse import parse_qsl

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.generator import colours
from deploy.grafana.generator.queries import latest
from deploy.grafana.generator.shelf import DASHBOARDS, files
from tests.deploy.catalogue import ROOT, substituted
from tests.deploy.test_rules import outside_of_max

PROVISIONING = ROOT / "deploy/grafana/provisioning"
FOLDER = ROOT / "deploy/grafana/dashboards"
NAMES = sorted(DASHBOARDS)
# What Grafana's Prometheus data source knows of an annotation, and the model of all data sources' doesn't.
OF_ANNOTATIONS = {"step", "titleFormat", "textFormat", "useValueForTime"}
# A vendor is asked every 15m at most: a shorter window would often see no change at all.
SHORTEST_WINDOW = timedelta(hours=1)
BUILT_IN = re.compile(r"__\w+")
VARIABLE = re.compile(r"\$\{(\w+)[.:}]|\$(\w+)")
PALETTE = {
    *(colours.BLUE, colours.ORANGE, colours.GREEN, colours.SKY),
    *(colours.VERMILLION, colours.PURPLE, colours.YELLOW, colours.GREY),
}
every_dashboard = pytest.mark.parametrize("name", NAMES)


@cache
def dashboard(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def test_the_files_are_what_the_generator_writes():
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*")}

    assert set(written) == {"bento.json", "customer.json", "exporter.json", "overview.json"}
    assert written.keys() == files().keys()
    assert [name for name, text in files().items() if written[name] != text] == []


@every_dashboard
def test_grafana_knows_every_setting(name):
    """Grafana leaves out what it doesn't know without a word; its own model of a dashboard shows what that would be."""
    register_default_plugins()
    ours = dashboard(name)

    theirs = json.loads(JSONEncoder().encode(Dashboard.from_json(json.loads(json.dumps(ours)))))

    assert [path for path in lost(ours, theirs) if path.rpartition(".")[2] not in OF_ANNOTATIONS] == []


def test_a_misspelt_setting_is_found():
    assert list(lost({"a": [{"b": 1, "c": None}]}, {"a": [{"c": None}]})) == [".a.0.b"]
    assert list(lost({"a": 1}, {"a": 2})) == [".a"]


@every_dashboard
def test_every_query_is_promql(name):
    values = {variable["name"]: ["1"] for variable in dashboard(name)["templating"]["list"]}

    assert queries(name)
    for text in queries(name):
        for query in substituted(text, values):
            promql_parser.parse(query)


@every_dashboard
def test_every_query_starts_from_one_of_the_replicas(name):
    """Else a second replica, or a pod's new name, would double a number or seem to begin it anew."""
    assert [text for text in queries(name) for query in plain(text) if outside_of_max(query)] == []


@every_dashboard
def test_no_window_on_vendors_numbers_is_shorter_than_their_polling(name):
    assert [text for text in queries(name) for query in plain(text) if shortest_window(query) < SHORTEST_WINDOW] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("increase(sendgrid_requests_total[5m])", timedelta(minutes=5)),
        ("increase((max by (source) (bento_users))[2h:5m])", timedelta(hours=2)),
        ("rate(email_stats_exporter_fetches_total[5m])", timedelta.max),
        ("sendgrid_requests_total offset 5m", timedelta.max),
    ],
)
def test_the_shortest_window_on_vendors_numbers_is_found(text, expected):
    assert shortest_window(text) == expected


@pytest.mark.parametrize("title", [panel["title"] for panel in dashboard("overview")["panels"]])
def test_a_list_of_all_customers_is_cut_to_the_first_of_them(title):
    [panel] = [panel for panel in dashboard("overview")["panels"] if panel["title"] == title]
    if panel["type"] != "table":
        return
    cuts = [re.findall(r"\b(?:topk|bottomk)\((?:\$top|\d+),", target["expr"]) for target in panel["targets"]]

    assert [cut for cut in cuts if len(cut) != 1] == []


def test_every_dashboard_has_an_address_of_its_own():
    assert len({dashboard(name)["uid"] for name in NAMES}) == len(NAMES)
    assert {dashboard(name)["uid"] for name in NAMES} == {f"email-stats-{name}" for name in NAMES}


@every_dashboard
def test_every_link_leads_to_a_dashboard_that_has_the_variables_it_takes_along(name):
    targets = {dashboard(each)["uid"]: variables(each) for each in NAMES}

    links = [node["url"] for node in nodes(dashboard(name)) if "url" in node]
    assert links
    for url in links:
        path, _, query = url.partition("?")
        known = targets.get(path.removeprefix("/d/"))
        assert known, f"no dashboard is at {path}"
        assert set(taken_along(query)) - known == set(), url


@every_dashboard
def test_every_dashboard_can_be_left_for_the_one_of_all_customers_or_of_one(name):
    urls = " ".join(link["url"] for link in dashboard(name)["links"])

    assert ("/d/email-stats-overview" if name != "overview" else "/d/email-stats-customer") in urls


@every_dashboard
def test_every_variable_that_is_used_exists_and_every_other_way_round(name):
    used = {
        match[1] or match[2]
        for text in strings(dashboard(name))
        for match in VARIABLE.finditer(text)
        if not BUILT_IN.fullmatch(match[1] or match[2])
    }

    assert used == variables(name)


@every_dashboard
def test_every_panel_says_what_it_shows(name):
    for panel in panels(name):
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert units(panel), panel["title"]
        assert all(units(panel)), panel["title"]

    titles = [panel["title"] for panel in panels(name)]
    assert sorted(set(titles)) == sorted(titles)


@every_dashboard
def test_a_colour_that_means_something_has_thresholds_or_states_to_mean_it(name):
    for panel in panels(name):
        for field in fields(panel):
            if field.get("color") == colours.BY_THRESHOLDS:
                assert len(field["thresholds"]["steps"]) > 1 or field["mappings"], panel["title"]


@every_dashboard
def test_thresholds_rise(name):
    for node in nodes(dashboard(name)):
        if "steps" in node:
            first, *others = [step["value"] for step in node["steps"]]
            assert first is None
            assert sorted(others) == others


@every_dashboard
def test_no_colour_is_outside_of_the_palette_that_colour_blind_eyes_tell_apart(name):
    chosen = {
        value
        for node in nodes(dashboard(name))
        for key, value in node.items()
        if key in {"color", "fixedColor", "iconColor"} and isinstance(value, str)
    }

    assert chosen
    assert chosen - PALETTE == set()


@every_dashboard
def test_no_two_panels_share_a_number_or_a_place(name):
    placed = dashboard(name)["panels"]

    assert sorted({panel["id"] for panel in placed}) == sorted(panel["id"] for panel in placed)
    assert [
        (one["title"], other["title"])
        for one, other in combinations(placed, 2)
        if overlap(one["gridPos"], other["gridPos"])
    ] == []
    assert [panel["title"] for panel in placed if panel["gridPos"]["x"] + panel["gridPos"]["w"] > 24] == []


@every_dashboard
def test_the_queries_of_a_panel_have_letters_of_their_own(name):
    for panel in panels(name):
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters)


@every_dashboard
def test_times_are_the_readers(name):
    assert dashboard(name)["timezone"] == "browser"


def test_what_is_provisioned_is_a_prometheus_and_the_folder_that_the_page_mounts():
    sources, providers = (
        yaml.safe_load((PROVISIONING / file).read_text(encoding="utf-8"))
        for file in ("datasources/prometheus.yml", "dashboards/email-stats-exporter.yml")
    )
    page = (ROOT / "docs/dashboards.md").read_text(encoding="utf-8")

    assert [source["type"] for source in sources["datasources"]] == ["prometheus"]
    assert f":{providers['providers'][0]['options']['path']}:ro" in page
    assert ":/etc/grafana/provisioning:ro" in page


def test_a_metric_is_asked_for_once_for_each_customer():
    assert latest("sendgrid_requests_total") == 'max by (source, customer) (sendgrid_requests_total{source=~"$source"})'
    assert latest("bento_users", ["source"], 'customer="a"', "1w") == (
        'max by (source) (bento_users{customer="a"} offset 1w)'
    )


def lost(ours, theirs, path=""):
    """Yield the path of each of our settings that theirs lacks or has otherwise."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            yield from lost(value, theirs[key], f"{path}.{key}") if key in theirs else [f"{path}.{key}"]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from lost(one, other, f"{path}.{index}")
    elif ours != theirs:
        yield path


def nodes(node):
    """Yield every object within a node, itself first."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


def strings(node):
    """Yield every text within a node."""
    for each in nodes(node):
        for value in each.values():
            yield from [value] if isinstance(value, str) else ()
            yield from (text for text in value if isinstance(text, str)) if isinstance(value, list) else ()


def panels(name):
    """Return the panels of a dashboard, its rows' headings left out."""
    return [panel for panel in dashboard(name)["panels"] if panel["type"] != "row"]


def queries(name):
    """Return the queries of a dashboard's panels and annotations."""
    return [node["expr"] for node in nodes(dashboard(name)) if "expr" in node]


def plain(text):
    """Return a query with values for its variables."""
    return [VARIABLE.sub(lambda match: {"__rate_interval": "5m", "__range": "1d"}.get(match[1] or match[2], "1"), text)]


def variables(name):
    """Return the names of a dashboard's variables."""
    return {variable["name"] for variable in dashboard(name)["templating"]["list"]}


def taken_along(query):
    """Yield the variables that the query of a link's address sets."""
    for part in query.split("&"):
        if found := re.fullmatch(r"\$\{(\w+):queryparam\}", part):
            yield found[1]
        elif part != "${__url_time_range}":
            [(key, value)] = parse_qsl(part)
            assert value
            yield key.removeprefix("var-")


def fields(panel):
    """Yield the settings of a panel's fields, and of each column that has its own."""
    config = panel["fieldConfig"]
    yield config["defaults"]
    for override in config["overrides"]:
        own = {each["id"]: each["value"] for each in override["properties"]}
        yield {"mappings": [], **own}


def units(panel):
    """Return the unit of a panel, of a table those of its columns."""
    if panel["type"] != "table":
        return [panel["fieldConfig"]["defaults"].get("unit")]
    return [field["unit"] for field in fields(panel) if "unit" in field]


def overlap(one, other):
    """Tell whether two places share a square of the grid."""
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or below)


def shortest_window(text):
    """Return the shortest window that a query looks at vendors' numbers through."""
    found = [timedelta.max]

    def enter(node):
        if isinstance(node, promql_parser.MatrixSelector | promql_parser.SubqueryExpr):
            inner = node.vector_selector if isinstance(node, promql_parser.MatrixSelector) else node.expr
            names = re.findall(r"\b(?:sendgrid|bento)_\w+", str(inner))
            found.extend([node.range] if names and node.range else [])

    promql_parser.walk(promql_parser.parse(text), enter)
    return min(found)
