"""Bodies that are not what a vendor's API promises, most of them made of a good one by a single mistake."""

import gzip
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from exporter.demo.wire import Answer
from exporter.errors import Reason
from tests.faults.outcomes import Fault, Outcome, Taken
from tests.faults.turns import CANARY, MOST_BYTES, Kind
from tests.faults.vendor import Play, Struck, written

Mistake: TypeAlias = Callable[[bytes], bytes]
"""Makes a bad body of a good one; returns the good one where there is nothing in it to make the mistake with."""

_WRONG = Reason.INVALID_RESPONSE
_DEEP = 100_000
_TOO_LONG = MOST_BYTES + 1
# Values of a member or a row: a number, or a string of nothing else.
_NUMBERS = re.compile(rb'(":\s*)(?:"[0-9]+(?:\.[0-9]+)?"|[0-9]+(?:\.[0-9]+)?)(?=\s*[,\]}]|\Z)')
_ELEMENTS = re.compile(rb"(?<=>)()[0-9]+(?:\.[0-9]+)?(?=<)")
_STRINGS = re.compile(rb'(":\s*)"[^"\\]*"(?=\s*[,\]}]|\Z)')
_DATES = re.compile(rb"\b2026-[0-9]{2}-[0-9]{2}\b")
_KEYS = re.compile(rb'"([a-z_A-Z]+)"(?=\s*:)')


def numbers(text: bytes) -> Mistake:
    """Write this in place of each number."""
    return lambda good: _NUMBERS.sub(rb"\g<1>" + text, good)


def elements(text: bytes) -> Mistake:
    """Write this in place of each element's number."""
    return lambda good: _ELEMENTS.sub(text, good)


def dates(text: bytes) -> Mistake:
    """Write this in place of each date."""
    return lambda good: _DATES.sub(text, good)


def always(text: bytes) -> Mistake:
    """Write this, whatever would have been good."""
    return lambda _: text


def around(before: bytes, after: bytes) -> Mistake:
    """Write something before a good body, and something after it."""
    return lambda good: before + good + after


def cut(part: float) -> Mistake:
    """End after a part of a good body, in the middle of a word: elsewhere v1 would be taken to be whole."""

    def mistaken(good: bytes) -> bytes:
        end = int(len(good) * part)
        while end > 1 and not good[end - 1 : end + 1].isalpha():
            end -= 1
        return good[:end]

    return mistaken


def _twice(good: bytes) -> bytes:
    return _KEYS.sub(rb'"\g<1>": "canary", "\g<1>"', good)


def _twice_alike(good: bytes) -> bytes:
    return re.sub(rb'("[a-z_]+"\s*:\s*(?:"[^"]*"|[0-9.]+))', rb"\g<1>, \g<1>", good)


def _every_value(value: Any) -> Mistake:
    def replaced(good: Any) -> Any:
        if isinstance(good, dict):
            return {name: replaced(each) for name, each in good.items()}
        return [replaced(each) for each in good] if isinstance(good, list) else value

    def mistaken(good: bytes) -> bytes:
        try:
            return json.dumps(replaced(json.loads(good))).encode()
        except ValueError:
            return good

    return mistaken


_Exceptions: TypeAlias = Mapping[str, Outcome]
_Row: TypeAlias = tuple[Mistake, Outcome] | tuple[Mistake, Outcome, _Exceptions]
_NONE: _Exceptions = {}

_LIMIT = "limit retrieve"
_STATISTICS = ("days", "start_date", "category[]", "/v3/subusers/stats", "/v3/stats", "/v3/categories/stats")
_CATEGORIES = ("list", "/v3/categories")
_CUSTOMERS = ("profile get", "/v3/subusers")
_SUPPRESSIONS = ("bounces get", "unsubscribes get", "invalidemails get", "spamreports get")
_ADDRESSES = ("ip all", "ip free", "ip taken", "ip available")
_REPUTATIONS = ("/v3/subusers/reputations", "/v3/user/account")
_SEGMENTS, _REPORT, _ADS = "/api/v1/fetch/segments", "/api/v1/stats/report", "/api/v1/stats/ads"

