import json
import os

import pytest

from exporter.config import load
from tests.unit.config.letters import LETTERS

SOURCE = "sources:\n  - {name: post, type: letters, credentials: {password: x}, rate_limit: {calls: 1000000}"


@pytest.fixture
def boxes(loaded, tmp_path):
    """Load a source with these patterns, and give the ids of its customers in order."""

    def load_boxes(*patterns, own=()):
        customers = [{"box": box} for box in own]
        content = f"{SOURCE}, customer_files: {json.dumps(patterns)}, customers: {json.dumps(customers)}}}\n"
        return [customer.id for customer in loaded(content).sources[0].customers]

    return load_boxes


def put(folder, **files):
    for name, ids in files.items():
        file = folder / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps([{"box": each} for each in ids]))


def test_the_configuration_s_own_customers_come_first_then_each_pattern_s_files_by_name(boxes, tmp_path):
    put(tmp_path, more__b_yaml=["b1", "b2"], more__a_json=["a"], c_yaml=["c"])

    assert boxes("c.yaml", "more/*", own=["own"]) == ["own", "c", "a", "b1", "b2"]


def test_a_file_that_two_patterns_match_is_read_once(boxes, tmp_path):
    put(tmp_path, more__a_yaml=["a"], more__b_yaml=["b"])

    assert boxes("more/b*", "./more/*.yaml", "more/a.yaml") == ["b", "a"]


def test_a_pattern_may_be_absolute_or_go_through_folders(boxes, tmp_path):
    put(tmp_path, more__a_yaml=["a"])

    assert boxes(f"{tmp_path}/more/*.yaml") == ["a"]
    assert boxes("**/a.yaml") == ["a"]
    assert boxes(f"{tmp_path}/*/../more/?.yaml") == ["a"]


def test_a_folder_that_a_pattern_matches_is_no_file(boxes, tmp_path):
    put(tmp_path, more__a_yaml=["a"])
    (tmp_path / "more" / "folder.yaml").mkdir()

    assert boxes("more/*", "more") == ["a"]


def test_the_configuration_itself_is_no_customer_file(boxes, tmp_path):
    put(tmp_path, a_yaml=["a"])

    assert boxes("*.yaml") == ["a"]


def test_a_file_may_have_its_list_under_a_key_as_discover_prints_it(boxes, tmp_path):
    (tmp_path / "a.yaml").write_text("customers:\n  - box: a\n    name: first\n")
    (tmp_path / "b.json").write_text('{"customers": [{"box": "b"}]}')

    assert boxes("a.yaml", "b.json") == ["a", "b"]


def test_a_file_may_have_no_customers(boxes, tmp_path):
    (tmp_path / "a.yaml").write_text("[]")
    (tmp_path / "b.yaml").write_text("customers: []")

    assert boxes("?.yaml", own=["own"]) == ["own"]


def test_paths_in_a_customer_file_are_relative_to_the_configuration(loaded, tmp_path):
    put(tmp_path, more__a_yaml=[])
    (tmp_path / "key").write_text("hunter2\n")
    (tmp_path / "more" / "a.yaml").write_text("[{box: a, credentials: {password_file: key}}]")

    config = loaded(f"{SOURCE}, customer_files: ['more/*']}}".replace("letters", "parcels"))

    assert config.sources[0].customers[0].credentials.password.value() == "hunter2"


def test_a_pattern_that_matches_no_file_is_a_warning(loaded, tmp_path):
    put(tmp_path, a_yaml=["a"])

    config = loaded(SOURCE + ",\n customer_files: [a.yaml,\n  'b/*.yaml']}")

    assert [str(warning) for warning in config.warnings] == [
        f"{tmp_path}/config.yaml:4: sources[0].customer_files[1]: matches no file; create one, or correct the pattern"
    ]
    assert [customer.id for customer in config.sources[0].customers] == ["a"]


def test_a_source_may_begin_without_any_customer(loaded):
    config = loaded(SOURCE.replace("letters", "parcels") + ", discovery: {}}")

    assert (config.sources[0].customers, config.warnings) == ((), ())


def test_a_link_to_nothing_is_refused(problems, tmp_path):
    (tmp_path / "a.yaml").symlink_to("nowhere")

    assert problems(SOURCE + ", customer_files: ['a.*']}") == [
        "a.yaml: the file can't be read (No such file or directory); check the path and its permissions"
    ]


def test_a_rule_for_all_customers_of_a_source_takes_the_files_in(problems, tmp_path):
    (tmp_path / "a.yaml").write_text("[{box: a, language: de}]")

    assert problems(SOURCE.replace("letters", "parcels") + ", customers: [{box: b}], customer_files: [a.yaml]}") == [
        "config.yaml:2: sources[0].customers: must be of one language"
    ]


def test_customers_of_different_sources_may_be_the_same(loaded, tmp_path):
    put(tmp_path, a_yaml=["a"])

    config = loaded(
        f"{SOURCE}, customer_files: [a.yaml]}}\n" + SOURCE[9:].replace("post", "more") + ", customer_files: [a.yaml]}"
    )

    assert [customer.id for source in config.sources for customer in source.customers] == ["a", "a"]


def test_where_customers_stand_makes_no_configurations_differ(loaded, tmp_path):
    (tmp_path / "a.yaml").write_text("[{box: b}]")
    first = loaded(SOURCE + ", customer_files: [a.yaml]}")

    (tmp_path / "a.yaml").write_text("# The same.\n- box: b\n")
    os.utime(tmp_path / "a.yaml", (1, 1))

    assert load(tmp_path / "config.yaml", LETTERS) == first


def test_a_mistake_among_thousands_of_customers_is_found_where_it_stands(problems, boxes, tmp_path):
    entries = [{"box": f"b{number}"} for number in range(2500)]
    put(tmp_path, a_json=[entry["box"] for entry in entries])
    assert boxes("a.json") == [entry["box"] for entry in entries]

    entries[1700] = {"bx": "b1700"}
    entries[2400] = {"box": "b3"}
    (tmp_path / "a.json").write_text(json.dumps(entries, indent=0))

    assert problems(f"{SOURCE}, customer_files: [a.json]}}") == [
        "a.json:5102: [1700].box: is missing; add it",
        "a.json:5103: [1700].bx: unknown key; did you mean box?",
        "a.json:7203: [2400].box: is listed as customer [3] already; remove one of the two",
    ]
