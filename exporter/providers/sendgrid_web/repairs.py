"""How answers of the deprecated v1 are read that lack their outermost characters.

The vendor's v1 pages print samples without their outer braces, brackets or angle brackets and with lines that break
inside of strings. Whether a server ever answered so is not known, so what is whole is read as it stands, and
only these faults are repaired: anything else that is wrong stays wrong.
"""

import re
from collections.abc import Iterator, Sequence

from exporter.errors import InvalidResponse
from exporter.providers.documents import Shrink, Value, json_text, parse_json
from exporter.providers.sendgrid_web.markup import read_xml

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_CUT_START = re.compile(rb"[A-Za-z_][A-Za-z0-9_.-]*>")
_CUT_END = re.compile(rb"</[A-Za-z_][A-Za-z0-9_.-]*\Z")


def read_cut_json(body: bytes, shrink: Shrink | None = None) -> tuple[Value, bool]:
    """Return the values of a JSON payload, and whether it had to be repaired.

    Raises:
        InvalidResponse: it is no JSON, with or without the repairs; the error is that of the payload as it came.
    """
    text = json_text(body).strip()
    try:
        value = parse_json(text, shrink)
    except InvalidResponse as error:
        fault = error
    else:
        # No answer is a lone text: it is a list of one that lacks its brackets.
        return (value, False) if not isinstance(value, str) else ([value], True)
    for candidate in _json_candidates(text):
        try:
            return parse_json(candidate, shrink), True
        except InvalidResponse:
            continue
    raise fault


def _json_candidates(text: str) -> Iterator[str]:
    # Between values a line break is white space as a blank is; within strings, the pages' lines were wrapped at blanks.
    flat = _LINE_BREAK.sub(" ", text)
    if flat != text:
        yield flat
    if flat.startswith('"'):
        yield f"{{{flat}}}"
    if flat.startswith(('"', "{")):
        yield f"[{flat}]"


def read_cut_xml(body: bytes, path: Sequence[str], shrink: Shrink | None = None) -> tuple[Value, bool]:
    """Return the value at ``path`` of an XML payload, and whether it had to be repaired.

    Raises:
        InvalidResponse: it is no such XML, with or without the repairs.
    """
    whole = body.strip()
    if _CUT_START.match(whole):
        whole = b"<" + whole
    if _CUT_END.search(whole):
        whole += b">"
    # Neither of the two can stand at an end of well-formed XML, so nothing that is whole is touched.
    is_cut = whole != body.strip()
    return read_xml(whole if is_cut else body, path, shrink), is_cut