# No limit is told by an empty answer, and of a category that the vendor doesn't know it promises one.
MAY_BE_BLANK: _Exceptions = {_LIMIT: Taken.ANEW, "category[]": Taken.LESS}
# Whoever has none of something has an empty list of it. Nobody asked about is missing from a list of reputations.
_MAY_BE_EMPTY: _Exceptions = {
    **dict.fromkeys((*_STATISTICS, *_CATEGORIES, *_CUSTOMERS, "packages", "billing current", _SEGMENTS), Taken.LESS),
    **dict.fromkeys((*_SUPPRESSIONS, *_ADDRESSES, "pending list", "billing.get", _LIMIT), Taken.ANEW),
    "/v3/subusers/reputations": Reason.NOT_FOUND,
    # These ask more than once, and nothing in one part of the time leaves the sum of the others.
    "v3-subuser-totals /v3/subusers/stats": Taken.ANEW,
    "v3-account-totals /v3/stats": Taken.ANEW,
    "v3-own-totals /v3/stats": Taken.ANEW,
}
# Lists that the vendor's pages print as an object, too.
_MAY_BE_NO_LIST: _Exceptions = {
    **dict.fromkeys(("category[]", "list", "billing current", _SEGMENTS), Taken.LESS),
    _LIMIT: Taken.ANEW,
}
# What is optional and ill-formed is left out.
_MAY_LACK_NUMBERS: _Exceptions = {
    **dict.fromkeys(("packages", "billing.get", "billing current", *_CUSTOMERS, *_REPUTATIONS, _REPORT), Taken.LESS),
    # Where a customer is, its name says; nobody needs the number beside it.
    "timezone get": Taken.WHOLE,
}
# A report may show any number, and money may be given back.
_MAY_BE_ANY_NUMBER: _Exceptions = {**_MAY_LACK_NUMBERS, _REPORT: Taken.ANEW}
_MAY_BE_NEGATIVE: _Exceptions = {
    **_MAY_BE_ANY_NUMBER,
    **dict.fromkeys(("billing.get", "billing current"), Taken.ANEW),
}
_MAY_LACK_DATES: _Exceptions = {
    **dict.fromkeys(("account overview", _LIMIT, "/v3/user/credits"), Taken.LESS),
    # Nobody looks at theirs.
    **dict.fromkeys(("billing.get", "billing current", "pending list"), Taken.WHOLE),
}
# Of these days, some are to come.
_MAY_BE_TO_COME: _Exceptions = {
    **_MAY_LACK_DATES,
    **dict.fromkeys(("account overview", _LIMIT, "/v3/user/credits"), Taken.ANEW),
}
_MAY_LACK_TEXTS: _Exceptions = {
    **dict.fromkeys(("account overview", "billing.get", "billing current", "packages", "pending list"), Taken.LESS),
    **dict.fromkeys((*_CATEGORIES, "/v3/user/credits", _ADS), Taken.LESS),
    # What stands in theirs is not shown.
    **dict.fromkeys((*_SUPPRESSIONS, "/v3/subusers/{}/credits", "/v3/user/account", _REPORT), Taken.WHOLE),
}
_MAY_LACK_ALL: _Exceptions = dict.fromkeys((*_CATEGORIES, "/v3/user/account", _REPORT), Taken.LESS)

