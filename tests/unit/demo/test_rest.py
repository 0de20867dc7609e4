"""SendGrid's v3 API."""

import pytest

HUGE = "mail@aurora-retail.example"
HERALD = "news@daily-herald.example"
UNLIMITED = "alerts@skywatch.example"
TOPPED_UP = "hello@green-grocer.example"
FREE = "contact@river-yoga.example"
TINY = "me@tiny-ceramics.example"
SUSPENDED = "promo@closed-casino.example"
# America, where it is still the day before in the night.
WEST = "noreply@pixelforge-games.example"
NOBODY = {"errors": [{"field": None, "message": "No user found"}]}


def named(reply) -> dict[tuple[str, str], dict[str, int]]:
    """Return the counters by date and name."""
    return {(row["date"], each["name"]): each["metrics"] for row in reply.json() for each in row["stats"]}


def test_days_of_subusers_are_the_worlds_by_other_names(serve, get_v3, world, clock):
    reply = get_v3(serve(), "subusers/stats", subusers=[HUGE, HERALD], start_date="2026-03-12", end_date="2026-03-13")

    told = named(reply)
    (truth,) = world.days(HUGE, 1, clock.time())
    assert list(told) == [("2026-03-12", HUGE), ("2026-03-12", HERALD), ("2026-03-13", HUGE), ("2026-03-13", HERALD)]
    assert told["2026-03-13", HUGE] == {
        "blocks": truth["blocks"],
        "bounce_drops": truth["repeat_bounces"],
        "bounces": truth["bounces"],
        "clicks": truth["clicks"],
        "deferred": truth["bounces"] + 2 * truth["blocks"],
        "delivered": truth["delivered"],
        "invalid_emails": truth["invalid_email"],
        "opens": truth["opens"],
        "processed": truth["delivered"] + truth["bounces"] + truth["blocks"],
        "requests": truth["requests"],
        "spam_report_drops": truth["repeat_spamreports"],
        "spam_reports": truth["spamreports"],
        "unique_clicks": truth["unique_clicks"],
        "unique_opens": truth["unique_opens"],
        "unsubscribe_drops": truth["repeat_unsubscribes"],
        "unsubscribes": truth["unsubscribes"],
    }
    assert {each["type"] for row in reply.json() for each in row["stats"]} == {"subuser"}


def test_a_day_without_mails_has_zeros(serve, get_v3):
    told = named(get_v3(serve(), "subusers/stats", subusers=[SUSPENDED], start_date="2026-03-11"))

    assert [day for day, _ in told] == ["2026-03-11", "2026-03-12", "2026-03-13"]
    assert {number for counters in told.values() for number in counters.values()} == {0}


def test_nothing_is_told_of_a_day_that_has_not_begun_for_a_customer(serve, get_v3, clock):
    clock.advance(13 * 3600)

    told = named(get_v3(serve(), "subusers/stats", subusers=[HUGE, WEST], start_date="2026-03-13"))

    assert list(told) == [("2026-03-13", HUGE), ("2026-03-13", WEST), ("2026-03-14", HUGE)]


def test_months_are_the_sums_of_their_days(serve, get_v3):
    stand_in = serve()
    months = get_v3(stand_in, "subusers/stats", subusers=HUGE, start_date="2026-01-15", aggregated_by="month")
    days = get_v3(stand_in, "subusers/stats", subusers=HUGE, start_date="2026-02-01", end_date="2026-02-28")

    by_month = named(months)
    assert [day for day, _ in by_month] == ["2026-01-01", "2026-02-01", "2026-03-01"]
    by_day = named(days).values()
    assert by_month["2026-02-01", HUGE] == {
        name: sum(row[name] for row in by_day) for name in by_month["2026-02-01", HUGE]
    }


def test_a_stranger_is_missing_from_a_batch(serve, get_v3):
    stand_in = serve()

    told = named(get_v3(stand_in, "subusers/stats", subusers=[HUGE, "who"], start_date="2026-03-13"))
    reputations = get_v3(stand_in, "subusers/reputations", usernames=[HUGE, "who"]).json()

    assert [name for _, name in told] == [HUGE]
    assert reputations == [{"username": HUGE, "reputation": 99.2}]


def test_a_stranger_may_spoil_a_batch(serve, get_v3):
    stand_in = serve(refuses_strangers=True)
    replies = [
        get_v3(stand_in, "subusers/stats", subusers=[HUGE, "who"], start_date="2026-03-13"),
        get_v3(stand_in, "subusers/reputations", usernames=[HUGE, "who"]),
    ]

    assert [(reply.status_code, reply.json()) for reply in replies] == [(400, NOBODY)] * 2
    assert get_v3(stand_in, "subusers/reputations", usernames=HUGE).status_code == 200


