import pytest


def source(name, boxes, calls, *, shared="null", per="15m", collectors="{}"):
    customers = ", ".join(f"{{box: {box}}}" for box in range(boxes)).replace("box: ", "box: n")
    return (
        f"  - {{name: {name}, type: letters, credentials: {{password: x}}, customers: [{customers}],"
        f" collectors: {collectors}, rate_limit: {{calls: {calls}, per: {per}, shared: {shared}}}}}\n"
    )


def test_a_schedule_exactly_at_its_limit_is_taken(loaded):
    """Ten customers: ten calls for totals and one for daily in 15 minutes."""
    assert loaded("sources:\n" + source("post", 10, 11)).sources[0].rate_limit.calls == 11


def test_a_schedule_of_fractions_exactly_at_its_limit_is_taken(loaded):
    """3 / 0.9 + 3 / 0.9 + … in floats is a hair more than it should be."""
    collectors = "{totals: {interval: 7s}, daily: {interval: 49s}}"

    assert loaded("sources:\n" + source("post", 7, 50, per="49s", collectors=collectors))


def test_one_call_too_many_is_refused(problems):
    assert problems("sources:\n" + source("post", 10, 10)) == [
        (
            "config.yaml:2: sources[0].rate_limit: the schedule needs 11 calls per 15m, but 10 are allowed; make the "
            "intervals 1.1 times as long (totals 16m30s, daily 16m30s), or raise calls if the vendor allows more"
        )
    ]


def test_the_intervals_that_a_message_gives_fit(loaded):
    collectors = "{totals: {interval: 16m30s}, daily: {interval: 16m30s}}"

    assert loaded("sources:\n" + source("post", 10, 10, collectors=collectors))


def test_a_collector_that_is_off_needs_no_calls(loaded):
    assert loaded("sources:\n" + source("post", 10, 1, collectors="{totals: {enabled: false}}"))


def test_sources_with_budgets_of_their_own_do_not_add_up(loaded):
    assert loaded("sources:\n" + source("a", 10, 11) + source("b", 10, 11))


def test_sources_that_share_a_budget_add_up(loaded, problems):
    shared = {"shared": "both"}

    assert loaded("sources:\n" + source("a", 10, 22, **shared) + source("b", 10, 22, **shared))
    assert problems("sources:\n" + source("a", 10, 21, **shared) + source("b", 10, 21, **shared)) == [
        f'config.yaml:{line}: sources[{index}].rate_limit: the sources that share "both" need 22 calls per 15m, but '
        "21 are allowed; make the intervals 1.05 times as long (totals 15m45s, daily 15m45s), or raise calls if the "
        "vendor allows more"
        for index, line in enumerate((2, 3))
    ]


def test_sources_that_share_a_budget_must_agree_on_it(problems):
    content = "sources:\n" + "".join(
        source(name, 1, calls, shared="all", per=per)
        for name, calls, per in (("a", 9, "1m"), ("b", 9, "60s"), ("c", 8, "1m"))
    )

    assert problems(content) == [
        (
            'config.yaml:4: sources[2].rate_limit: differs from that of source [0], with which it shares "all"; '
            "give both the same calls and per"
        )
    ]


IMPOSSIBLE = "the schedule needs 11 calls per 15m, but 1 are allowed"


def test_an_impossible_schedule_is_told_in_one_run_with_mistakes_elsewhere(problems):
    content = "limits: {max_series: 0}\nsources:\n" + source("post", 10, 1) + "  - {name: other, type: fax}\n"

    first, schedule, last = problems(content)
    assert first == "config.yaml:1: limits.max_series: must be at least 1"
    assert schedule.startswith(f"config.yaml:3: sources[0].rate_limit: {IMPOSSIBLE}; ")
    assert last.startswith("config.yaml:4: sources[1].type: ")


@pytest.mark.parametrize(
    ("right", "wrong", "path"),
    [
        ("{name: post,", "{name: post, colour: red,", "colour"),
        ("{name: post,", "{name: 5,", "name"),
        ("{name: post,", "{", "name"),
        ("{name: post,", "{name: post, timezone: Mars,", "timezone"),
        ("{password: x}", "{password_file: none}", "credentials.password_file"),
        ("{password: x}", "5", "credentials"),
        ("credentials: {password: x},", "", "credentials"),
        ("collectors: {}", "collectors: {totals: {colour: red}}", "collectors.totals.colour"),
        ("collectors: {}", "collectors: {daily: {days: many}}", "collectors.daily.days"),
        ("collectors: {}", "collectors: {weekly: {}}", "collectors.weekly"),
        ("per: 15m", "per: 15m, colour: red", "rate_limit.colour"),
        ("{box: n0}", "{box: n0}, {box: 5}", "customers[1].box"),
        ("{box: n0}", "{box: n0}, {box: n0}", "customers[1].box"),
    ],
)
def test_an_impossible_schedule_is_told_in_one_run_with_a_mistake_of_its_own_source(problems, right, wrong, path):
    found = problems("sources:\n" + source("post", 10, 1).replace(right, wrong))

    paths = {each.split(": ")[1]: each.split(": ", 2)[2] for each in found}
    assert set(paths) == {f"sources[0].{path}", "sources[0].rate_limit"}
    assert paths["sources[0].rate_limit"].startswith(IMPOSSIBLE)


@pytest.mark.parametrize(
    ("right", "wrong", "path"),
    [
        ("collectors: {}", "collectors: {totals: {interval: 5}}", "collectors.totals.interval"),
        ("collectors: {}", "collectors: {totals: {enabled: 5}}", "collectors.totals.enabled"),
        ("collectors: {}", "collectors: {totals: 5}", "collectors.totals"),
        ("collectors: {}", "collectors: []", "collectors"),
        ("calls: 1,", "calls: many,", "rate_limit.calls"),
        ("per: 15m", "per: 15", "rate_limit.per"),
    ],
)
def test_a_schedule_is_not_judged_where_nobody_can_tell_what_it_is(problems, right, wrong, path):
    [found] = problems("sources:\n" + source("post", 10, 1).replace(right, wrong))

    assert found.startswith(f"config.yaml:2: sources[0].{path}: ")


def test_one_customer_may_stand_under_two_sources(loaded):
    assert len(loaded("sources:\n" + source("a", 2, 100) + source("b", 2, 100)).sources) == 2
