"""Credits: of subusers by their names, of other accounts by their own call. It is 2026-03-13, 12:00 UTC."""

import pytest

from exporter.errors import ClientRefused, InvalidResponse

OWN, PARTNER = {"own": True}, {"account": "sg2a2b"}


def test_a_subuser_is_named_in_the_path(v3):
    v3.replies({"remain": 1})

    v3.fetch("credits", {"subuser": "a+b@example.com"})

    assert v3.asked == [("/v3/subusers/a%2Bb%40example.com/credits", [])]
    assert "On-Behalf-Of" not in v3.vendor.asked[0].headers


@pytest.mark.parametrize("name", ["a/b", "a b", "..", "a%2fb", "a;b", "a?b", "a#b"])
def test_a_subuser_whose_name_no_url_can_carry_safely_is_not_asked_for(v3, name):
    v3.replies({"remain": 1})

    with pytest.raises(ClientRefused) as caught:
        v3.fetch("credits", {"subuser": name, "name": "odd"})
    assert str(caught.value) == "not asked: the subuser's name holds characters that no URL can carry safely"
    assert v3.asked == []


@pytest.mark.parametrize(("customer", "header"), [(OWN, None), (PARTNER, "account-id sg2a2b")])
def test_another_account_has_a_call_of_its_own(v3, customer, header):
    v3.replies({"remain": 1})

    v3.fetch("credits", customer)

    assert v3.asked == [("/v3/user/credits", [])]
    assert v3.vendor.asked[0].headers.get("On-Behalf-Of") == header


def test_numbers_and_resets_are_shown(v3):
    v3.replies(
        {
            "remain": 150,
            "total": 200,
            "overage": 7,
            "used": 50,
            "last_reset": "2026-03-01",
            "next_reset": "2026-04-01",
            "reset_frequency": "monthly",
        }
    )

    assert v3.fetch("credits", {**OWN, "timezone": "America/Denver"}) == {
        "sendgrid_credits_allowed": 200,
        "sendgrid_credits_used": 50,
        "sendgrid_credits_remaining": 150,
        "sendgrid_credits_overage": 7,
        "sendgrid_credits_unlimited": 0,
        "sendgrid_credits_last_reset_timestamp_seconds": 1772348400,
        "sendgrid_credits_next_reset_timestamp_seconds": 1775023200,
    }


def test_what_is_unlimited_has_no_numbers(v3):
    v3.replies({"type": "unlimited", "reset_frequency": None, "remain": None, "total": None, "used": None})

    assert v3.fetch("credits") == {"sendgrid_credits_unlimited": 1}
    assert v3.rejected("credits") == 0


def test_credits_that_do_not_recur_have_a_rest_alone(v3):
    v3.replies({"type": "nonrecurring", "reset_frequency": None, "remain": 4000, "total": None, "used": None})

    assert v3.fetch("credits") == {"sendgrid_credits_remaining": 4000, "sendgrid_credits_unlimited": 0}


@pytest.mark.parametrize("value", [-1, 1.5, True, "many", [], {}])
def test_a_wrong_number_is_left_out_and_counted(v3, value):
    v3.replies({"type": "recurring", "remain": 99, "total": value})

    assert v3.fetch("credits") == {"sendgrid_credits_remaining": 99, "sendgrid_credits_unlimited": 0}
    assert v3.rejected("credits") == 1


@pytest.mark.parametrize("value", ["2026-02-30", "1 March", 1772323200, True])
def test_a_wrong_date_is_left_out_and_counted(v3, value):
    v3.replies({"remain": 99, "last_reset": value})

    assert v3.fetch("credits", OWN) == {"sendgrid_credits_remaining": 99, "sendgrid_credits_unlimited": 0}
    assert v3.rejected("credits") == 1


@pytest.mark.parametrize(
    "answer", [{}, {"type": "recurring"}, {"remain": None, "total": None}, {"type": "Unlimited"}, {"remain": "x"}]
)
def test_an_answer_without_anything_of_credits_is_refused(v3, answer):
    v3.replies(answer)

    with pytest.raises(InvalidResponse) as caught:
        v3.fetch("credits")
    assert str(caught.value) == "the credits: none of the fields was sent as a whole number"


@pytest.mark.parametrize("body", ["[]", '[{"remain": 1}]', "5", "null", '"text"'])
def test_credits_that_are_no_object_are_refused(v3, body):
    v3.replies(body)

    with pytest.raises(InvalidResponse, match="^the credits: not an object$"):
        v3.fetch("credits")
