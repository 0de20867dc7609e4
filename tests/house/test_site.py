"""The documentation builds into a site: without a warning, with every page in its navigation, by itself."""

import subprocess
import sys
from urllib.parse import unquote, urldefrag

import pytest
from lxml import html

from docs.site.navigation import chapters

REPOSITORY = "https://github.com/email-stats-exporter/email-stats-exporter"
# Of the generator's own making.
UTILITIES = {"index.html", "genindex.html", "search.html"}


@pytest.fixture(scope="module")
def site(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "site"
    program = [sys.executable, "-m", "docs.site", str(folder)]
    result = subprocess.run(program, cwd=root, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"The site starts at {folder}/index.html\n"
    return folder


@pytest.fixture(scope="module")
def pages(site):
    """Every page by its path from the start, as a tree."""
    return {path.relative_to(site).as_posix(): html.parse(path).getroot() for path in site.rglob("*.html")}


def test_it_begins_with_the_readme(site, pages):
    assert (site / "index.html").read_bytes() == (site / "README.html").read_bytes()
    assert pages["index.html"].xpath("string(//h1)").startswith("email-stats-exporter")


def test_the_navigation_leads_to_every_page(pages):
    [navigation] = pages["index.html"].find_class("sidebar-tree")
    offered = {link.get("href") for link in navigation.iter("a")}

    assert set(pages) - UTILITIES - {"README.html"} == offered


def test_every_page_of_the_documentation_is_part_of_it(root, pages):
    written = {path.relative_to(root).with_suffix(".html").as_posix() for path in (root / "docs").rglob("*.md")}

    assert {"README.html", "CONTRIBUTING.html", "CHANGELOG.html", *written} - set(pages) == set()


def test_every_link_within_it_leads_to_a_place_that_is_there(site, pages):
    anchors = {name: {*page.xpath("//@id")} for name, page in pages.items()}
    lost = []
    for name, page in pages.items():
        for address in page.xpath("//a/@href | //img/@src"):
            target, anchor = map(unquote, urldefrag(address))
            if ":" in target:
                continue
            path = (site / name).parent / target if target else site / name
            resolved = path.resolve().relative_to(site.resolve()).as_posix()
            if not path.is_file() or (anchor and anchor not in anchors[resolved]):
                lost.append(f"{name}: {address}")

    assert lost == []


def test_what_is_no_page_is_shown_by_the_repository(root, pages):
    links = {link for page in pages.values() for link in page.xpath("//a/@href") if link.startswith(f"{REPOSITORY}/")}
    # What is left are pages of the repository's own, such as the form for reports.
    shown = {tuple(link.removeprefix(f"{REPOSITORY}/").split("/main/")) for link in links if "/main/" in link}

    assert {"/".join(each) for each in shown if (root / each[1]).is_dir() != (each[0] == "tree")} == set()
    assert ("blob", "config.example.yaml") in shown


def test_it_loads_nothing_from_elsewhere(pages):
    """Who reads it is nobody else's business."""
    loaded = {
        address
        for page in pages.values()
        for address in page.xpath("//script/@src | //img/@src | //link[@rel='stylesheet']/@href")
        if ":" in address or address.startswith("//")
    }

    assert loaded == set()


def test_a_page_that_no_chapter_names_comes_last():
    found = chapters(["README", "docs/novelty", "docs/alerts", "docs/runbooks/Fire", "docs/configuration"])

    assert found == {"Begin": ["docs/configuration"], "Watch": ["docs/alerts"], "More": ["docs/novelty"]}
