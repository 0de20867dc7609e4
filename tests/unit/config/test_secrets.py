import copy
import json
import pickle

import pytest
from pydantic import ValidationError

from exporter.config import Secret, secrets_of
from exporter.config.values import Surroundings
from tests.unit.config.letters import LetterCredentials


def read(folder, environ=None, **values):
    return LetterCredentials.model_validate(values, context=Surroundings(folder, environ or {}))


def refusal(folder, environ=None, **values):
    with pytest.raises(ValidationError) as raised:
        read(folder, environ, **values)
    assert "hunter" not in str(raised.value)
    assert "hunter" not in json.dumps(raised.value.errors(), default=repr)
    [error] = raised.value.errors()
    return error["msg"]


def test_a_secret_is_read_from_its_value(tmp_path):
    assert read(tmp_path, password=" pa ss ").password.value() == " pa ss "


def test_a_secret_is_read_from_a_file_beside_the_configuration(tmp_path):
    (tmp_path / "secret").write_text("hunter2")

    secret = read(tmp_path, password_file="secret").password

    assert secret.value() == "hunter2"
    assert secret.file == tmp_path / "secret"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n"])
def test_the_line_break_at_the_end_of_a_secret_file_is_no_part_of_the_secret(tmp_path, ending):
    (tmp_path / "secret").write_bytes(b" hunter2 " + ending.encode())

    assert read(tmp_path, password_file="secret").password.value() == " hunter2 "


def test_a_byte_order_mark_at_the_start_of_a_secret_file_is_no_part_of_the_secret(tmp_path):
    (tmp_path / "secret").write_bytes(b"\xef\xbb\xbfhunter2\r\n")

    assert read(tmp_path, password_file="secret").password.value() == "hunter2"


def test_a_file_of_a_byte_order_mark_alone_holds_no_secret(tmp_path):
    (tmp_path / "secret").write_bytes(b"\xef\xbb\xbf")

    assert refusal(tmp_path, password_file="secret") == "the secret is empty"


def test_a_secret_is_read_from_an_environment_variable(tmp_path):
    secret = read(tmp_path, {"HUNTER": "hunter2"}, password_env="HUNTER").password

    assert secret.value() == "hunter2"
    assert secret.file is None


def test_an_optional_secret_can_be_left_out(tmp_path):
    assert read(tmp_path, password="a").second_key is None
    assert read(tmp_path, {"B": "b"}, password="a", second_key_env="B").second_key.value() == "b"


def test_nothing_prints_a_secret(tmp_path):
    credentials = read(tmp_path, password="hunter2")

    for text in (repr(credentials), str(credentials), f"{credentials.password!s:>20}", credentials.model_dump_json()):
        assert "hunter2" not in text
        assert "<secret>" in text
    assert repr(credentials.model_dump()) == "{'username': None, 'password': '<secret>', 'second_key': None}"


def test_a_secret_can_be_copied_but_not_pickled():
    secret = Secret("hunter2")

    assert copy.deepcopy(secret) is secret
    assert copy.copy(secret) is secret
    with pytest.raises(TypeError, match="a secret can't be pickled"):
        pickle.dumps(secret)


def test_secrets_are_equal_where_their_values_are(tmp_path):
    """A reload must see whether the credentials changed, wherever they come from."""
    assert read(tmp_path, password="a") == read(tmp_path, {"A": "a"}, password_env="A")
    assert read(tmp_path, password="a") != read(tmp_path, password="b")
    assert hash(Secret("a")) == hash(Secret("a"))


@pytest.mark.parametrize("value", ["hunter2\n", "hunter\x002", "hunter\u20282", "\x7fhunter"])
def test_a_secret_that_can_not_be_sent_is_refused(tmp_path, value):
    assert (
        refusal(tmp_path, password=value) == "the secret holds control characters or line breaks, which can't be sent"
    )


@pytest.mark.parametrize("value", [12345, 1.5, True, ["hunter2"], {"hunter2": 1}, b"hunter2"])
def test_a_secret_of_another_type_is_refused_without_being_shown(tmp_path, value):
    assert refusal(tmp_path, password=value) == "must be a string; write it in quotes"


def test_an_empty_secret_is_refused(tmp_path):
    (tmp_path / "empty").write_text("\n")

    assert refusal(tmp_path, password="") == "the secret is empty"
    assert refusal(tmp_path, password_file="empty") == "the secret is empty"
    assert refusal(tmp_path, {"EMPTY": ""}, password_env="EMPTY") == "the secret is empty"


def test_a_secret_of_blanks_alone_is_an_empty_one(tmp_path):
    (tmp_path / "blank").write_text("   \n")

    assert refusal(tmp_path, password="  ") == "the secret is empty"
    assert refusal(tmp_path, password_file="blank") == "the secret is empty"
    assert refusal(tmp_path, {"BLANK": " "}, password_env="BLANK") == "the secret is empty"


def test_a_secret_file_that_can_not_be_read_is_refused(tmp_path):
    (tmp_path / "binary").write_bytes(b"hunter\xff")
    (tmp_path / "long").write_bytes(b"hunter2" * 10_000)
    remedy = "check the path and its permissions"

    assert refusal(tmp_path, password_file="none") == f"the file can't be read (No such file or directory); {remedy}"
    assert refusal(tmp_path, password_file=".") == f"the file can't be read (Is a directory); {remedy}"
    assert refusal(tmp_path, password_file="a\0b") == "is no path"
    assert refusal(tmp_path, password_file="\ud800") == "is no path"
    assert refusal(tmp_path, password_file="binary") == "the file is not UTF-8 text"
    assert refusal(tmp_path, password_file="long") == (
        "the file is longer than 65536 bytes; it must hold the secret alone"
    )


def test_two_forms_of_one_secret_are_refused(tmp_path):
    assert refusal(tmp_path, password="hunter2", password_file="x") == (
        "only one of password, password_file can be given; remove the others"
    )


def test_a_secret_that_is_missing_is_asked_for_in_all_its_forms(tmp_path):
    assert refusal(tmp_path) == "is missing; give password, password_file or password_env"


def test_an_environment_variable_that_is_not_set_is_refused(tmp_path):
    assert refusal(tmp_path, password_env="HUNTER") == (
        "the environment variable is not set; set it, or correct its name"
    )


@pytest.mark.parametrize(
    ("value", "text", "is_told"),
    [
        ("hunter2", "hunter2", True),
        # Seven letters may be a word, which stands in a sentence by itself.
        ("hunter2", "for hunter2", False),
        ("hunter22", "for hunter22 alone", True),
        ("hunter22", "hunter2", False),
    ],
)
def test_a_secret_is_told_by_a_text_that_has_it_unless_it_may_be_a_word(value, text, is_told):
    assert Secret(value).is_told_by(text) is is_told


def test_the_secrets_of_a_section_are_found_wherever_they_are(tmp_path):
    section = read(tmp_path, password="hunter2")

    assert [secret.value() for secret in secrets_of(section)] == ["hunter2"]
    assert secrets_of("hunter2") == ()
