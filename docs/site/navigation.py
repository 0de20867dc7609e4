"""The order in which the site offers its pages."""

import fnmatch
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain

from sphinx.application import Sphinx

START = "README"

# Pages that stand nowhere here come last; one that is not there yet, or no more, is left out.
_CHAPTERS: Mapping[str, Sequence[str]] = {
    "Begin": ("docs/configuration", "docs/scraping", "docs/faq"),
    "Deploy": (
        "docs/container",
        "docs/kubernetes",
        "deploy/helm/email-stats-exporter/README",
        "docs/systemd",
        "docs/web-configuration",
    ),
    "Watch": ("docs/dashboards", "docs/alerts", "docs/alertmanager"),
    "Operate": (
        "docs/operations",
        "docs/status",
        "docs/faults",
        "docs/reliability",
        "docs/history",
        "docs/fidelity",
        "docs/security",
        "docs/benchmarks",
    ),
    "Reference": ("docs/metrics", "docs/calls"),
    "Develop": ("docs/providers", "CONTRIBUTING", "CHANGELOG"),
}
# What a page leads to besides; a `*` stands for anything.
_UNDER: Mapping[str, Sequence[str]] = {"docs/alerts": ("docs/runbooks/*",)}
# Of a file that begins with something else than its title.
_TITLES: Mapping[str, str] = {"CHANGELOG": "Changes"}


def add_navigation(app: Sphinx, page: str, text: list[str]) -> None:
    """Give a page its title, if the file has none, and the list of pages under it; called as each file is read."""
    if page in _TITLES:
        text[0] = f"# {_TITLES[page]}\n\n{text[0]}"
    if page == START:
        text[0] += "".join(_list(chapter, pages) for chapter, pages in chapters(app.project.docnames).items())
    elif page in _UNDER:
        text[0] += _list("", _matching(_UNDER[page], app.project.docnames))


def chapters(pages: Collection[str]) -> Mapping[str, Sequence[str]]:
    """Return the given pages by chapter, each once, without the start and those that another page leads to."""
    found = {chapter: _matching(patterns, pages) for chapter, patterns in _CHAPTERS.items()}
    known = {START, *chain.from_iterable(found.values())}
    known.update(chain.from_iterable(_matching(patterns, pages) for patterns in _UNDER.values()))
    found["More"] = sorted(set(pages) - known)
    return {chapter: listed for chapter, listed in found.items() if listed}


def _matching(patterns: Iterable[str], pages: Collection[str]) -> Sequence[str]:
    return [page for pattern in patterns for page in fnmatch.filter(sorted(pages), pattern)]


def _list(caption: str, pages: Sequence[str]) -> str:
    caption_line = f":caption: {caption}\n" if caption else ""
    entries = "".join(f"/{page}\n" for page in pages)
    return f"\n\n```{{toctree}}\n:hidden:\n{caption_line}\n{entries}```\n"
