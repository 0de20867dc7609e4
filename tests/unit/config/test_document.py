import json

import pytest

from exporter.config import load
from exporter.errors import ConfigError
from tests.unit.config.letters import LETTERS

GOOD = {"sources": [{"name": "post", "type": "letters", "credentials": {"password": "x"}, "customers": [{"box": "a"}]}]}


def refusal(path):
    with pytest.raises(ConfigError) as raised:
        load(path, LETTERS)
    return str(raised.value)


def test_a_file_is_named_as_the_user_named_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "config.yaml").write_text("sources: []")

    assert refusal((tmp_path / "folder" / "config.yaml").relative_to(tmp_path)) == (
        "folder/config.yaml:1: sources: is empty; name at least one source to poll"
    )


def test_a_file_that_is_not_there_is_refused(tmp_path):
    path = tmp_path / "none.yaml"

    assert refusal(path) == (
        f"{path}: the file can't be read (No such file or directory); check the path and its permissions"
    )


def test_a_folder_is_refused(tmp_path):
    assert refusal(tmp_path) == (
        f"{tmp_path}: the file can't be read (Is a directory); check the path and its permissions"
    )


@pytest.mark.parametrize("name", ["config.yaml", "config.json"])
@pytest.mark.parametrize("content", ["", " \n", "\ufeff"])
def test_an_empty_file_is_refused(problems, name, content):
    assert problems(content, name) == [f"{name}: the file is empty; config.example.yaml shows what goes into it"]


def test_a_file_of_comments_is_empty(problems):
    assert problems("# sources:\n") == [
        "config.yaml: the file is empty; config.example.yaml shows what goes into it",
    ]


@pytest.mark.parametrize("name", ["config.yaml", "config.json"])
@pytest.mark.parametrize("content", ["[1]", '"sources"', "17", "true"])
def test_a_file_that_is_no_mapping_is_refused(problems, name, content):
    assert problems(content, name) == [f"{name}:1: the file must be a mapping of keys, such as `sources:`"]


@pytest.mark.parametrize("name", ["config.yaml", "config.json"])
def test_a_file_in_another_encoding_is_refused_with_its_line(problems, name):
    assert problems("sources:\n- Zoë".encode("latin-1"), name) == [
        f"{name}:2: the file is not UTF-8 text; save it as UTF-8"
    ]
    assert problems("sources: []".encode("utf-16"), name) == [f"{name}:1: the file is not UTF-8 text; save it as UTF-8"]


@pytest.mark.parametrize("name", ["config.yaml", "config.json", "CONFIG.JSON"])
def test_a_byte_order_mark_is_no_part_of_the_file(loaded, name):
    assert loaded("\ufeff" + json.dumps(GOOD), name).sources[0].name == "post"


def test_json_has_lines_too(problems):
    content = json.dumps({**GOOD, "polling": {"timeout": 5}, "limits": {"emoji 📮": '\\" {['}}, indent=1)

    assert problems(content, "config.json") == [
        "config.json:17: polling.timeout: a duration needs its unit; write 5s",
        (
            'config.json:20: limits["emoji 📮"]: unknown key; remove it, or use one of: max_series, '
            "max_response_bytes, categories_per_customer, breakdown_rows"
        ),
    ]


def test_keys_that_stand_twice_are_refused_in_json_too(problems):
    content = (
        '{"polling": {},\n "sources": [{"name": "a",\n  "name": "b", "type": "letters", "customers": [{"box": "a"},'
    )
    content += '\n {"box": "b", "box": "c"}], "credentials": {"password": "x"}}],\n "polling": {"timeout": "5s"}}'

    assert problems(content, "config.json") == [
        "config.json:3: sources[0].name: duplicate key, it stands in line 2 already; remove one of the two",
        "config.json:4: sources[0].customers[1].box: duplicate key, it stands in line 4 already; remove one of the two",
        "config.json:5: polling: duplicate key, it stands in line 1 already; remove one of the two",
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{\n"password": hunter2}', ":2: is not valid JSON: Expecting value"),
        ('{"password": "hunter2}', ":1: is not valid JSON: Unterminated string starting at"),
        ('{"password": "hunter2" "}', ":1: is not valid JSON: Expecting ',' delimiter"),
        ('{"password": "\\hunter2"}', ":1: is not valid JSON: Invalid \\escape"),
        ('{"password": "hunter\t2"}', ":1: is not valid JSON: Invalid control character at"),
        ('{"a": 1} hunter2', ":1: is not valid JSON: Extra data"),
        ('{"a": NaN}', ": is not valid JSON: NaN and Infinity are no numbers"),
        ('{"a": -Infinity}', ": is not valid JSON: NaN and Infinity are no numbers"),
        ('{\n"a":\n' + "9" * 5000 + "}", ":3: holds a number of too many digits"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", ": is nested too deeply"),
    ],
)
def test_broken_json_is_refused_and_never_quoted(problems, content, problem):
    assert problems(content, "config.json") == [f"config.json{problem}"]


