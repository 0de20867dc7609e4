"""SendGrid's Web API in its three dialects, in JSON and XML."""

import pytest

from tests.unit.demo.markup import leaves, tree

HUGE = "mail@aurora-retail.example"
HERALD = "news@daily-herald.example"
UNLIMITED = "alerts@skywatch.example"
SUSPENDED = "promo@closed-casino.example"
NEVER_SORTED = "me@tiny-ceramics.example"
FIVE = ["requests", "bounces", "clicks", "opens", "spamreports"]


def texts(row) -> dict[str, str]:
    return {name: str(value) for name, value in row.items()}


# Spelling


@pytest.mark.parametrize("path", ["/apiv2/reseller.manage", "/api/distributor.manage", "/apiv2/customer.stats"])
def test_totals_are_the_worlds_in_every_dialect(serve, post, world, clock, path):
    stand_in = serve()
    form = {"method": "stats"} if path.endswith("manage") else {}

    told = leaves(tree(post(stand_in, f"{path}.xml", aggregate=1, user=HUGE, **form)))

    truth = world.totals(HUGE, clock.time())
    assert told == {name: str(truth[name]) for name in told}
    assert set(FIVE) <= set(told)


def test_v1_prints_its_json_without_the_outermost_signs(serve, post, world, clock):
    stand_in = serve()
    totals = post(stand_in, "/api/distributor.manage.json", method="stats", aggregate=1, user=HUGE).text
    days = post(stand_in, "/api/distributor.manage.json", method="stats", days=2, user=HUGE).text
    truth = world.totals(HUGE, clock.time())

    assert totals == ",".join(f'"{name}":{truth[name]}' for name in FIVE)
    assert days.startswith('{"date":"2026-03-12","requests":')
    assert '},{"date":"2026-03-13",' in days
    assert days.endswith("}")


def test_v1_prints_an_empty_list_whole(serve, post):
    reply = post(serve(), "/api/distributor.manage.json", method="stats", days=2, user=SUSPENDED)

    assert reply.text == "[]"


def test_v1_lists_categories_under_one_key_again_and_again(serve, post):
    stand_in = serve()
    reply = post(stand_in, "/api/distributor.manage.json", method="stats", list="true", user=UNLIMITED)
    nothing = post(stand_in, "/api/distributor.manage.json", method="stats", list="true", user=NEVER_SORTED)

    assert reply.text == '[{"category":"daily-forecast","category":"storm-alert"}]'
    assert nothing.text == "[]"


def test_v1_writes_xml_in_latin_1(serve, post):
    reply = post(serve(), "/api/distributor.manage.xml", method="stats", list="true", user=HERALD)

    assert reply.content.startswith(b'<?xml version="1.0" encoding="ISO-8859-1"?>\n')
    assert b"<category>B\xfcchertipps &amp; mehr</category>" in reply.content
    assert tree(reply)[0].text == "Büchertipps & mehr"


def test_v1_numbers_are_bare_in_the_overview(serve, post, world, clock):
    reply = post(serve(), "/api/distributor.account.json", task="overview", user=HUGE)

    assert reply.text.startswith('"reputation":99.2,"requests":')
    assert (
        f'"credits_allowed":75000000,"credits_used":{world.overview(HUGE, clock.time())["credits_used"]},' in reply.text
    )


def test_subusers_totals_are_five_strings_and_their_days_all_counters(serve, post, world, clock):
    stand_in = serve()
    totals = post(stand_in, "/apiv2/customer.stats.json", aggregate=1, user=HUGE).json()
    days = post(stand_in, "/apiv2/customer.stats.json", days=2, user=HUGE).json()

    truth = world.totals(HUGE, clock.time())
    assert totals == {name: str(truth[name]) for name in FIVE}
    assert days == world.days(HUGE, 2, clock.time())


@pytest.mark.parametrize(
    ("path", "in_json", "in_xml"),
    [
        ("/apiv2/reseller.manage", b"", b"<credits></credits>"),
        ("/api/distributor.manage", b"[]", b'<?xml version="1.0" encoding="ISO-8859-1"?>\n\n<credits></credits>'),
        ("/apiv2/customer.limit", b"{}", b"<credits></credits>"),
    ],
)
def test_no_limit_is_nothing_in_many_forms(serve, post, path, in_json, in_xml):
    stand_in = serve()
    form = {"method": "limit", "task": "retrieve", "user": UNLIMITED}

    assert post(stand_in, f"{path}.json", **form).content == in_json
    assert post(stand_in, f"{path}.xml", **form).content == in_xml


# Calls


def test_days_are_the_same_in_xml(serve, post, world, clock):
    reply = post(serve(), "/apiv2/reseller.manage.xml", method="stats", days=3, user=HUGE)

    assert [leaves(day) for day in tree(reply)] == [texts(row) for row in world.days(HUGE, 3, clock.time())]


