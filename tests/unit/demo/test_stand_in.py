import socket
import threading

import pytest
import requests

from exporter.demo import StandIn

HUGE = "mail@aurora-retail.example"
HERALD = "news@daily-herald.example"
DENIED = {"errors": ["Permission denied, wrong credentials"], "message": "error"}
STRANGER = {"error": {"code": 400, "message": "User does not exist"}}


def test_totals_are_told_as_one_object(serve, ask, world, clock):
    reply = ask(serve(), "manage", method="stats", aggregate=1, user=HUGE)

    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json() == world.totals(HUGE, clock.time())


def test_days_are_told_as_a_list_of_rows(serve, ask, world, clock):
    reply = ask(serve(), "manage", method="stats", days=3, user=HUGE)

    assert [row["date"] for row in reply.json()] == ["2026-03-11", "2026-03-12", "2026-03-13"]
    assert reply.json() == world.days(HUGE, 3, clock.time())


def test_a_range_of_dates_is_told_as_a_list_of_rows(serve, ask):
    reply = ask(serve(), "manage", method="stats", start_date="2026-02-27", end_date="2026-03-01", user=HUGE)

    assert [row["date"] for row in reply.json()] == ["2026-02-27", "2026-02-28", "2026-03-01"]


def test_more_days_than_there_are_is_no_error(serve, ask, world, clock):
    reply = ask(serve(), "manage", method="stats", days=999_999_999, user=HUGE)

    assert reply.json()[0]["date"] == "2024-03-01"
    assert reply.json()[-1]["date"] == "2026-03-13"


def test_the_overview_is_told_as_the_world_has_it(serve, ask, world, clock):
    assert ask(serve(), "account", task="overview", user=HUGE).json() == world.overview(HUGE, clock.time())


@pytest.mark.parametrize(
    "form",
    [{"api_key": "wrong"}, {"api_user": "stranger"}, {"api_user": ""}, {"api_key": ""}],
)
def test_wrong_credentials_are_refused_as_the_vendor_does(serve, ask, form):
    reply = ask(serve(), "manage", method="stats", aggregate=1, user=HUGE, **form)

    assert (reply.status_code, reply.json()) == (401, DENIED)


@pytest.mark.parametrize(("token", "status"), [("correct horse", 200), ("wrong", 401)])
def test_a_bearer_token_may_stand_for_username_and_password(serve, session, token, status):
    reply = session.post(
        f"{serve().base_url}/apiv2/reseller.account.json",
        {"task": "overview", "user": HUGE},
        headers={"Authorization": f"Bearer {token}"},
        timeout=5,
    )

    assert reply.status_code == status


def test_a_stranger_does_not_exist(serve, ask):
    reply = ask(serve(), "manage", method="stats", aggregate=1, user="who@else.example")

    assert (reply.status_code, reply.json()) == (400, STRANGER)


def test_a_stranger_may_be_refused_under_status_200(serve, ask):
    reply = ask(serve(error_status=200), "account", task="overview", user="who@else.example")

    assert (reply.status_code, reply.json()) == (200, STRANGER)