@pytest.mark.parametrize("names", [[], [f"user{number}" for number in range(11)]])
def test_a_batch_has_one_to_ten_names(serve, get_v3, names):
    reply = get_v3(serve(), "subusers/stats", subusers=names, start_date="2026-03-13")

    assert reply.status_code == 400
    assert reply.json() == {"errors": [{"field": "subusers", "message": "between 1 and 10 are needed"}]}


@pytest.mark.parametrize(
    ("user", "credits_"),
    [
        (UNLIMITED, {"type": "unlimited", "reset_frequency": None, "remain": None, "total": None, "used": None}),
        ("who@else.example", NOBODY),
    ],
)
def test_credits_without_numbers(serve, get_v3, user, credits_):
    assert get_v3(serve(), f"subusers/{user.replace('@', '%40')}/credits").json() == credits_


def test_credits_are_those_of_the_overview(serve, get_v3, world, clock):
    stand_in = serve()
    overview = world.overview(HUGE, clock.time())

    assert get_v3(stand_in, f"subusers/{HUGE}/credits").json() == {
        "type": "recurring",
        "reset_frequency": "monthly",
        "remain": overview["credits_remain"],
        "total": 75_000_000,
        "used": int(overview["credits_used"]),
    }
    bought = get_v3(stand_in, f"subusers/{TOPPED_UP}/credits").json()
    assert (bought["type"], bought["total"], bought["used"]) == ("nonrecurring", None, None)
    assert bought["remain"] == world.overview(TOPPED_UP, clock.time())["credits_remain"]


def test_an_account_s_credits_tell_of_overage_and_resets(serve, get_v3, world, clock):
    behalf = f"account-id {world.find(UNLIMITED).partner_id}"
    overview = world.overview(UNLIMITED, clock.time())

    assert get_v3(serve(), "user/credits", behalf).json() == {
        "remain": 0,
        "total": 40_000,
        "overage": int(overview["credits_overage"]),
        "used": int(overview["credits_used"]),
        "last_reset": "2026-02-20",
        "next_reset": "2026-03-20",
        "reset_frequency": "monthly",
    }


def test_without_a_header_it_is_about_the_keys_own_account(serve, get_v3, world, clock):
    stand_in = serve()
    own = get_v3(stand_in, "stats", start_date="2026-03-13").json()
    other = get_v3(stand_in, "stats", HUGE, start_date="2026-03-13").json()

    assert (
        own[0]["stats"][0]["metrics"]["requests"]
        == world.days("post@mailhouse.example", 1, clock.time())[0]["requests"]
    )
    assert other[0]["stats"][0]["metrics"]["requests"] == world.days(HUGE, 1, clock.time())[0]["requests"]
    assert list(own[0]["stats"][0]) == ["metrics"]


@pytest.mark.parametrize(
    ("behalf", "account"),
    [(None, {"type": "paid", "reputation": 98.8}), (FREE, {"type": "free", "reputation": 100})],
)
def test_an_account_has_a_reputation(serve, get_v3, behalf, account):
    assert get_v3(serve(), "user/account", behalf).json() == account


def test_categories_come_in_pages_and_by_prefix(serve, get_v3):
    stand_in = serve()

    assert get_v3(stand_in, "categories", HUGE, limit=2, offset=1).json() == [
        {"category": "abandoned-cart"},
        {"category": "order-confirmation"},
    ]
    assert get_v3(stand_in, "categories", HUGE, category="promo").json() == [
        {"category": "promo-outlet"},
        {"category": "promo-weekend"},
    ]
    assert get_v3(stand_in, "categories", TINY).json() == []


def test_a_category_has_zeros_on_a_day_without_it_and_an_unknown_one_has_nothing(serve, get_v3, world, clock):
    names = ["Newsletter", "shipping-notice", "nonsense"]

    told = named(get_v3(serve(), "categories/stats", HUGE, categories=names, start_date="2026-03-13"))

    (today,) = world.days(HUGE, 1, clock.time())
    assert {name: counters["requests"] for (_, name), counters in told.items()} == {
        "Newsletter": 0,
        "shipping-notice": today["requests"] * 150 // 1000,
    }


def test_subusers_come_in_pages(serve, get_v3, world):
    stand_in = serve()
    rows = [row for n in (0, 7) for row in get_v3(stand_in, "subusers", limit=7, offset=n).json()]

    assert [row["username"] for row in rows] == [account.user for account in world.customers]
    assert [row["username"] for row in rows if row["disabled"]] == [SUSPENDED]
    assert get_v3(stand_in, "subusers", username=HUGE).json() == [rows[0]]


def test_partner_accounts_come_ten_at_a_time_after_the_last_one_seen(serve, get_v3, world):
    stand_in = serve()
    first = get_v3(stand_in, "partners/accounts").json()
    second = get_v3(stand_in, "partners/accounts", offset=first["pages"]["last"]).json()
    third = get_v3(stand_in, "partners/accounts", offset=second["pages"]["last"]).json()

    ids = [row["id"] for page in (first, second) for row in page["accounts"]]
    assert (len(first["accounts"]), len(second["accounts"])) == (10, 2)
    assert sorted(ids) == sorted(account.partner_id for account in world.customers)
    assert third == {"accounts": [], "pages": {}}


