import os
from pathlib import Path
from typing import ClassVar, Literal

import pytest
from pydantic import model_validator

from exporter.config import SourceConfig, Watch
from tests.unit.config.letters import LetterCustomer, LetterSource
from tests.unit.config.watched import NOTHING, SOURCE, Watched, ids, put


@pytest.fixture
def watched(tmp_path):
    """Watch a source with a customer of its own and these customer files, given by the ids in them."""

    def watch(pattern="*.json", source=SOURCE, **files):
        for name, boxes in files.items():
            put(tmp_path / f"{name}.json", boxes)
        own = "" if "customers:" in source else ", customers: [{box: own}]"
        return Watched(tmp_path, f"sources:\n{source}{own}, customer_files: ['{pattern}']}}\n")

    return watch


def test_two_polls_at_the_pace_that_is_asked_for_take_less_than_ten_seconds():
    """A file that is removed and written anew, or is being written at a poll, is taken by the next one."""
    assert 2 * Watch.every < 10


def test_where_nothing_changes_nothing_is_told(watched):
    post = watched(a=["a"])

    assert [post.poll(), post.poll()] == [NOTHING, NOTHING]
    assert post.watch.config is post.config


def test_what_changes_in_a_file_is_taken_at_the_next_poll(watched, tmp_path):
    post = watched(a=["a"], b=["b"])

    put(tmp_path / "a.json", ["a", "c"])

    assert post.boxes() == ["own", "a", "c", "b"]
    assert post.in_use() == ["own", "a", "c", "b"]
    assert ids(post.config.sources[0].customers) == ["own", "a", "b"]
    assert post.poll() == NOTHING


def test_what_changed_between_loading_and_the_first_poll_is_taken_too(tmp_path):
    put(tmp_path / "a.json", ["a"])
    post = Watched(tmp_path, f"sources:\n{SOURCE}, customer_files: [a.json]}}\n")

    # Of the same length, and with the same time.
    before = (tmp_path / "a.json").stat()
    put(tmp_path / "a.json", ["b"])
    os.utime(tmp_path / "a.json", ns=(before.st_atime_ns, before.st_mtime_ns))

    assert post.boxes() == ["b"]


def test_a_file_that_is_written_over_with_the_same_content_is_no_change(watched, tmp_path):
    post = watched(a=["a"])

    put(tmp_path / "a.json", ["a"])

    assert post.poll() == NOTHING


def test_a_change_behind_symbolic_links_is_seen(tmp_path):
    """Kubernetes mounts a folder's files as links through one link, and changes them all by changing that."""
    for version, box in (("v1", "a"), ("v2", "b")):
        (tmp_path / version).mkdir()
        put(tmp_path / version / "a.json", [box])
    (tmp_path / "data").symlink_to("v1")
    (tmp_path / "a.json").symlink_to("data/a.json")
    post = Watched(tmp_path, f"sources:\n{SOURCE}, customer_files: [a.json]}}\n")
    assert post.poll() == NOTHING

    (tmp_path / "new").symlink_to("v2")
    (tmp_path / "new").replace(tmp_path / "data")

    assert post.boxes() == ["b"]


def test_a_new_file_joins_in_the_order_of_names(watched, tmp_path):
    post = watched(b=["b"])
    post.poll()

    put(tmp_path / "a.json", ["a"])

    assert post.boxes() == ["own", "a", "b"]


