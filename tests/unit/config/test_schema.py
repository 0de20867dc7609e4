import re

from exporter.config import json_schema
from tests.unit.config.letters import LETTERS, LetterCustomer, LetterSource

SCHEMA = json_schema(LETTERS)


def definition(name):
    return SCHEMA["$defs"][name]


def test_the_schema_is_of_the_whole_file():
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "Configuration of email-stats-exporter"
    assert list(SCHEMA["properties"]) == ["polling", "limits", "state", "sources"]
    assert SCHEMA["required"] == ["sources"]
    assert SCHEMA["additionalProperties"] is False


def test_a_source_is_one_of_the_types():
    assert SCHEMA["properties"]["sources"] == {
        "type": "array",
        "description": "The accounts that are asked, in the order of the file.",
        "minItems": 1,
        "items": {"oneOf": [{"$ref": "#/$defs/LetterSource"}, {"$ref": "#/$defs/ParcelSource"}]},
    }
    one = json_schema({"letters": LetterSource})
    assert one["properties"]["sources"]["items"] == {"oneOf": [{"$ref": "#/$defs/LetterSource"}]}


def test_a_source_needs_a_way_to_its_customers():
    listed = [
        {"required": ["customers"], "properties": {"customers": {"minItems": 1}}},
        {"required": ["customer_files"], "properties": {"customer_files": {"minItems": 1}}},
    ]
    found = {"required": ["discovery"], "properties": {"discovery": {"type": "object"}}}

    assert definition("LetterSource")["anyOf"] == listed
    assert definition("ParcelSource")["anyOf"] == [*listed, found]
    assert definition("LetterSource")["required"] == ["name", "type", "credentials"]


def test_a_regular_expression_is_a_string():
    discovery = definition("DiscoveryConfig")["properties"]

    assert (discovery["include"]["type"], discovery["include"]["default"]) == ("string", ".*")
    assert discovery["label"]["enum"] == ["user", "id", "hash"]


def test_a_secret_that_must_be_there_has_three_keys_of_which_one_is_given():
    properties = definition("LetterCredentials")["properties"]

    assert {"password", "password_file", "password_env"} < set(properties)
    assert properties["password_env"] == {
        "type": "string",
        "minLength": 1,
        "description": "The password. Name of an environment variable that holds it.",
    }
    assert definition("LetterCredentials")["allOf"][0] == {
        "oneOf": [{"required": ["password"]}, {"required": ["password_file"]}, {"required": ["password_env"]}]
    }
    assert "required" not in definition("LetterCredentials")


def test_a_secret_that_may_be_there_has_at_most_one_of_its_keys():
    forms = [{"required": ["second_key"]}, {"required": ["second_key_file"]}, {"required": ["second_key_env"]}]

    assert definition("LetterCredentials")["allOf"][1] == {"oneOf": [*forms, {"not": {"anyOf": forms}}]}


def test_a_duration_is_a_string_with_a_pattern_and_a_default_as_one_would_write_it():
    timeout = definition("PollingConfig")["properties"]["timeout"]

    assert timeout["default"] == "10s"
    assert timeout["type"] == "string"
    assert timeout["description"] == "Longest time for one request, from connect to the last byte."
    assert re.search(timeout["pattern"], "1h30m")
    assert not re.search(timeout["pattern"], "15")
    assert definition("PollingConfig")["properties"]["retry"]["default"] == {
        "attempts": 4,
        "initial_backoff": "1s",
        "max_backoff": "30s",
    }


def test_every_section_is_closed_to_unknown_keys():
    assert all(each["additionalProperties"] is False for each in SCHEMA["$defs"].values())


def test_every_key_of_the_common_sections_is_explained():
    unexplained = [
        f"{section}.{key}"
        for section in (
            "PollingConfig",
            "RetryConfig",
            "LimitsConfig",
            "HttpConfig",
            "RateLimitConfig",
            "DiscoveryConfig",
        )
        for key, shape in definition(section)["properties"].items()
        if not shape.get("description")
    ]

    assert unexplained == []
    assert LetterCustomer.model_fields["name"].description
