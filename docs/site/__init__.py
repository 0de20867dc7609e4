"""The documentation as a site: README.md and the pages of this folder's parent, as they are, with a navigation.

``make site`` builds it into build/site. A page needs nothing for it: what reads well as a file reads well there.
"""

from pathlib import Path

from sphinx.application import Sphinx

from docs.site.links import lead_to_the_repository
from docs.site.navigation import START, add_navigation
from docs.site.promql import RecordedPromQL

# Theme and parser were chosen for how well they are kept; the rest is what the pages are.
_SETTINGS = {
    "project": "email-stats-exporter",
    "author": "the authors of email-stats-exporter",
    "extensions": ["myst_parser"],
    "html_theme": "furo",
    "html_title": "email-stats-exporter",
    "html_copy_source": False,
    "html_show_sphinx": False,
    "root_doc": START,
    "include_patterns": ["*.md", "docs/**.md", "deploy/**.md"],
    # Folders that hold no pages, some of them with many files that are not even ours.
    "exclude_patterns": [".*", "build", "dist", "exporter", "tests", "docs/generator", "docs/site"],
    # As the headings' anchors are in the repository's own view of these files.
    "myst_heading_anchors": 4,
    # A block without a language is no program.
    "highlight_language": "text",
    "nitpicky": True,
}


def build(root: Path, into: Path) -> bool:
    """Build the site of the repository at ``root``; return whether that went without a warning."""
    site = Sphinx(
        srcdir=root,
        confdir=None,
        outdir=into,
        doctreedir=into.with_name(f"{into.name}-pages"),
        buildername="html",
        confoverrides=dict(_SETTINGS),
        status=None,
        warningiserror=True,
    )
    site.add_lexer("promql", RecordedPromQL)
    site.connect("source-read", add_navigation)
    # Before Sphinx gathers what is to be downloaded.
    site.connect("doctree-read", lead_to_the_repository, priority=400)
    site.build()
    # The address of the site itself; its links are those of the file beside it.
    (into / "index.html").write_bytes((into / f"{START}.html").read_bytes())
    return site.statuscode == 0
