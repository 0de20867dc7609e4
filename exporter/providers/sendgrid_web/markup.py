"""The Web API's XML as the plain values that its JSON has, read without trust.

Nothing but elements and their text is taken: a document type, and with it every entity, is refused before
it is read, nothing is ever loaded, and what is no XML is not mended. Bytes go in, as older answers are ISO-8859-1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from exporter.errors import InvalidResponse
from exporter.providers.documents import Shrink, Value, is_blank, join_pairs
from exporter.providers.refusals import refusal

# Elements that are lists, with the element that is one row of them. Only at the top: in a row of statistics,
# an element of the same name is a number.
_LISTS = {
    "bounces": "bounce",
    "categories": "category",
    "errors": "error",
    "invalidemails": "invalidemail",
    "invoices": "invoice",
    "ips": "ip",
    "packages": "package",
    "pending": "user",
    "spamreports": "spamreport",
    "stats": "day",
    "unsubscribes": "unsubscribe",
    "users": "user",
}
_WRAPPERS = ("result", "usage")
_ERRORS = ("error", "errors")


def read_xml(body: bytes, path: Sequence[str], shrink: Shrink | None = None) -> Value:
    """Return the value of the element at ``path`` from the root, or an error body as its JSON would be.

    Elements become objects, those that are known as lists become lists, and whatever holds no element becomes its
    text. Text between elements means nothing. ``shrink`` replaces each object as soon as it is read.

    Raises:
        InvalidResponse: the body is empty, no well-formed XML, has a document type, or another root.
    """
    root, value = _parse(body, _Builder(shrink))
    if root in _ERRORS:
        return {root: value}
    if root == "result" and not isinstance(value, dict):
        value = {"message": value} if value else {}
    if refusal(value) is not None:
        return value
    first, *rest = path
    if root != first:
        raise InvalidResponse(f"the answer's root element is not <{first}>")
    for name in rest:
        if name not in value:
            raise InvalidResponse(f"the answer has no <{name}> in its <{first}>")
        value = value[name]
    return value


def _parse(body: bytes, builder: "_Builder") -> tuple[str, Value]:
    if is_blank(body):
        raise InvalidResponse("the answer is empty")
    parser = etree.XMLParser(
        target=builder,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
    )
    try:
        root: tuple[str, Value] = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
    else:
        return root
    # Raised here, so that the vendor's text, which that error quotes, does not travel along.
    raise InvalidResponse(f"the answer is not XML: line {line}, column {column}")


@dataclass(slots=True)
class _Element:
    """An element that has begun and not ended."""

    tag: str
    members: list[tuple[str, Value]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


class _Builder:
    """Makes values of what lxml reads, element by element; lxml calls the methods by these names."""

    def __init__(self, shrink: Shrink | None) -> None:
        self._shrink = shrink
        self._open: list[_Element] = []
        self._root: tuple[str, Value] = ("", "")

    def doctype(self, *_: Any) -> None:
        raise InvalidResponse("the answer has a document type, which is not read")

    def start(self, tag: str, _: Mapping[str, str]) -> None:
        self._open.append(_Element(tag))

    def data(self, text: str) -> None:
        if not self._open[-1].members:
            self._open[-1].text.append(text)

    def end(self, tag: str) -> None:
        value = self._value(self._open[-1])
        self._open.pop()
        if self._open:
            parent = self._open[-1]
            parent.text.clear()
            parent.members.append((tag, value))
        else:
            self._root = (tag, value)

    def close(self) -> tuple[str, Value]:
        return self._root

    def _value(self, element: _Element) -> Value:
        text = "".join(element.text)
        row = _LISTS.get(element.tag) if self._is_at_top() else None
        if row is not None and (element.members or not text.strip()) and all(tag == row for tag, _ in element.members):
            return [value for _, value in element.members]
        if element.members or (len(self._open) == 1 and not text.strip()):
            members = join_pairs(element.members)
            return members if self._shrink is None else self._shrink(members)
        return text

    def _is_at_top(self) -> bool:
        depth = len(self._open)
        return depth == 1 or (depth == len(_WRAPPERS) and self._open[0].tag in _WRAPPERS)
