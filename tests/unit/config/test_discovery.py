import pytest
from pydantic import ValidationError

from exporter.config import DiscoveryConfig
from exporter.config.values import Surroundings


def read(**values):
    return DiscoveryConfig.model_validate(values, context=Surroundings())


def refusal(**values):
    with pytest.raises(ValidationError) as raised:
        read(**values)
    [error] = raised.value.errors()
    return error["msg"]


def test_every_customer_on_the_list_takes_part_by_default_under_its_user_name():
    discovery = read()

    assert (discovery.interval, discovery.label) == (3600, "user")
    assert discovery.admits("ada@example.com")
    assert discovery.admits("")


@pytest.mark.parametrize(
    ("include", "exclude", "admitted"),
    [
        (".*", "^test-", ["shop-test-1", "shop"]),
        ("test", None, ["test-shop", "shop-test-1"]),
        ("^shop$", None, ["shop"]),
        ("shop", "test", ["shop"]),
        ("nobody", None, []),
    ],
)
def test_an_expression_is_looked_for_anywhere_in_the_name(include, exclude, admitted):
    discovery = read(include=include, exclude=exclude)

    assert [user for user in ("test-shop", "shop-test-1", "shop") if discovery.admits(user)] == admitted


@pytest.mark.parametrize(
    ("regex", "message"),
    [
        ("(", "is no regular expression: missing ), unterminated subpattern at character 1; correct it"),
        ("ab[", "is no regular expression: unterminated character set at character 3; correct it"),
        ("*", "is no regular expression: nothing to repeat at character 1; correct it"),
        ("a" * 1001, "can't be longer than 1000 characters"),
        (
            "a{99999999999999999999}",
            "is a regular expression of too large numbers or too many levels; make it simpler",
        ),
        (5, "must be a regular expression; write it in quotes"),
        (["a"], "must be a regular expression; write it in quotes"),
    ],
)
def test_what_is_no_regular_expression_is_refused(regex, message):
    assert refusal(include=regex) == message
    assert refusal(exclude=regex) == message


def test_an_expression_that_python_may_once_read_in_another_way_is_taken_as_it_is_read_now():
    assert read(include="[[a]").admits("[")


def test_it_is_shown_as_it_was_written():
    assert read(include="^a", exclude="b$").model_dump(mode="json") == {
        "interval": "1h",
        "include": "^a",
        "exclude": "b$",
        "label": "user",
    }
