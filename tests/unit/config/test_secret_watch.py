from typing import Any

import pytest

from exporter.config import Changes
from tests.unit.config.watched import NOTHING, SOURCE, Watched, passwords

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


def test_a_new_secret_is_taken_without_the_byte_order_mark_of_its_file(keys, tmp_path):
    keys.poll()

    (tmp_path / "a.key").write_bytes(b"\xef\xbb\xbfhunter3\r\n")

    assert keys.poll().renewed == {"post"}
    assert keys.config.sources[0].credentials.password.value() == "hunter3"


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


@pytest.mark.parametrize(("key", "is_kept"), [("a.key", True), ("b.key", False)])
def test_a_customer_that_stays_the_same_keeps_the_secrets_that_follow_their_files(tmp_path, key, is_kept):
    """The rest of the program goes on with the customer that it has, while others come and go in its file."""
    (tmp_path / "a.key").write_text("hunter1")
    (tmp_path / "b.key").write_text("hunter2")
    (tmp_path / "a.yaml").write_text("[{box: a, credentials: {password_file: a.key}}]")
    post = Watched(tmp_path, f"sources:\n{SOURCE.replace('letters', 'parcels')}, customer_files: [a.yaml]}}\n")
    before: Any = post.config.sources[0].customers[0]
    post.poll()

    # Both at once: the new content of the secret makes no other customer.
    (tmp_path / "a.key").write_text("hunter2")
    (tmp_path / "a.yaml").write_text(f"[{{box: b}}, {{box: a, credentials: {{password_file: {key}}}}}]")
    after: Any = post.poll().customers["post"][1]

    assert (after.credentials is before.credentials) == is_kept
    assert passwords([before, after]) == ["hunter2", "hunter2"]


def test_no_problem_holds_a_secret(keys, tmp_path):
    for content in ("hünter2", "hunter\x002", "hunter2\nhunter3"):
        (tmp_path / "a.key").write_text(content)
        assert "nter" not in str(keys.poll())
        assert keys.problems()
