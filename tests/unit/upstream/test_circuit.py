import pytest

from exporter.errors import Reason
from exporter.upstream import Circuit


def fail(circuit, reason, times, customers="ab"):
    """Let so many fetches in a row fail, for one customer after the other; return whether the circuit is open."""
    for number in range(times):
        circuit.fetched([reason], [customers[number % len(customers)]], len(set(customers)))
    return circuit.is_open


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.CONNECTION, Reason.SERVER_ERROR])
def test_the_tenth_failure_in_a_row_that_points_at_the_vendor_opens_it(reason):
    circuit = Circuit(60.0)

    assert not fail(circuit, reason, 9)
    assert fail(circuit, reason, 1)
    assert circuit.reason is reason


def test_failures_of_the_vendor_count_together_whatever_they_are():
    circuit = Circuit(60.0)

    fail(circuit, Reason.TIMEOUT, 5)
    assert fail(circuit, Reason.SERVER_ERROR, 5)
    assert circuit.reason is Reason.SERVER_ERROR


@pytest.mark.parametrize(
    "outcome",
    [
        None,
        Reason.NOT_FOUND,
        Reason.RATE_LIMITED,
        Reason.CLIENT_ERROR,
        Reason.VENDOR_ERROR,
        Reason.INVALID_RESPONSE,
        Reason.TOO_LARGE,
        Reason.INTERNAL,
        Reason.AUTH,
    ],
)
def test_any_other_outcome_ends_the_row(outcome):
    circuit = Circuit(60.0)

    fail(circuit, Reason.TIMEOUT, 9)
    circuit.fetched([outcome], ["a"], 2)

    assert not fail(circuit, Reason.TIMEOUT, 9)
    assert fail(circuit, Reason.TIMEOUT, 1)


@pytest.mark.parametrize("outcome", [Reason.NOT_FOUND, Reason.RATE_LIMITED, Reason.INTERNAL])
def test_what_neither_opens_nor_closes_it_never_opens_it(outcome):
    assert not fail(Circuit(60.0), outcome, 100)


def test_one_customer_alone_never_opens_it_where_there_are_others():
    circuit = Circuit(60.0)

    for _ in range(100):
        circuit.fetched([Reason.TIMEOUT], ["a"], 2)
    assert not circuit.is_open

    circuit.fetched([Reason.TIMEOUT], ["b"], 2)
    assert circuit.is_open


def test_the_only_customer_of_a_source_opens_it():
    assert fail(Circuit(60.0), Reason.TIMEOUT, 10, customers="a")


def test_a_fetch_for_the_source_as_a_whole_speaks_for_all_its_customers():
    circuit = Circuit(60.0)

    for _ in range(9):
        circuit.fetched([Reason.TIMEOUT], ["a"], 50)
    circuit.fetched([Reason.TIMEOUT], [], 50)

    assert circuit.is_open


def test_a_batch_is_one_fetch_for_all_its_customers():
    circuit = Circuit(60.0)
    customers = [f"customer-{number}" for number in range(10)]

    for _ in range(9):
        circuit.fetched([Reason.SERVER_ERROR] * 10, customers, 100)
    assert not circuit.is_open
    circuit.fetched([Reason.SERVER_ERROR] * 10, customers, 100)
    assert circuit.is_open


def test_a_batch_that_succeeds_for_one_customer_ends_the_row():
    circuit = Circuit(60.0)

    fail(circuit, Reason.AUTH, 2)
    circuit.fetched([Reason.AUTH, None], ["a", "b"], 2)

    assert not fail(circuit, Reason.AUTH, 19)


def test_three_refusals_before_the_first_success_open_it():
    circuit = Circuit(60.0)

    assert not fail(circuit, Reason.AUTH, 2)
    assert fail(circuit, Reason.AUTH, 1)
    assert circuit.reason is Reason.AUTH