_EITHER: Mapping[str, _Row] = {
    "nothing": (always(b""), _WRONG, MAY_BE_BLANK),
    "a blank": (always(b" \r\n\t"), _WRONG, MAY_BE_BLANK),
    "a byte order mark": (always(b"\xef\xbb\xbf"), _WRONG, MAY_BE_BLANK),
    "a NUL": (always(b"\0"), _WRONG),
    "NULs": (always(bytes(4096)), _WRONG),
    "a NUL before": (around(b"\0", b""), _WRONG),
    "a NUL after": (around(b"", b"\0"), _WRONG),
    "words": (always(f"{CANARY}: try again later".encode()), _WRONG),
    "a page": (always(f"<!DOCTYPE html><html><body>{CANARY}</body></html>".encode()), _WRONG),
    "a page that is XML": (always(f"<html><body><p>{CANARY}</p></body></html>".encode()), _WRONG),
    "a warning of PHP before": (around(b"<br />\n<b>Warning</b>: canary-5d1f in <b>x.php</b><br />\n", b""), _WRONG),
    "a form": (always(b"requests=1&bounces=2&canary=5"), _WRONG),
    "a table": (always(b"date,requests\n2026-03-13,canary\n"), _WRONG),
    "gzip that is not said": (gzip.compress, _WRONG),
    "base64": (b64encode, _WRONG),
    "bytes of no text": (always(b"\xff\xfe\xfd\x80\x81"), _WRONG),
    "a quarter": (cut(0.25), _WRONG),
    "a half": (cut(0.5), _WRONG),
    "three quarters": (cut(0.75), _WRONG),
    "all but a little": (cut(0.95), _WRONG),
    "the end alone": (lambda good: good[len(good) // 2 :], _WRONG),
    "garbage after": (around(b"", b" canary-5d1f"), _WRONG),
    "too long by a byte": (lambda good: good + b" " * (_TOO_LONG - len(good)), Reason.TOO_LARGE),
    "as long as it may be": (lambda good: good + b" " * (MOST_BYTES - len(good)), Taken.WHOLE),
    "a byte order mark before": (around(b"\xef\xbb\xbf", b""), Taken.WHOLE),
    "days that are not": (dates(b"2026-02-30"), _WRONG, _MAY_LACK_DATES),
    "days to come": (dates(b"2026-03-15"), _WRONG, _MAY_BE_TO_COME),
    "days of another writing": (dates(b"13.3.2026"), _WRONG, _MAY_LACK_DATES),
    "no days": (dates(b"0000-00-00"), _WRONG, _MAY_LACK_DATES),
    "days of another millennium": (dates(b"20260-3-13"), _WRONG, _MAY_LACK_DATES),
}

_JSON: Mapping[str, _Row] = {
    "UTF-32": (lambda good: good.decode("latin-1").encode("utf-32"), _WRONG),
    "UTF-16": (lambda good: good.decode("latin-1").encode("utf-16"), _WRONG),
    "UTF-16 without its mark": (lambda good: good.decode("latin-1").encode("utf-16-le"), _WRONG),
    "ISO-8859-1": (around(b"", b'"\xe9"'), _WRONG),
    "overlong UTF-8": (around(b"", b'"\xc0\xaf"'), _WRONG),
    "half a character": (around(b"", b'"\xed\xa0\x80"'), _WRONG),
    "null": (always(b"null"), _WRONG),
    "true": (always(b"true"), _WRONG),
    "false": (always(b"false"), _WRONG),
    "a number": (always(b"1"), _WRONG),
    # What v1's pages print without its brackets may be a list of one.
    "a text": (always(b'"canary-5d1f"'), _WRONG, {"sendgrid_distributor json list": Taken.LESS}),
    "NaN": (always(b"NaN"), _WRONG),
    "an empty list": (always(b"[]"), _WRONG, _MAY_BE_EMPTY),
    "an empty object": (always(b"{}"), _WRONG, _MAY_BE_NO_LIST),
    "a list of nothing": (always(b"[null]"), _WRONG),
    "a list of lists": (always(b"[[]]"), _WRONG),
    "an unknown object": (always(b'{"canary-5d1f": "canary-5d1f"}'), _WRONG),
    "one level down": (around(b"[[", b"]]"), _WRONG),
    "in an envelope": (around(b'{"canary": ', b"}"), _WRONG),
    "NaN for numbers": (numbers(b"NaN"), _WRONG),
    "Infinity for numbers": (numbers(b"Infinity"), _WRONG),
    "negative Infinity for numbers": (numbers(b"-Infinity"), _WRONG),
    "a comma at the end": (lambda good: re.sub(rb"([\]}]?)\s*\Z", rb",\1", good, count=1), _WRONG),
    "no commas": (lambda good: good.replace(b",", b" "), _WRONG),
    "no colons": (lambda good: good.replace(b":", b" "), _WRONG),
    "single quotes": (lambda good: good.replace(b'"', b"'"), _WRONG),
    "keys without quotes": (lambda good: _KEYS.sub(rb"\g<1>", good), _WRONG),
    "a comment": (around(b"/* canary */", b""), _WRONG),
    "a function around": (around(b"canary(", b");"), _WRONG),
    "a guard before": (around(b")]}',\n", b""), _WRONG),
    "twice": (lambda good: good + b"\n" + good, _WRONG),
    "twice in a row": (lambda good: good + good, _WRONG),
    "a bracket too many": (around(b"", b"]"), _WRONG),
    "a hundred thousand lists": (lambda _: b"[" * _DEEP, _WRONG),
    "as many lists that end": (lambda _: b"[" * _DEEP + b"]" * _DEEP, _WRONG),
    "a hundred thousand objects": (lambda _: b'{"a":' * _DEEP, _WRONG),
    "as many objects that end": (lambda _: b'{"a":' * _DEEP + b"1" + b"}" * _DEEP, _WRONG),
    # In v1 all categories stand under one key, again and again.
    "keys twice, with other values": (_twice, _WRONG, {"list": Taken.WHOLE}),
    "keys twice, with the same values": (_twice_alike, Taken.WHOLE),
    "an escape that is none": (around(b"", b'"\\x41"'), _WRONG),
    "a text without an end": (around(b"", b'"canary'), _WRONG),
    "halves of characters": (lambda good: _STRINGS.sub(rb'\g<1>"\\ud800"', good), _WRONG, _MAY_LACK_TEXTS),
    "control characters": (lambda good: _STRINGS.sub(rb'\g<1>"\\u0007\\u001b[31m"', good), _WRONG, _MAY_LACK_TEXTS),
    "numbers of 5,000 digits": (numbers(b"9" * 5000), _WRONG, _MAY_LACK_NUMBERS),
    "texts of 5,000 digits": (numbers(b'"' + b"9" * 5000 + b'"'), _WRONG, _MAY_LACK_NUMBERS),
    "fractions of 5,000 digits": (numbers(b"0." + b"3" * 5000), _WRONG, _MAY_BE_ANY_NUMBER),
    "huge exponents": (numbers(b"1e999999"), _WRONG, _MAY_LACK_NUMBERS),
    "tiny exponents": (numbers(b"1e-999999"), _WRONG, _MAY_LACK_NUMBERS),
    "exponents of 5,000 digits": (numbers(b"1e" + b"9" * 5000), _WRONG, _MAY_LACK_NUMBERS),
    "exponents": (numbers(b"1e2"), _WRONG, _MAY_BE_ANY_NUMBER),
    "numbers beyond a float": (numbers(b"9007199254740993"), _WRONG, _MAY_LACK_NUMBERS),
    "negative numbers": (numbers(b"-5"), _WRONG, _MAY_BE_NEGATIVE),
    "negative zero": (numbers(b"-0"), _WRONG, _MAY_BE_NEGATIVE),
    "booleans for numbers": (numbers(b"true"), _WRONG, _MAY_LACK_NUMBERS),
    "null for numbers": (numbers(b"null"), _WRONG, _MAY_LACK_NUMBERS),
    "empty texts for numbers": (numbers(b'""'), _WRONG, _MAY_LACK_NUMBERS),
    "words for numbers": (numbers(b'"canary-5d1f"'), _WRONG, _MAY_LACK_NUMBERS),
    "digits of another script": (numbers('"\u0661\u0662"'.encode()), _WRONG, _MAY_LACK_NUMBERS),
    "digits between blanks": (numbers(b'" 12 "'), _WRONG, _MAY_LACK_NUMBERS),
    "digits in groups": (numbers(b'"1,024"'), _WRONG, _MAY_LACK_NUMBERS),
    "digits in groups of Python's": (numbers(b'"1_024"'), _WRONG, _MAY_LACK_NUMBERS),
    "hexadecimal numbers": (numbers(b"0x1F"), _WRONG),
    "zeros in front": (numbers(b"007"), _WRONG),
    "a plus in front": (numbers(b"+7"), _WRONG),
    "no digit in front": (numbers(b".5"), _WRONG),
    "no digit behind": (numbers(b"1."), _WRONG),
    "lists for numbers": (numbers(b"[1]"), _WRONG, _MAY_LACK_NUMBERS),
    "objects for numbers": (numbers(b'{"a": 1}'), _WRONG, _MAY_LACK_NUMBERS),
    "null for everything": (_every_value(None), _WRONG, _MAY_LACK_ALL),
    "true for everything": (_every_value(value=True), _WRONG, _MAY_LACK_ALL),
    "lists for everything": (_every_value([]), _WRONG, _MAY_LACK_ALL),
    "objects for everything": (_every_value({}), _WRONG, _MAY_LACK_ALL),
    "XML": (always(b"<stats><requests>1</requests></stats>"), _WRONG),
}

_ARE_ROWS: _Exceptions = dict.fromkeys(
    ("days", "start_date", "category[]", "profile get", "billing.get", *_SUPPRESSIONS, *_ADDRESSES), _WRONG
)
_LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 9))


