"""The stand-in's XML, read back."""

from xml.etree import ElementTree as ET


def tree(reply) -> ET.Element:
    """Return the root of an answer in XML."""
    assert reply.headers["Content-Type"] == "text/xml"
    return ET.fromstring(reply.content)  # noqa: S314 - the stand-in's own XML


def leaves(element) -> dict[str, str]:
    """Return the texts of an element's children by their names."""
    return {child.tag: child.text or "" for child in element}