def test_twenty_refusals_after_a_success_open_it():
    circuit = Circuit(60.0)

    circuit.fetched([None], ["a"], 2)
    assert not fail(circuit, Reason.AUTH, 19)
    assert fail(circuit, Reason.AUTH, 1)


def test_refusals_and_outages_do_not_add_up():
    circuit = Circuit(60.0)

    for _ in range(20):
        fail(circuit, Reason.TIMEOUT, 9)
        fail(circuit, Reason.AUTH, 2)

    assert not circuit.is_open


def test_refusals_of_customers_own_credentials_never_open_it():
    circuit = Circuit(60.0)

    for number in range(100):
        circuit.fetched([Reason.AUTH], [f"customer-{number}"], 100, is_own=True)

    assert not circuit.is_open


@pytest.mark.parametrize("outcome", [None, Reason.AUTH, Reason.NOT_FOUND, Reason.VENDOR_ERROR])
def test_what_becomes_of_customers_own_credentials_neither_ends_a_row_of_refusals_nor_proves_the_sources(outcome):
    circuit = Circuit(60.0)

    fail(circuit, Reason.AUTH, 2)
    circuit.fetched([outcome], ["c"], 3, is_own=True)

    assert fail(circuit, Reason.AUTH, 1)


@pytest.mark.parametrize("outcome", [None, Reason.AUTH, Reason.NOT_FOUND])
def test_an_answer_to_a_customers_own_credentials_shows_that_the_vendor_is_there(outcome):
    circuit = Circuit(60.0)

    fail(circuit, Reason.TIMEOUT, 9)
    circuit.fetched([outcome], ["c"], 3, is_own=True)

    assert not fail(circuit, Reason.TIMEOUT, 9)


def test_a_vendor_is_down_whoever_s_credentials_do_not_reach_it():
    circuit = Circuit(60.0)

    for number in range(10):
        circuit.fetched([Reason.CONNECTION], ["ab"[number % 2]], 2, is_own=True)

    assert circuit.reason is Reason.CONNECTION


class Proof:
    """Knows what it is told, and notes each time that it is asked."""

    def __init__(self, *, is_kept: bool) -> None:
        self.is_kept = is_kept
        self.calls: list[str] = []

    def holds(self) -> bool:
        self.calls.append("holds")
        return self.is_kept

    def keep(self) -> None:
        self.calls.append("keep")
        self.is_kept = True

    def drop(self) -> None:
        self.calls.append("drop")
        self.is_kept = False


def test_credentials_that_were_taken_before_a_restart_are_refused_twenty_times():
    circuit = Circuit(60.0, Proof(is_kept=True))

    assert not fail(circuit, Reason.AUTH, 19)
    assert fail(circuit, Reason.AUTH, 1)


def test_it_is_looked_up_once_and_only_when_three_have_been_refused():
    proof = Proof(is_kept=True)
    circuit = Circuit(60.0, proof)

    fail(circuit, Reason.AUTH, 2)
    assert proof.calls == []
    fail(circuit, Reason.AUTH, 10)
    assert proof.calls == ["holds"]


def test_credentials_of_which_nothing_is_known_are_refused_three_times():
    assert fail(Circuit(60.0, Proof(is_kept=False)), Reason.AUTH, 3)


def test_the_first_success_with_credentials_is_kept_and_no_other():
    proof = Proof(is_kept=False)
    circuit = Circuit(60.0, proof)

    circuit.fetched([None], ["own"], 2, is_own=True)
    assert proof.calls == []
    for _ in range(3):
        circuit.fetched([None, Reason.NOT_FOUND], ["a", "b"], 2)
    assert proof.calls == ["keep"]
    circuit.renew()
    circuit.fetched([None], ["a"], 2)
    assert proof.calls == ["keep", "keep"]


