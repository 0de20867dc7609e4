"""Every link in the documentation leads to something, as far as that can be known without asking the network."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

REPOSITORY = "https://github.com/email-stats-exporter/email-stats-exporter"
MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class Page:
    """A file in Markdown: where its links lead, and the anchors of its headings."""

    links: tuple[str, ...]
    anchors: frozenset[str]


def read(text: str) -> Page:
    """Return what links and can be linked to in a text; code links to nothing."""
    tokens = MARKDOWN.parse(text)
    links = [
        str(child.attrs.get("href", child.attrs.get("src")))
        for token in tokens
        for child in token.children or ()
        if child.type in {"link_open", "image"}
    ]
    return Page(tuple(links), frozenset(anchors(tokens)))


def anchors(tokens: list[Token]) -> Iterator[str]:
    """Yield the anchor of each heading, as the repository's host makes them."""
    seen = Counter[str]()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(child.content for child in inline.children or ())
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            yield f"{slug}-{seen[slug]}" if seen[slug] else slug
            seen[slug] += 1


@pytest.fixture(scope="module")
def pages(root, tracked_files) -> dict[Path, Page]:
    found = {path: read(path.read_text(encoding="utf-8")) for path in tracked_files if path.suffix == ".md"}
    assert root / "README.md" in found
    return found


def test_every_link_to_a_file_leads_to_one(root, pages, tracked_files):
    folders = {parent for path in tracked_files for parent in path.parents if parent.is_relative_to(root)}
    there = {*tracked_files, *folders}
    lost = [
        f"{page.relative_to(root)}: {link}"
        for page, link, target in local(pages)
        if target not in there and target.resolve() not in there
    ]

    assert lost == []


def test_every_link_to_a_heading_leads_to_one(root, pages):
    lost = [
        f"{page.relative_to(root)}: {link}"
        for page, link, target in local(pages)
        if (anchor := unquote(urlsplit(link).fragment)) and (target not in pages or anchor not in pages[target].anchors)
    ]

    assert lost == []


def test_every_address_elsewhere_is_a_good_one(root, pages):
    """Whether somebody answers there is not asked: tests need no network."""
    bad = [
        f"{page.relative_to(root)}: {link}"
        for page, content in pages.items()
        for link in content.links
        if is_elsewhere(link) and not is_good(link)
    ]

    assert bad == []


def test_every_address_in_the_repository_is_that_of_a_file_or_folder(root, tracked_files):
    """Alerts, the chart and the site name pages by their addresses."""
    named: dict[str, str] = {}
    for path in tracked_files:
        text = path.read_bytes().decode("utf-8", errors="replace")
        # Not beginnings, which a program ends: they have a slash or a brace at their end.
        for kind, target in re.findall(rf"{re.escape(REPOSITORY)}/(blob|tree)/main/([\w./-]*+(?<=\w))(?!{{)", text):
            named[f"{kind} {target}"] = path.name

    assert "blob docs/runbooks/EmailStatsExporterDown.md" in named
    assert {
        address: path
        for address, path in named.items()
        if not (root / address[5:]).exists() or (root / address[5:]).is_dir() != address.startswith("tree")
    } == {}


def test_links_and_anchors_are_read_as_their_readers_see_them():
    text = (
        "# `run` & stop\n\n## What it means\n\n## What it means\n\n"
        "[a](b.md#c) ![d](e.png) <http://localhost:1/> `[code](f)`\n\n| [g](h) |\n| --- |\n\n```\n[code](i)\n```\n"
    )

    page = read(text)

    assert page.links == ("b.md#c", "e.png", "http://localhost:1/", "h")
    assert page.anchors == {"run--stop", "what-it-means", "what-it-means-1"}


@pytest.mark.parametrize(
    ("link", "good"),
    [
        ("https://prometheus.io/docs/", True),
        ("http://localhost:10587/-/ready", True),
        ("http://prometheus.io", False),
        ("https://prometheus", False),
        ("https://prometheus.io/docs/.", False),
        ("https://user:word@prometheus.io/", False),
        ("ftp://prometheus.io/", False),
        ("javascript:void", False),
    ],
)
def test_a_good_address_is_told_from_a_bad_one(link, good):
    assert is_good(link) == good


def local(pages: dict[Path, Page]) -> Iterator[tuple[Path, str, Path]]:
    """Yield each link within the repository with its page, and the path that it leads to."""
    for page, content in pages.items():
        for link in content.links:
            if not is_elsewhere(link):
                path = unquote(urlsplit(link).path)
                # Not resolve(), which follows links of the file system: the repository's host does not.
                yield page, link, Path(os.path.normpath(page.parent / path)) if path else page


def is_elsewhere(link: str) -> bool:
    """Say whether a link leads out of the repository."""
    return bool(urlsplit(link).scheme)


def is_good(link: str) -> bool:
    """Say whether an address can be one: encrypted, unless it is this machine's, with a whole name and a clean end."""
    parts = urlsplit(link)
    if parts.hostname is None or "@" in parts.netloc or link[-1] in ".,;:!?)" or re.search(r"\s", link):
        return False
    if parts.hostname == "localhost":
        return parts.scheme in {"http", "https"}
    return parts.scheme == "https" and re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.hostname) is not None