def test_a_pattern_that_matched_no_file_at_first_may_do_so_later(watched, tmp_path):
    post = watched()
    assert post.poll() == NOTHING

    put(tmp_path / "a.json", ["a"])

    assert post.boxes() == ["own", "a"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "a.json: the file is empty; write [] if it is to have no customers"),
        ('[{"box": "hun', "a.json:1: is not valid JSON: Unterminated string starting at"),
        ('{"box": "a"}', "a.json:1: box: unknown key; a customer file has customers alone"),
        ('[\n{"box": "c"},\n{"bx": "b"}]', "a.json:3: [1].bx: unknown key; did you mean box?"),
        (
            '[\n{"box": "own"}]',
            "a.json:2: [0].box: is listed in config.yaml as sources[0].customers[0] already; remove one of the two",
        ),
    ],
)
def test_a_broken_file_keeps_its_last_good_list_and_is_shown_until_it_is_mended(watched, tmp_path, content, problem):
    post = watched(a=["a"], b=["b"])
    post.poll()

    (tmp_path / "a.json").write_text(content)
    put(tmp_path / "b.json", ["c"])

    first = post.poll()
    assert (ids(first.customers["post"]), len(first.problems) > 0) == (["own", "a", "c"], True)
    assert problem in post.problems()
    assert post.in_use() == ["own", "a", "c"]
    put(tmp_path / "a.json", ["a"])
    assert post.poll() == NOTHING


def test_a_new_file_that_is_broken_brings_nothing(watched, tmp_path):
    post = watched(b=["b"])

    (tmp_path / "a.json").write_text("[")

    assert post.problems() == ["a.json:1: is not valid JSON: Expecting value"]
    assert post.in_use() == ["own", "b"]


def test_a_file_that_becomes_unreadable_keeps_its_list(watched, tmp_path):
    post = watched("[a].json", a=["a"])
    post.poll()

    (tmp_path / "a.json").unlink()
    (tmp_path / "a.json").symlink_to("nowhere")

    problem = "a.json: the file can't be read (No such file or directory); check the path and its permissions"
    assert [post.problems(), post.problems()] == [[problem], [problem]]
    assert post.in_use() == ["own", "a"]


def test_a_file_that_may_be_empty_of_customers_can_become_so(watched, tmp_path):
    post = watched(a=["a"])

    put(tmp_path / "a.json", [])

    assert post.boxes() == ["own"]


def test_a_file_that_is_gone_twice_leaves_with_its_customers(watched, tmp_path):
    post = watched(a=["a"], b=["b"])

    (tmp_path / "a.json").unlink()

    assert post.poll() == NOTHING
    assert post.boxes() == ["own", "b"]
    assert post.poll() == NOTHING


def test_a_file_that_is_removed_and_written_anew_never_leaves(watched, tmp_path):
    post = watched(a=["a"], b=["b"])
    (tmp_path / "a.json").unlink()
    post.poll()

    put(tmp_path / "a.json", ["a"])

    assert [post.poll(), post.poll()] == [NOTHING, NOTHING]


def test_a_file_that_comes_back_after_it_left_brings_its_customers_back(watched, tmp_path):
    post = watched(a=["a"], b=["b"])
    (tmp_path / "a.json").rename(tmp_path / "a")
    post.poll()
    post.poll()

    (tmp_path / "a").rename(tmp_path / "a.json")

    assert post.boxes() == ["own", "a", "b"]


def test_when_all_files_of_a_pattern_are_gone_their_customers_stay(watched, tmp_path):
    """A folder that is not mounted must not take everybody away."""
    post = watched(a=["a"], b=["b"])
    post.poll()
    for name in "ab":
        (tmp_path / f"{name}.json").rename(tmp_path / name)

    problem = (
        "config.yaml: sources[0].customer_files[0]: matches no file any more; the customers stay until the "
        "configuration is loaded anew"
    )
    assert [post.problems(), post.problems(), post.problems()] == [[problem]] * 3
    assert post.in_use() == ["own", "a", "b"]
    for name in "ab":
        (tmp_path / name).rename(tmp_path / f"{name}.json")
    assert post.poll() == NOTHING


def test_of_two_lists_that_clash_the_changed_one_keeps_its_last_good_content(watched, tmp_path):
    post = watched(a=["a"], b=["b"])
    post.poll()

    put(tmp_path / "a.json", ["a", "b"])

    assert post.problems() == ["b.json: [0].box: is listed in a.json as [1] already; remove one of the two"]
    assert post.in_use() == ["own", "a", "b"]