@pytest.mark.parametrize(
    ("action", "form", "message"),
    [
        ("manage", {"method": "nonsense", "user": HUGE}, "Unknown method"),
        ("manage", {"aggregate": "1", "user": HUGE}, "Unknown method"),
        ("manage", {"method": "stats", "aggregate": "1"}, "user is required"),
        ("manage", {"method": "stats", "aggregate": "", "user": HUGE}, "aggregate must be 1"),
        ("manage", {"method": "stats", "aggregate": "2", "user": HUGE}, "aggregate must be 1"),
        ("manage", {"method": "stats", "aggregate": "1", "days": "3", "user": HUGE}, "aggregate takes no dates"),
        ("manage", {"method": "stats", "days": "0", "user": HUGE}, "days must be an integer above 0"),
        ("manage", {"method": "stats", "days": "-1", "user": HUGE}, "days must be an integer above 0"),
        ("manage", {"method": "stats", "days": "3.0", "user": HUGE}, "days must be an integer above 0"),
        ("manage", {"method": "stats", "days": "\u0663", "user": HUGE}, "days must be an integer above 0"),
        (
            "manage",
            {"method": "stats", "days": "3", "start_date": "2026-03-01", "user": HUGE},
            "Use either days, or start_date and end_date",
        ),
        ("manage", {"method": "stats", "user": HUGE}, "start_date must be YYYY-mm-dd"),
        ("manage", {"method": "stats", "start_date": "2026-03-01", "user": HUGE}, "end_date must be YYYY-mm-dd"),
        (
            "manage",
            {"method": "stats", "start_date": "2026-02-30", "end_date": "2026-03-01", "user": HUGE},
            "start_date is no date",
        ),
        (
            "manage",
            {"method": "stats", "start_date": "2026-03-01", "end_date": "2026-03-01", "user": HUGE},
            "start_date must be before end_date",
        ),
        (
            "manage",
            {"method": "stats", "start_date": "2026-03-02", "end_date": "2026-03-01", "user": HUGE},
            "start_date must be before end_date",
        ),
        ("account", {"task": "nonsense", "user": HUGE}, "Unknown task"),
        ("account", {"task": "overview"}, "user is required"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_is_wrong(serve, ask, action, form, message):
    reply = ask(serve(), action, **form)

    assert (reply.status_code, reply.json()) == (400, {"errors": [message], "message": "error"})


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/apiv2/reseller.manage.json"),
        ("POST", "/apiv2/reseller.nonsense.json"),
        ("POST", "/apiv2/reseller.manage.csv"),
        ("POST", "/apiv2/reseller.stats.json"),
        ("POST", "/apiv2/reseller.manage"),
        ("POST", "/"),
    ],
)
def test_other_verbs_and_paths_are_not_found(serve, session, verb, path):
    assert session.request(verb, serve().base_url + path, timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("action", "form"),
    [
        ("delete", {"user": HUGE}),
        ("manage", {"method": "disable", "user": HUGE}),
        ("manage", {"method": "profile", "task": "set", "user": HUGE}),
        ("manage", {"method": "bounces", "task": "delete", "user": HUGE}),
        ("account", {"task": "immediate_close", "user": HUGE}),
    ],
)
def test_a_call_that_changes_something_is_refused_and_recorded(serve, ask, action, form):
    stand_in = serve()

    assert ask(stand_in, action, **form).status_code == 403
    assert [(each.path, each.status) for each in stand_in.violations] == [(f"/apiv2/reseller.{action}.json", 403)]


def test_a_password_in_the_url_is_a_violation(serve, session):
    stand_in = serve()

    session.post(f"{stand_in.base_url}/apiv2/reseller.manage.json?api_key=correct+horse", timeout=5)

    assert len(stand_in.violations) == 1
    assert "correct horse" not in repr(stand_in.violations)


def test_reading_is_no_violation(serve, ask):
    stand_in = serve()

    ask(stand_in, "manage", method="stats", aggregate=1, user=HUGE)
    ask(stand_in, "account", task="overview", user=HUGE)

    assert stand_in.violations == []


def test_the_log_has_every_call_without_its_secret(serve, ask, clock):
    stand_in = serve()

    ask(stand_in, "manage", method="stats", days=3, user=HUGE)

    (arrival,) = stand_in.requests
    assert arrival.at == clock.monotonic()
    assert (arrival.verb, arrival.path, arrival.status) == ("POST", "/apiv2/reseller.manage.json", 200)
    assert arrival.form == {"api_user": "demo", "method": "stats", "days": "3", "user": HUGE}


def test_the_log_is_bounded(serve, ask):
    stand_in = serve(log_size=2)

    for user in ("a", "b", "c"):
        ask(stand_in, "account", task="overview", user=user)

    assert [arrival.form["user"] for arrival in stand_in.requests] == ["b", "c"]


def test_a_call_over_the_limit_is_refused_until_the_window_has_moved_on(serve, ask, clock):
    stand_in = serve(limit=(2, 60))

    def status() -> int:
        return ask(stand_in, "account", task="overview", user=HUGE).status_code

    assert status() == 200
    clock.advance(30)
    assert [status(), status()] == [200, 429]
    clock.advance(29.9)
    assert status() == 429
    clock.advance(0.1)
    assert [status(), status()] == [200, 429]
    assert stand_in.overruns == 3


def test_a_limited_vendor_says_so_in_each_answer(serve, ask, clock):
    stand_in = serve(limit=(1, 60))
    first, second = (ask(stand_in, "account", task="overview", user=HUGE) for _ in range(2))

    for reply in (first, second):
        assert reply.headers["X-RateLimit-Limit"] == "1"
        assert reply.headers["X-RateLimit-Remaining"] == "0"
        assert reply.headers["X-RateLimit-Reset"] == "1773403260"
    assert second.json() == {"errors": [{"field": None, "message": "too many requests"}]}


def test_an_unlimited_vendor_says_nothing_of_limits(serve, ask):
    assert "X-RateLimit-Limit" not in ask(serve(), "account", task="overview", user=HUGE).headers


def test_a_fault_strikes_the_customer_and_call_it_is_for_until_cleared(serve, ask):
    stand_in = serve()
    stand_in.fault(status=418, body=b"short and stout", headers={"Retry-After": "7"}, user=HUGE, call="totals")

    struck = ask(stand_in, "manage", method="stats", aggregate=1, user=HUGE)
    spared = [
        ask(stand_in, "manage", method="stats", aggregate=1, user=HERALD),
        ask(stand_in, "manage", method="stats", days=1, user=HUGE),
        ask(stand_in, "account", task="overview", user=HUGE),
    ]
    stand_in.clear()
    healed = ask(stand_in, "manage", method="stats", aggregate=1, user=HUGE)

    assert (struck.status_code, struck.content, struck.headers["Retry-After"]) == (418, b"short and stout", "7")
    assert [reply.status_code for reply in [*spared, healed]] == [200] * 4


@pytest.mark.parametrize(
    ("call", "statuses"),
    [("totals", [500, 200, 200]), ("daily", [200, 500, 200]), ("credits", [200, 200, 500]), (None, [500, 500, 500])],
)
def test_a_fault_may_be_for_one_kind_of_call(serve, ask, call, statuses):
    stand_in = serve()
    stand_in.fault(call=call)

    replies = [
        ask(stand_in, "manage", method="stats", aggregate=1, user=HUGE),
        ask(stand_in, "manage", method="stats", days=1, user=HUGE),
        ask(stand_in, "account", task="overview", user=HUGE),
    ]

    assert [reply.status_code for reply in replies] == statuses


def test_a_fault_may_strike_a_number_of_times(serve, ask):
    stand_in = serve()
    stand_in.fault(status=503, times=2)

    statuses = [ask(stand_in, "account", task="overview", user=HUGE).status_code for _ in range(3)]

    assert statuses == [503, 503, 200]


def test_a_dropped_connection_brings_no_answer(serve, ask):
    stand_in = serve()
    stand_in.fault(drop=True)

    with pytest.raises(requests.ConnectionError):
        ask(stand_in, "account", task="overview", user=HUGE)
    assert stand_in.requests[-1].status is None


def test_a_cut_body_is_shorter_than_announced(serve, ask):
    stand_in = serve()
    stand_in.fault(status=200, body=b'{"requests": 7}', cut=True)

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        ask(stand_in, "account", task="overview", user=HUGE)


def test_a_hanging_call_ends_with_the_stand_in(serve, ask):
    stand_in = serve()
    stand_in.fault(hang=True)
    ended = threading.Event()

    def call() -> None:
        with pytest.raises(requests.ConnectionError):
            ask(stand_in, "account", task="overview", user=HUGE)
        ended.set()

    caller = threading.Thread(target=call)
    caller.start()
    wait_for_arrival(stand_in)
    assert not ended.is_set()
    stand_in.stop()
    caller.join(5)

    assert ended.is_set()


def test_a_dripping_answer_comes_a_byte_at_a_time(serve):
    stand_in = serve()
    stand_in.fault(drip=True)
    host, port = stand_in.base_url.removeprefix("http://").split(":")

    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"POST /apiv2/reseller.manage.json HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        received = [connection.recv(100) for _ in range(4)]

    assert received == [b"H", b"T", b"T", b"P"]


def test_a_connection_is_kept_alive(serve, session):
    stand_in = serve()
    url = f"{stand_in.base_url}/apiv2/reseller.account.json"

    ports = set()
    for _ in range(3):
        with session.post(url, {"task": "overview"}, stream=True, timeout=5) as reply:
            ports.add(reply.raw.connection.sock.getsockname()[1])
            assert reply.json() == DENIED

    assert len(ports) == 1


def test_a_stopped_stand_in_refuses_connections_and_can_start_again_on_its_port(serve, ask):
    stand_in = serve()
    ask(stand_in, "account", task="overview", user=HUGE)
    url = stand_in.base_url
    stand_in.stop()

    with pytest.raises(requests.ConnectionError):
        ask(stand_in, "account", task="overview", user=HUGE)
    stand_in.start()
    assert ask(stand_in, "account", task="overview", user=HUGE).status_code == 200
    assert stand_in.base_url == url


def test_stopping_leaves_no_thread_and_no_socket_behind(serve, ask):
    before = threading.active_count()
    stand_in = serve()
    # The session keeps its connection open, and a thread waits for the next request on it.
    ask(stand_in, "account", task="overview", user=HUGE)

    stand_in.stop()

    assert stand_in._server is None
    assert [thread.name for thread in threading.enumerate() if "process_request" in thread.name and wait(thread)] == []
    assert threading.active_count() <= before


def test_an_oversized_request_is_refused_unread(serve, session):
    reply = session.post(f"{serve().base_url}/apiv2/reseller.manage.json", data=b"x" * 70_000, timeout=5)

    assert reply.status_code == 413


def test_half_a_request_is_none(serve):
    stand_in = serve()
    host, port = stand_in.base_url.removeprefix("http://").split(":")

    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"POST /apiv2/reseller.account.json HTTP/1.1\r\nContent-Length: 100\r\n\r\ntask=")
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(100)

    assert answer == b""
    assert stand_in.requests == ()


def wait(thread: threading.Thread) -> bool:
    """Tell whether a thread is still there after it had time to leave."""
    thread.join(5)
    return thread.is_alive()


def wait_for_arrival(stand_in: StandIn) -> None:
    for _ in range(5_000):
        if stand_in.requests:
            return
        threading.Event().wait(0.001)
    pytest.fail("the call never arrived")