def test_what_opened_it_is_in_doubt_after_a_restart_until_a_probe_succeeds():
    proof = Proof(is_kept=False)
    circuit = Circuit(60.0, proof)
    circuit.fetched([None], ["a"], 2)

    fail(circuit, Reason.AUTH, 20)
    assert not proof.is_kept
    circuit.probed(Reason.AUTH)
    assert not proof.is_kept
    circuit.probed(None)
    assert proof.is_kept


def test_an_outage_puts_no_credentials_in_doubt():
    proof = Proof(is_kept=True)
    circuit = Circuit(60.0, proof)

    assert fail(circuit, Reason.TIMEOUT, 10)
    assert proof.is_kept


def test_new_credentials_are_looked_up_anew():
    proof = Proof(is_kept=True)
    circuit = Circuit(60.0, proof)
    fail(circuit, Reason.AUTH, 5)

    proof.is_kept = False
    circuit.renew()

    assert fail(circuit, Reason.AUTH, 3)


def test_what_ends_while_it_is_open_changes_nothing():
    circuit = Circuit(60.0)

    fail(circuit, Reason.TIMEOUT, 10)
    circuit.fetched([None], ["a"], 2)

    assert circuit.is_open


def test_probes_for_refused_credentials_are_five_times_as_far_apart():
    down, refused = Circuit(60.0), Circuit(60.0)
    fail(down, Reason.TIMEOUT, 10)
    fail(refused, Reason.AUTH, 3)

    assert (down.patience, refused.patience) == (60.0, 300.0)


@pytest.mark.parametrize(
    ("opened_by", "probed", "is_open"),
    [
        (Reason.TIMEOUT, None, False),
        (Reason.TIMEOUT, Reason.CONNECTION, True),
        # The vendor is back: whatever it says, its fetches find out for themselves.
        (Reason.TIMEOUT, Reason.AUTH, False),
        (Reason.TIMEOUT, Reason.NOT_FOUND, False),
        (Reason.AUTH, None, False),
        (Reason.AUTH, Reason.AUTH, True),
        # A vendor that is down or busy, or says so in words, says nothing of the credentials; one that has not got the
        # customer has taken them.
        (Reason.AUTH, Reason.SERVER_ERROR, True),
        (Reason.AUTH, Reason.RATE_LIMITED, True),
        (Reason.AUTH, Reason.VENDOR_ERROR, True),
        (Reason.AUTH, Reason.NOT_FOUND, False),
        (Reason.AUTH, Reason.INTERNAL, False),
        (Reason.TIMEOUT, Reason.RATE_LIMITED, False),
    ],
)
def test_a_probe_closes_it_only_if_what_opened_it_is_over(opened_by, probed, is_open):
    circuit = Circuit(60.0)
    fail(circuit, opened_by, 10)

    circuit.probed(probed)

    assert circuit.is_open is is_open
    assert circuit.reason is (opened_by if is_open else None)


def test_after_it_closed_the_row_begins_anew():
    circuit = Circuit(60.0)
    fail(circuit, Reason.TIMEOUT, 10)
    circuit.probed(None)

    assert not fail(circuit, Reason.TIMEOUT, 9)
    assert fail(circuit, Reason.TIMEOUT, 1)
    assert circuit.openings == 2


def test_new_credentials_close_it_and_have_yet_to_succeed():
    circuit = Circuit(60.0)
    circuit.fetched([None], ["a"], 2)
    fail(circuit, Reason.AUTH, 20)

    circuit.renew()

    assert not circuit.is_open
    assert fail(circuit, Reason.AUTH, 3)


def test_listeners_are_told_of_each_opening_and_closing():
    circuit = Circuit(60.0)
    told = []
    circuit.listen(lambda: told.append(circuit.is_open))

    fail(circuit, Reason.TIMEOUT, 12)
    circuit.probed(Reason.TIMEOUT)
    circuit.probed(None)
    circuit.renew()
    fail(circuit, Reason.TIMEOUT, 10)
    circuit.renew()

    assert told == [True, False, True, False]