def test_of_two_changed_lists_that_clash_the_later_one_keeps_its_last_good_content(watched, tmp_path):
    post = watched(a=["a"], b=["b"])
    post.poll()

    put(tmp_path / "a.json", ["a", "c"])
    put(tmp_path / "b.json", ["c"])

    assert post.boxes() == ["own", "a", "c", "b"]
    assert post.problems() == ["b.json:1: [0].box: is listed in a.json as [1] already; remove one of the two"]


def test_a_customer_can_move_from_one_file_to_another(watched, tmp_path):
    post = watched(a=["a", "x"], b=["b"])
    post.poll()

    put(tmp_path / "b.json", ["b", "x"])
    assert len(post.problems()) == 1
    put(tmp_path / "a.json", ["a"])

    assert post.boxes() == ["own", "a", "b", "x"]
    assert post.poll() == NOTHING


def test_two_files_can_exchange_their_customers_at_once(watched, tmp_path):
    post = watched(a=["a"], b=["b"])
    post.poll()

    put(tmp_path / "a.json", ["b"])
    put(tmp_path / "b.json", ["a"])

    assert post.boxes() == ["own", "b", "a"]


def test_a_rule_for_all_customers_holds_for_new_lists(watched, tmp_path):
    post = watched(source=SOURCE.replace("letters", "parcels"), a=["a"])

    (tmp_path / "a.json").write_text('[{"box": "a", "language": "de"}]')

    assert post.problems() == ["config.yaml: sources[0].customers: must be of one language"]
    assert post.in_use() == ["own", "a"]


def test_a_list_whose_schedule_is_impossible_is_not_taken(watched, tmp_path):
    post = watched(source=SOURCE.replace("calls: 1000", "calls: 3, per: 15m"), a=["a"])

    put(tmp_path / "a.json", ["a", "b"])

    [problem] = post.problems()
    assert problem.startswith("config.yaml: sources[0].rate_limit: the schedule needs 4 calls per 15m, but 3 are")
    assert post.in_use() == ["own", "a"]


def test_a_list_that_did_not_fit_is_taken_once_another_source_makes_room(tmp_path):
    put(tmp_path / "a.json", ["a", "b"])
    put(tmp_path / "b.json", [])
    shared = SOURCE.replace("calls: 1000", "calls: 3, per: 15m, shared: all")
    more = shared.replace("post", "more")
    post = Watched(tmp_path, f"sources:\n{shared}, customer_files: [b.json]}}\n{more}, customer_files: [a.json]}}\n")
    post.poll()
    put(tmp_path / "b.json", ["c"])
    assert len(post.poll().problems) == 2

    put(tmp_path / "a.json", [])

    assert ids(post.poll().customers["more"]) == []
    changes = post.poll()
    assert (ids(changes.customers["post"]), changes.problems) == (["c"], [])


class Untidy(LetterCustomer):
    """A customer whose file is written on while it is read, once."""

    later: ClassVar[list[tuple[Path, str]]] = []

    @model_validator(mode="after")
    def _write_on(self):
        for file, text in self.later:
            file.write_text(text)
        self.later.clear()
        return self


class UntidySource(LetterSource):
    """A source of such customers."""

    type: Literal["letters"]
    customers: tuple[Untidy, ...]


def test_a_file_that_is_being_written_is_taken_when_it_is_whole(tmp_path):
    """Half a YAML list may be a list, too."""
    models: dict[str, type[SourceConfig]] = {"letters": UntidySource}
    (tmp_path / "a.yaml").write_text("- box: a\n- box: b\n")
    post = Watched(tmp_path, f"sources:\n{SOURCE}, customer_files: [a.yaml]}}\n", models)
    post.poll()

    (tmp_path / "a.yaml").write_text("- box: a\n")
    Untidy.later.append((tmp_path / "a.yaml", "- box: a\n- box: c\n"))

    assert post.poll() == NOTHING
    assert post.boxes() == ["a", "c"]
