"""Totals are the vendor's, whatever comes between: months pass, answers are empty, clocks are wrong for a while."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.errors import InvalidResponse, NotFound

ALICE = {"subuser": "alice", "timezone": "Pacific/Kiritimati"}
BOB = {"subuser": "bob", "timezone": "Etc/GMT+12"}
SINCE = date(2026, 1, 15)
BEGIN = date(2026, 1, 20)
MORNING = time(6, tzinfo=UTC)

step = st.fixed_dictionaries(
    {
        "days": st.integers(0, 70),
        # How far the exporter's clock is off, in days.
        "off": st.sampled_from([0, 0, 0, 0, 0, 1, 20, 40, 100, -1, -3, -40, -400]),
        "is_empty": st.sampled_from([False, False, False, True]),
        "restarts": st.booleans(),
        "sent": st.dictionaries(st.sampled_from(["alice", "bob"]), st.integers(0, 1000)),
        # What becomes of a number of the month before, which the vendor may still correct.
        "corrected": st.dictionaries(st.sampled_from(["alice", "bob"]), st.integers(0, 1000)),
    }
)


@dataclass
class Mail:
    """What was truly sent, by name and day, of which the vendor has whole months and single days."""

    today: date = BEGIN
    sent: dict[str, dict[date, int]] = field(default_factory=dict)

    def send(self, step):
        for name, number in step["corrected"].items():
            before = (self.today.replace(day=1) - timedelta(days=1)).replace(day=1)
            days = [day for day in self.sent.get(name, {}) if day.replace(day=1) == before]
            self.sent.get(name, {}).update(dict.fromkeys(days[:1], number))
        for name, number in step["sent"].items():
            self.sent.setdefault(name, {})[self.today] = number

    def total(self, name):
        return sum(self.sent[name].values()) if name in self.sent else None

    def answer(self, query, row, period):
        asked = dict(query)
        first, last = date.fromisoformat(asked["start_date"]), asked.get("end_date", self.today.isoformat())
        rows: dict[date, dict[str, list[int]]] = {}
        for name in (value for key, value in query if key == "subusers"):
            for day, number in self.sent.get(name, {}).items():
                if first <= day <= date.fromisoformat(last):
                    begin = day.replace(day=1) if asked["aggregated_by"] == "month" else day
                    rows.setdefault(begin, {}).setdefault(name, []).append(number)
        return [
            period(begin.isoformat(), *(row(name, sum(numbers)) for name, numbers in names.items()))
            for begin, names in sorted(rows.items())
        ]


def check(answers, mail, step, before):
    """Compare each answer with what was sent; ``before`` is what was shown last, which an empty answer leaves so."""
    for name, answer in answers.items():
        if isinstance(answer, InvalidResponse):
            assert step["off"] < 0
        elif isinstance(answer, NotFound):
            assert name not in mail.sent
        else:
            total = answer[0].get("sendgrid_requests_total")
            if not step["is_empty"]:
                assert total == mail.total(name)
            elif step["off"] >= 0:
                assert total == before.get(name)
            before[name] = before.get(name) if step["is_empty"] else total


@pytest.mark.parametrize("names", [("alice", "bob"), ("bob",)])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
@given(steps=st.lists(step, min_size=2, max_size=12))
def test_a_total_is_the_sum_of_what_was_sent(v3, row, period, names, steps):
    mail = Mail()
    before: dict[str, int | None] = {}
    v3.memories = {}

    def turn():
        query = parse_qsl(urlsplit(v3.vendor.asked[-1].path).query)
        v3.vendor.replies(json.dumps([] if is_empty else mail.answer(query, row, period)))

    v3.vendor.on_request = turn
    left = list(steps)
    while left:
        customers = [each for each in (ALICE, BOB) if each["subuser"] in names]
        with v3.fetching("totals", *customers, since=SINCE.isoformat(), fields=["requests"]) as fetch:
            while left:
                step = left.pop(0)
                is_empty = step["is_empty"]
                mail.today += timedelta(days=step["days"])
                mail.send(step)
                v3.at((datetime.combine(mail.today, MORNING) + timedelta(days=step["off"])).isoformat())
                check(fetch(), mail, step, before)
                if step["restarts"]:
                    break
