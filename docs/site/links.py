"""Links out of the site: what is no page of it is shown by the repository."""

from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

REPOSITORY = "https://github.com/email-stats-exporter/email-stats-exporter"


def lead_to_the_repository(app: Sphinx, document: nodes.document) -> None:
    """Let links to folders and to files that are no pages lead to the repository; called once a page is read."""
    folder = (app.srcdir / app.env.docname).parent
    for link in [*document.findall(addnodes.pending_xref), *document.findall(addnodes.download_reference)]:
        target = (folder / link["reftarget"]).resolve()
        # A page is left to Sphinx, and so is what isn't there at all: it says so.
        if link.get("refdomain") != "doc" and target.is_relative_to(app.srcdir) and target.exists():
            link.replace_self(nodes.reference("", "", *link.children, refuri=address(target, app.srcdir)))


def address(target: Path, root: Path) -> str:
    """Return where the repository's host shows a file or folder."""
    path = target.relative_to(root).as_posix()
    return f"{REPOSITORY}/{'tree' if target.is_dir() else 'blob'}/main/{path}"
