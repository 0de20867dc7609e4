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


def test_a_schedule_is_judged_only_where_all_else_is_right(problems):
    assert problems("limits: {max_series: 0}\nsources:\n" + source("post", 10, 1)) == [
        "config.yaml:1: limits.max_series: must be at least 1"
    ]


def test_one_customer_may_stand_under_two_sources(loaded):
    assert len(loaded("sources:\n" + source("a", 2, 100) + source("b", 2, 100)).sources) == 2
