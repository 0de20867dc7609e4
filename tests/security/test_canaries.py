"""The search for secrets finds them: otherwise it would prove nothing."""

import base64
import html
import json
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

import pytest

from tests.security.canaries import canary, found_in

WAYS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "in a URL": quote,
    "in a form": quote_plus,
    "as JSON": json.dumps,
    "as JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False),
    "by Python": repr,
    "in HTML": html.escape,
    "in HTML twice": lambda text: html.escape(html.escape(text)),
    "in a log line": lambda text: text.encode("unicode_escape").decode(),
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in base64 after one more letter": lambda text: base64.b64encode(f"x{text}".encode()).decode(),
    "as in basic authentication": lambda text: base64.b64encode(f"me:{text}:x".encode("latin-1")).decode(),
    "backwards": lambda text: text[::-1],
    "in hexadecimal": lambda text: text.encode().hex(),
    "cut at the front": lambda text: text[12:],
    "cut at the end": lambda text: text[:12],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_header", [False, True])
def test_a_secret_is_found_however_it_is_written(way, is_header):
    text = f"before {WAYS[way](canary('Plain', is_header=is_header))} after"

    assert found_in(text, ["File", "Plain"]) == ["Plain"]
    assert found_in(text.encode("latin-1"), ["File", "Plain"]) == ["Plain"]


def test_nothing_is_found_where_nothing_is():
    assert found_in("a page about a canary and c4nary", ["Plain"]) == []