def _in_root(inner: bytes) -> Mistake:
    """Write this at the end of the root element."""
    return lambda good: re.sub(rb"(</[a-z]+>\s*)\Z", lambda end: inner + end[1], good)


def _unprefaced(good: bytes) -> bytes:
    """Take away the XML declaration, with what it says of the encoding."""
    return re.sub(rb"\A<\?.*?\?>\s*", b"", good)


def _with_type(declared: bytes, inner: bytes = b"") -> Mistake:
    """Give a good body a document type."""
    return lambda good: b"<!DOCTYPE x " + declared + b">" + _in_root(inner)(_unprefaced(good))


_XML: Mapping[str, _Row] = {
    # A parser has to see by itself that it is UTF-16, if only it begins with its mark.
    "UTF-16": (lambda good: _unprefaced(good).decode("latin-1").encode("utf-16"), Taken.WHOLE),
    "UTF-16 without its mark": (lambda good: _unprefaced(good).decode("latin-1").encode("utf-16-le"), _WRONG),
    "ISO-8859-1 that is not said": (lambda good: _in_root(b"<x>\xe9</x>")(_unprefaced(good)), _WRONG),
    "an encoding that is a lie": (lambda good: b'<?xml version="1.0" encoding="UTF-16"?>' + _unprefaced(good), _WRONG),
    "an unknown encoding": (lambda good: b'<?xml version="1.0" encoding="canary"?>' + _unprefaced(good), _WRONG),
    "XML of another version": (lambda good: b'<?xml version="7.0"?>' + _unprefaced(good), _WRONG),
    "overlong UTF-8": (lambda good: _in_root(b"<x>\xc0\xaf</x>")(_unprefaced(good)), _WRONG),
    "a root of another name": (lambda good: re.sub(rb"<(/?)([a-z]+)", rb"<\1canary\2", good), _WRONG),
    "an empty root of another name": (always(b"<canary/>"), _WRONG),
    "two roots": (lambda good: good + _unprefaced(good), _WRONG),
    "text before the root": (around(b"canary", b""), _WRONG),
    "text after the root": (around(b"", b"canary"), _WRONG),
    "in an envelope": (lambda good: b"<canary>" + _unprefaced(good) + b"</canary>", _WRONG),
    "a document type": (_with_type(b""), _WRONG),
    "a document type of elsewhere": (_with_type(b'SYSTEM "http://127.0.0.1:9/x.dtd"'), _WRONG),
    "an entity": (_with_type(b'[<!ENTITY canary "1">]', b"<x>&canary;</x>"), _WRONG),
    "an entity of a file": (_with_type(b'[<!ENTITY f SYSTEM "file:///etc/passwd">]', b"<x>&f;</x>"), _WRONG),
    "an entity of elsewhere": (_with_type(b'[<!ENTITY f SYSTEM "http://127.0.0.1:9/">]', b"<x>&f;</x>"), _WRONG),
    "a parameter entity": (_with_type(b'[<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]'), _WRONG),
    "a billion laughs": (_with_type(b'[<!ENTITY l0 "ha">' + _LAUGHS + b"]", b"<x>&l8;</x>"), _WRONG),
    "quadratic laughs": (
        _with_type(b'[<!ENTITY l "' + b"ha" * 9000 + b'">]', b"<x>" + b"&l;" * 9000 + b"</x>"),
        _WRONG,
    ),
    "an unknown entity": (_in_root(b"<x>&canary;</x>"), _WRONG),
    "an ampersand alone": (_in_root(b"<x>a & b</x>"), _WRONG),
    "a character that is none": (_in_root(b"<x>&#0;</x>"), _WRONG),
    "half a character": (_in_root(b"<x>&#xD800;</x>"), _WRONG),
    "a control character": (_in_root(b"<x>\x07</x>"), _WRONG),
    "a processing instruction": (_in_root(b"<?canary run?>"), Taken.WHOLE),
    "a style sheet": (
        lambda good: b'<?xml-stylesheet href="http://127.0.0.1:9/"?>' + _unprefaced(good),
        Taken.WHOLE,
    ),
    "comments": (_in_root(b"<!-- canary -->"), Taken.WHOLE),
    "a comment that is none": (_in_root(b"<!-- a -- b -->"), _WRONG),
    # Fields that nobody knows are ignored; what is no row spoils a list of rows.
    "a prefix without a namespace": (_in_root(b"<x:canary>1</x:canary>"), Taken.WHOLE, _ARE_ROWS),
    "everything in a namespace": (
        lambda good: re.sub(rb"<([a-z]+)>", rb'<\1 xmlns="urn:canary">', good, count=1),
        _WRONG,
    ),
    "an element that ends too late": (lambda good: re.sub(rb"</[a-z_]+>", b"", good, count=1), _WRONG),
    "elements that cross": (_in_root(b"<a><b></a></b>"), _WRONG),
    "names in other letters": (lambda good: re.sub(rb"</[a-z_]+>", lambda end: end[0].upper(), good), _WRONG),
    "an attribute without quotes": (_in_root(b"<x a=1/>"), _WRONG),
    "an attribute twice": (_in_root(b'<x a="1" a="2"/>'), _WRONG),
    "attributes": (lambda good: re.sub(rb"<([a-z_]+)>", rb'<\1 canary="1">', good), Taken.WHOLE),
    "XInclude": (
        _in_root(b'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'),
        Taken.WHOLE,
        _ARE_ROWS,
    ),
    "a hundred thousand elements in each other": (lambda _: b"<a>" * _DEEP, _WRONG),
    "as many elements that end": (lambda _: b"<a>" * _DEEP + b"</a>" * _DEEP, _WRONG),
    "CDATA for numbers": (elements(b"<![CDATA[canary]]>"), _WRONG, _MAY_LACK_NUMBERS),
    "numbers in CDATA": (
        lambda good: _ELEMENTS.sub(lambda number: b"<![CDATA[" + number[0] + b"]]>", good),
        Taken.WHOLE,
    ),
    "numbers of 5,000 digits": (elements(b"9" * 5000), _WRONG, _MAY_LACK_NUMBERS),
    "exponents": (elements(b"1e2"), _WRONG, _MAY_LACK_NUMBERS),
    "huge exponents": (elements(b"1e999999"), _WRONG, _MAY_LACK_NUMBERS),
    "numbers beyond a float": (elements(b"9007199254740993"), _WRONG, _MAY_LACK_NUMBERS),
    "negative numbers": (elements(b"-5"), _WRONG, _MAY_BE_NEGATIVE),
    "NaN for numbers": (elements(b"NaN"), _WRONG, _MAY_LACK_NUMBERS),
    "booleans for numbers": (elements(b"true"), _WRONG, _MAY_LACK_NUMBERS),
    "nothing for numbers": (elements(b""), _WRONG, _MAY_LACK_NUMBERS),
    "elements for numbers": (elements(b"<canary>1</canary>"), _WRONG, _MAY_LACK_NUMBERS),
    "digits of another script": (elements("\u0661\u0662".encode()), _WRONG, _MAY_LACK_NUMBERS),
    "digits as references": (elements(b"&#48;x"), _WRONG, _MAY_LACK_NUMBERS),
    "JSON": (always(b'{"requests": 1}'), _WRONG),
    "a null of JSON": (always(b"null"), _WRONG),
}


def body_faults(kind: Kind) -> Iterator[Fault]:
    """Yield every mistake that a body in this format can have."""
    mistakes = {**_EITHER, **(_XML if kind.format == "xml" else _JSON)}
    for name, (mistake, outcome, *exceptions) in mistakes.items():
        yield Fault(name, _mistaken(mistake), outcome, next(iter(exceptions), _NONE), fits=_fits(mistake))


def _mistaken(mistake: Mistake) -> Play:
    def play(struck: Struck) -> bool:
        struck.peer.send(written(Answer(200, mistake(struck.read().body))))
        return True

    return play


def _fits(mistake: Mistake) -> Callable[[bytes], bool]:
    return lambda good: mistake(good) != good