@pytest.mark.parametrize(
    ("path", "query", "error"),
    [
        ("stats", {}, ("start_date", "must be YYYY-MM-DD")),
        ("stats", {"start_date": "2026-02-30"}, ("start_date", "is no date")),
        (
            "stats",
            {"start_date": "2026-03-02", "end_date": "2026-03-01"},
            ("end_date", "end date should be after start date"),
        ),
        ("stats", {"start_date": "1990-01-01"}, ("start_date", "is too far back")),
        ("stats", {"start_date": "2026-03-01", "aggregated_by": "hour"}, ("aggregated_by", "must be day or month")),
        ("stats", {"start_date": "2026-03-01", "sort": "up"}, ("sort", "unknown parameter")),
        ("categories", {"limit": "0"}, ("limit", "must be between 1 and 500")),
        ("categories", {"offset": "-1"}, ("offset", "must be an integer")),
        ("partners/accounts", {"limit": "101"}, ("limit", "must be between 1 and 100")),
        ("categories/stats", {"start_date": "2026-03-01"}, ("categories", "between 1 and 10 are needed")),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_is_wrong(serve, get_v3, path, query, error):
    reply = get_v3(serve(), path, **query)

    assert reply.status_code == 400
    assert reply.json() == {"errors": [{"field": error[0], "message": error[1]}]}


@pytest.mark.parametrize(
    ("behalf", "path"), [("who", "user/account"), ("account-id sg00", "user/account"), (HUGE, "subusers")]
)
def test_a_call_is_not_made_for_a_stranger_nor_where_nobody_can_be_named(serve, get_v3, behalf, path):
    assert get_v3(serve(), path, behalf).status_code == 400


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, "authorization required"),
        ("wrong", "The provided authorization grant is invalid, expired, or revoked"),
    ],
)
def test_another_key_is_refused(serve, get_v3, key, message):
    reply = get_v3(serve(), "user/account", key=key)

    assert (reply.status_code, reply.json()["errors"][0]["message"]) == (401, message)


def test_html_is_not_on_offer(serve, session):
    reply = session.get(f"{serve().base_url}/v3/user/account", headers={"Accept": "text/html"}, timeout=5)

    assert reply.status_code == 406


@pytest.mark.parametrize("path", ["subusers/monthly", "mail/send", "subusers/a/b/credits"])
def test_other_paths_are_not_found(serve, get_v3, path):
    assert get_v3(serve(), path).status_code == 404


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_whatever_is_no_get_is_a_violation(serve, session, verb):
    stand_in = serve()

    session.request(verb, f"{stand_in.base_url}/v3/subusers", timeout=5)

    assert [(each.api, each.verb, each.status) for each in stand_in.violations] == [("v3", verb, 403)]


def test_a_key_in_the_url_is_a_violation(serve, get_v3):
    stand_in = serve()

    assert get_v3(stand_in, "stats", api_key="correct horse").status_code == 403


def test_the_log_says_on_whose_behalf_a_call_was_made(serve, get_v3):
    stand_in = serve()
    get_v3(stand_in, "categories/stats", HUGE, categories=["a", "b"], start_date="2026-03-13")

    assert stand_in.requests[-1].form == {
        "categories": "a,b",
        "start_date": "2026-03-13",
        "on-behalf-of": HUGE,
    }


def test_a_limited_vendor_says_so_in_each_answer(serve, get_v3):
    stand_in = serve(limit=(1, 60))
    replies = [get_v3(stand_in, "user/account") for _ in range(2)]

    assert [reply.status_code for reply in replies] == [200, 429]
    assert {reply.headers["X-RateLimit-Remaining"] for reply in replies} == {"0"}


@pytest.mark.parametrize(
    ("path", "query", "user", "kind"),
    [
        ("subusers/stats", {"subusers": [HERALD, HUGE], "start_date": "2026-03-13"}, HUGE, "daily"),
        ("stats", {"start_date": "2026-01-01", "aggregated_by": "month"}, None, "totals"),
        (f"subusers/{HUGE}/credits", {}, HUGE, "credits"),
        ("subusers/reputations", {"usernames": [HUGE]}, HUGE, "reputation"),
        ("categories", {}, None, "categories"),
        ("partners/accounts", {}, None, "discovery"),
    ],
)
def test_a_fault_is_for_one_customer_and_the_calls_of_one_collector(serve, get_v3, path, query, user, kind):
    stand_in = serve()
    stand_in.fault(status=418, call=kind, user=user)

    assert get_v3(stand_in, path, **query).status_code == 418
    assert get_v3(stand_in, "user/account").status_code == 200