def test_a_month_is_asked_for_by_its_dates(serve, ask):
    form = {"method": "stats", "user": HUGE, "start_date": "2026-03-01", "end_date": "2026-03-13"}

    rows = ask(serve(), "manage", **form).json()

    assert [row["date"] for row in rows] == [f"2026-03-{day:02}" for day in range(1, 14)]


def test_several_categories_are_told_in_one_call_newest_first_under_odd_names(serve, ask, world, clock):
    form = {"method": "stats", "days": 3, "user": HUGE, "category[]": ["shipping-notice", "Newsletter", "nonsense"]}

    rows = ask(serve(), "manage", **form).json()

    # A newsletter goes out on Wednesdays and Saturdays.
    assert [(row["date"], row["category"]) for row in rows] == [
        ("2026-03-13", "shipping-notice"),
        ("2026-03-12", "shipping-notice"),
        ("2026-03-11", "shipping-notice"),
        ("2026-03-11", "Newsletter"),
    ]
    (today,) = world.days(HUGE, 1, clock.time())
    assert rows[0]["requests"] == today["requests"] * 150 // 1000
    assert rows[0]["blocked"] == today["blocks"] * 150 // 1000
    assert rows[0]["spam_drop"] == rows[0]["repeat_spamreports"]
    assert "blocks" not in rows[0]


def test_an_unknown_category_has_no_rows(serve, post):
    form = {"method": "stats", "days": 3, "user": HUGE, "category": "nonsense"}
    stand_in = serve()

    assert post(stand_in, "/apiv2/reseller.manage.json", **form).json() == []
    assert post(stand_in, "/apiv2/reseller.manage.xml", **form).content == b"<stats></stats>"


def test_the_list_of_customers_comes_in_pages(serve, ask, world):
    stand_in = serve()
    pages = [ask(stand_in, "manage", method="profile", task="get", limit=5, offset=n).json() for n in (0, 5, 10)]

    rows = [row for page in pages for row in page]
    assert [len(page) for page in pages] == [5, 5, 2]
    assert [row["username"] for row in rows] == [account.user for account in world.customers]
    assert [row["username"] for row in rows if row["active"] == "false"] == [SUSPENDED]
    assert len({row["id"] for row in rows}) == 12
    assert {row["email"].partition("@")[2] for row in rows} == {"example.com"}


@pytest.mark.parametrize("path", ["/api/distributor.manage", "/apiv2/customer.profile"])
def test_older_lists_have_no_numbers(serve, post, path):
    users = tree(post(serve(), f"{path}.xml", method="profile", task="get"))

    assert len(users) == 12
    assert {user.find("id") for user in users} == {None}


@pytest.mark.parametrize(("active", "count"), [(0, 1), (1, 11)])
def test_the_list_can_be_of_those_who_may_send_or_not(serve, ask, active, count):
    assert len(ask(serve(), "manage", method="profile", task="get", active=active).json()) == count


@pytest.mark.parametrize(
    ("method", "field", "entry"),
    [
        ("bounces", "bounces", "bounce"),
        ("unsubscribes", "unsubscribes", "unsubscribe"),
        ("invalidemails", "invalid_email", "invalidemail"),
        ("spamreports", "spamreports", "spamreport"),
    ],
)
def test_a_suppression_list_has_a_made_up_address_for_each_entry(serve, post, world, clock, method, field, entry):
    stand_in = serve()
    count = int(world.totals(HERALD, clock.time())[field] ** 0.5)

    rows = post(stand_in, "/apiv2/reseller.manage.json", method=method, task="get", user=HERALD).json()
    entries = tree(post(stand_in, "/apiv2/reseller.manage.xml", method=method, task="get", user=HERALD, date=1))

    assert len(rows) == len(entries) == count > 10
    assert len({row["email"] for row in rows}) == count
    assert all(row["email"].endswith("@example.com") and "created" not in row for row in rows)
    assert {each.tag for each in entries} == {entry}
    assert all(each.findtext("created") for each in entries)


# Refusals