@pytest.mark.parametrize(
    "content", ["a: " + "[" * 200_000 + "]" * 200_000, "- " * 200_000, "? " * 200_000, "a: " + "{a: " * 200_000]
)
def test_no_nesting_is_deep_enough_to_end_the_process(problems, content):
    """PyYAML's C loader recurses without a bound: 100,000 levels are a segmentation fault."""
    assert problems(content) == [
        "config.yaml:1: is nested too deeply, or an alias stands within its own anchor",
    ]


def test_nesting_over_lines_is_bounded_too(problems):
    content = "\n".join(" " * depth + "a:" for depth in range(900))

    assert problems(content) == ["config.yaml:66: is nested too deeply, or an alias stands within its own anchor"]


def test_aliases_of_aliases_cost_nothing(problems):
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)]

    assert problems("\n".join(lines))[0] == ("config.yaml:1: sources: is missing; name at least one source to poll")


def test_an_anchor_may_be_used_again_and_merged(loaded):
    config = loaded("""
sources:
  - &first
    name: one
    type: letters
    credentials: {password: x}
    customers: &customers [{box: a}]
    timezone: Europe/Berlin
  - <<: *first
    name: two
    rate_limit: {calls: 5}
  - {<<: [{name: three, rate_limit: {calls: 7}}, *first], customers: *customers}
""")

    assert [source.name for source in config.sources] == ["one", "two", "three"]
    assert [source.rate_limit.calls for source in config.sources] == [600, 5, 7]
    assert {str(source.timezone) for source in config.sources} == {"Europe/Berlin"}


def test_a_date_is_the_text_that_it_looks_like(loaded):
    config = loaded("""
sources:
  - {name: 2024-01-01, type: letters, credentials: {password: 2024-13-45},
     customers: [{box: =}, {box: 2001-12-14 21:59:43}]}
""")

    assert config.sources[0].name == "2024-01-01"
    assert config.sources[0].credentials.password.value() == "2024-13-45"
    assert [customer.label for customer in config.sources[0].customers] == ["=", "2001-12-14 21:59:43"]


def test_objects_of_a_json_file_are_alike_only_where_they_are_the_same(loaded):
    """1, 1.0 and true are equal to Python; and what is kept once must never be mixed up."""
    boxes = [
        {"box": "a", "labels": {"tier": "gold"}},
        {"box": "b", "labels": {"tier": "gold"}},
        {"box": "c", "labels": {"tier": "tin"}},
        {"box": "d", "labels": {"level": "gold"}},
    ]
    content = {"limits": {"max_series": 1}, "sources": [{**GOOD["sources"][0], "customers": boxes}]}

    config = loaded(json.dumps(content), "config.json")

    assert [customer.labels for customer in config.sources[0].customers] == [
        {"tier": "gold"},
        {"tier": "gold"},
        {"tier": "tin"},
        {"level": "gold"},
    ]


@pytest.mark.parametrize("value", [True, 1.0])
def test_a_value_is_not_taken_for_one_that_is_equal(problems, value):
    [source] = GOOD["sources"]
    sources = [{**source, "rate_limit": {"calls": 1}}, {**source, "name": "b", "rate_limit": {"calls": value}}]

    assert problems(json.dumps({"sources": sources}, indent=1), "config.json") == [
        "config.json:30: sources[1].rate_limit.calls: must be a whole number"
    ]
