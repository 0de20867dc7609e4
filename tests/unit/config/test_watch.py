import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from pydantic import model_validator

from exporter.config import Changes, CustomerConfig, SourceConfig, Watch, load
from tests.unit.config.letters import LETTERS, LetterCustomer, LetterSource

NOTHING = Changes({}, frozenset(), [])
SOURCE = "  - {name: post, type: letters, credentials: {password: hunter2}, rate_limit: {calls: 1000}"


class Watched:
    """A configuration with its files, watched."""

    def __init__(self, folder: Path, content: str, models=LETTERS) -> None:
        self.folder = folder
        (folder / "config.yaml").write_text(content)
        self.config = load(folder / "config.yaml", models)
        self.watch = Watch(self.config, folder / "config.yaml")

    def poll(self) -> Changes:
        return self.watch.poll()

    def boxes(self) -> list[str]:
        """Poll, and return the ids of the customers that are new to the caller; none where nothing changed."""
        return ids(self.poll().customers.get("post", ()))

    def problems(self) -> list[str]:
        """Poll, and return what is wrong, without the folder."""
        return [str(problem).replace(f"{self.folder}/", "") for problem in self.poll().problems]

    def in_use(self) -> list[str]:
        return ids(self.watch.config.sources[0].customers)


def passwords(sections: Sequence[Any]) -> list[str | None]:
    """Return the passwords of sources or customers, as far as they have credentials."""
    return [each.credentials and each.credentials.password.value() for each in sections]


def ids(customers: Sequence[CustomerConfig]) -> list[str]:
    return [customer.id for customer in customers]


@pytest.fixture
def watched(tmp_path):
    """Watch a source with a customer of its own and these customer files, given by the ids in them."""

    def watch(pattern="*.json", source=SOURCE, **files):
        for name, boxes in files.items():
            put(tmp_path / f"{name}.json", boxes)
        own = "" if "customers:" in source else ", customers: [{box: own}]"
        return Watched(tmp_path, f"sources:\n{source}{own}, customer_files: ['{pattern}']}}\n")

    return watch


def put(file: Path, boxes: Sequence[str]) -> None:
    """Write a customer file, in its place and at once."""
    new = file.with_name(".new")
    new.write_text(json.dumps([{"box": box} for box in boxes]))
    new.replace(file)


def test_two_polls_at_the_pace_that_is_asked_for_take_less_than_ten_seconds():
    """A file that is removed and written anew, or is being written at a poll, is taken by the next one."""
    assert 2 * Watch.every < 10


# Customer files


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


# Secrets

KEYS = "  - {name: post, type: parcels, credentials: {password_file: a.key, second_key_file: b.key}"


@pytest.fixture
def keys(tmp_path):
    """Watch a source with two secrets in files."""
    (tmp_path / "a.key").write_text("hunter1\n")
    (tmp_path / "b.key").write_text("hunter2\n")
    return Watched(tmp_path, f"sources:\n{KEYS}, customers: [{{box: a}}]}}\n")


def test_a_new_secret_is_in_use_after_the_next_poll(keys, tmp_path):
    credentials = keys.config.sources[0].credentials
    assert keys.poll() == NOTHING

    (tmp_path / "b.key").write_text("hunter3\n")

    assert keys.poll() == Changes({}, frozenset({"post"}), [])
    assert (credentials.password.value(), credentials.second_key.value()) == ("hunter1", "hunter3")
    assert keys.poll() == NOTHING


def test_a_secret_that_changed_between_loading_and_the_first_poll_is_taken_too(keys, tmp_path):
    (tmp_path / "a.key").write_text("hunter3\n")

    assert keys.poll().renewed == {"post"}
    assert keys.config.sources[0].credentials.password.value() == "hunter3"