@pytest.mark.parametrize(
    ("path", "form", "message"),
    [
        ("reseller.manage", {"method": "stats", "list": "1", "user": HUGE}, "list must be true"),
        ("reseller.manage", {"method": "stats", "list": "true", "days": 1, "user": HUGE}, "list takes no dates"),
        ("reseller.manage", {"method": "limit", "user": HUGE}, "Unknown task"),
        ("reseller.manage", {"method": "profile", "task": "get", "limit": "x"}, "limit must be an integer"),
        ("reseller.manage", {"method": "profile", "task": "get", "active": "2"}, "active must be 0 or 1"),
        ("reseller.manage", {"method": "bounces", "user": HUGE}, "Unknown task"),
        ("reseller.manage", {"method": "account", "task": "overview", "user": HUGE}, "Unknown method"),
        ("reseller.ip", {"task": "some"}, "Unknown task"),
        ("reseller.pending", {"task": "list", "type": "odd"}, "Unknown type"),
        ("reseller.billing", {"task": "usage"}, "Unknown task"),
        ("customer.limit", {"user": HUGE}, "Unknown task"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_is_wrong(serve, post, path, form, message):
    stand_in = serve()
    in_json, in_xml = (post(stand_in, f"/apiv2/{path}.{suffix}", **form) for suffix in ("json", "xml"))

    assert (in_json.status_code, in_json.json()) == (400, {"errors": [message], "message": "error"})
    assert in_xml.status_code == 400
    assert in_xml.text == f"<result><message>error</message><errors><error>{message}</error></errors></result>"


@pytest.mark.parametrize(
    "path",
    [
        "/apiv2/customer.account.json",
        "/apiv2/customer.manage.json",
        "/apiv2/customer.ip.json",
        "/api/distributor.x.xml",
    ],
)
def test_a_dialect_has_its_own_calls_alone(serve, post, path):
    assert post(serve(), path, task="all").status_code == 404


def test_a_stranger_does_not_exist_in_xml_either(serve, post):
    reply = post(serve(), "/apiv2/reseller.manage.xml", method="stats", aggregate=1, user="who@else.example")

    assert reply.status_code == 400
    assert reply.text == "<error><code>400</code><message>User does not exist</message></error>"


def test_wrong_credentials_are_refused_in_xml_too(serve, post):
    reply = post(serve(), "/apiv2/customer.stats.xml", aggregate=1, user=HUGE, api_key="wrong")

    assert reply.status_code == 401
    assert "<error>Permission denied, wrong credentials</error>" in reply.text


@pytest.mark.parametrize("action", ["enable", "disable", "password", "delete", "add"])
def test_calls_that_change_subusers_are_violations(serve, post, action):
    stand_in = serve()

    assert post(stand_in, f"/apiv2/customer.{action}.json", user=HUGE).status_code == 403
    assert [(each.api, each.status) for each in stand_in.violations] == [("customer", 403)]


# Faults and the log


@pytest.mark.parametrize(
    ("path", "form", "kind"),
    [
        ("/apiv2/reseller.manage.json", {"method": "stats", "list": "true"}, "categories"),
        ("/apiv2/reseller.manage.json", {"method": "stats", "days": 3, "category[]": ["a", "b"]}, "categories"),
        ("/apiv2/reseller.manage.json", {"method": "stats", "start_date": "2026-03-01"}, "month"),
        ("/apiv2/reseller.manage.json", {"method": "profile", "task": "get"}, "discovery"),
        ("/apiv2/reseller.manage.json", {"method": "limit", "task": "retrieve"}, "limits"),
        ("/apiv2/reseller.manage.json", {"method": "spamreports", "task": "get"}, "suppressions"),
        ("/apiv2/reseller.ip.json", {"task": "all"}, "ips"),
        ("/apiv2/reseller.packages.json", {}, "packages"),
        ("/apiv2/reseller.pending.json", {"task": "list"}, "pending"),
        ("/apiv2/reseller.billing.json", {"task": "current"}, "usage"),
        ("/api/billing.get.json", {}, "invoices"),
        ("/api/distributor.manage.xml", {"method": "stats", "aggregate": 1}, "totals"),
        ("/api/distributor.account.xml", {"task": "overview"}, "credits"),
        ("/apiv2/customer.stats.json", {"days": 3}, "daily"),
        ("/apiv2/customer.profile.json", {"task": "get"}, "discovery"),
    ],
)
def test_a_fault_is_for_the_calls_of_one_collector(serve, post, path, form, kind):
    stand_in = serve()
    stand_in.fault(status=418, call=kind)

    assert post(stand_in, path, **form).status_code == 418
    stand_in.clear()
    stand_in.fault(status=418, call="nothing of the kind")
    assert post(stand_in, path, **form).status_code != 418


def test_a_fault_may_be_for_one_api(serve, post):
    stand_in = serve()
    stand_in.fault(status=503, api="customer")

    assert post(stand_in, "/apiv2/customer.stats.json", aggregate=1, user=HUGE).status_code == 503
    assert post(stand_in, "/apiv2/reseller.manage.json", method="stats", aggregate=1, user=HUGE).status_code == 200


def test_the_log_has_all_values_of_a_field_sent_twice(serve, ask):
    stand_in = serve()
    ask(stand_in, "manage", method="stats", days=1, user=HUGE, **{"category[]": ["a", "b"]})

    assert stand_in.requests[-1].form["category[]"] == "a,b"
    assert stand_in.requests[-1].api == "reseller"


def test_each_api_has_a_limit_of_its_own(serve, post):
    stand_in = serve(limit=(1, 60))
    paths = ["/apiv2/customer.profile.json", "/apiv2/customer.profile.json", "/apiv2/reseller.packages.json"]

    assert [post(stand_in, path, task="get").status_code for path in paths] == [200, 429, 200]
    assert stand_in.overruns == 1