def test_a_secret_behind_symbolic_links_is_followed(tmp_path):
    for version in ("1", "2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "key").write_text(f"hunter{version}\n")
    (tmp_path / "data").symlink_to("1")
    (tmp_path / "key").symlink_to("data/key")
    source = SOURCE.replace("password: hunter2", "password_file: key")
    post = Watched(tmp_path, f"sources:\n{source}, customers: [{{box: a}}]}}\n")
    post.poll()

    (tmp_path / "new").symlink_to("2")
    (tmp_path / "new").replace(tmp_path / "data")

    assert post.poll().renewed == {"post"}
    assert passwords(post.config.sources) == ["hunter2"]


def test_a_secret_file_that_turns_wrong_keeps_the_last_good_secret_and_is_shown(keys, tmp_path):
    credentials = keys.config.sources[0].credentials
    keys.poll()
    where = "config.yaml: sources[0].credentials"

    (tmp_path / "a.key").write_text("")
    assert keys.problems() == [f"{where}.password_file: the secret is empty"]
    (tmp_path / "a.key").unlink()
    assert keys.problems() == [
        f"{where}.password_file: the file can't be read (No such file or directory); check the path and its permissions"
    ]
    (tmp_path / "a.key").write_text("hünter")
    assert keys.problems() == [f"{where}.password_file: holds letters that no password has"]
    (tmp_path / "b.key").write_text("two\nlines")
    assert keys.problems() == [
        f"{where}.second_key_file: the secret holds control characters or line breaks, which can't be sent",
        f"{where}.password_file: holds letters that no password has",
    ]

    assert (credentials.password.value(), credentials.second_key.value()) == ("hunter1", "hunter2")


def test_a_secret_that_is_mended_is_shown_no_more(keys, tmp_path):
    (tmp_path / "a.key").write_text("")
    keys.poll()

    (tmp_path / "a.key").write_text("hunter1\n")

    assert keys.poll() == NOTHING


def test_one_wrong_secret_does_not_keep_the_other_from_being_taken(keys, tmp_path):
    (tmp_path / "a.key").write_text("")
    (tmp_path / "b.key").write_text("hunter3")

    changes = keys.poll()

    assert (changes.renewed, len(changes.problems)) == ({"post"}, 1)
    assert keys.config.sources[0].credentials.second_key.value() == "hunter3"


def test_the_secrets_of_customers_are_followed_wherever_the_customers_stand(tmp_path):
    for name in "abcd":
        (tmp_path / f"{name}.key").write_text(f"hunter-{name}")
    (tmp_path / "a.yaml").write_text("[{box: c, credentials: {password_file: c.key}}]")
    own = "{box: b, credentials: {password_file: b.key}}, {box: d}"
    source = KEYS.replace("b.key", "a.key")
    post = Watched(tmp_path, f"sources:\n{source}, customers: [{own}], customer_files: [a.yaml]}}\n")
    customers = post.config.sources[0].customers

    (tmp_path / "b.key").write_text("hunter-5")
    (tmp_path / "c.key").write_text("")

    changes = post.poll()
    assert changes.renewed == {"post"}
    assert [str(problem).replace(f"{tmp_path}/", "") for problem in changes.problems] == [
        "a.yaml: [0].credentials.password_file: the secret is empty"
    ]
    assert passwords(customers) == ["hunter-5", None, "hunter-c"]


def test_the_secrets_of_new_customers_are_followed_too(tmp_path):
    (tmp_path / "a.yaml").write_text("[]")
    post = Watched(tmp_path, f"sources:\n{SOURCE.replace('letters', 'parcels')}, customer_files: [a.yaml]}}\n")
    (tmp_path / "a.key").write_text("hunter1")
    (tmp_path / "a.yaml").write_text("[{box: a, credentials: {password_file: a.key}}]")
    customers = post.poll().customers["post"]

    (tmp_path / "a.key").write_text("hunter2")

    assert post.poll().renewed == {"post"}
    assert passwords(customers) == ["hunter2"]


def test_no_problem_holds_a_secret(keys, tmp_path):
    for content in ("hünter2", "hunter\x002", "hunter2\nhunter3"):
        (tmp_path / "a.key").write_text(content)
        assert "nter" not in str(keys.poll())
        assert keys.problems()
