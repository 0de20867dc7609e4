"""No file under version control holds what belongs to one machine only."""

import re

# Written so that none of them matches itself: this file is among those that are looked at.
REGISTRIES = r"pypi[.]org|python(?:hosted)|npm(?:js)|deb[.]debian"
FOLDERS = r"/(?:work|root)/|/(?:home)/\w"
PROMISES = r"\b(?:TO[D]O|FIX[M]E|XX[X])\b"


def test_no_file_names_the_host_of_a_package_registry(tracked_files):
    """Where packages come from is for whoever installs them to say; the hashes say which are right."""
    assert lines_like(REGISTRIES, tracked_files) == []


def test_no_file_names_a_folder_of_somebody_s_machine(tracked_files):
    assert lines_like(FOLDERS, tracked_files) == []


def test_no_file_promises_to_be_finished_later(tracked_files):
    assert lines_like(PROMISES, tracked_files) == []


def lines_like(pattern, files):
    """Return the lines of text files in which a pattern is found, as ``name:line: text``."""
    found = []
    for path in files:
        text = path.read_bytes().decode("utf-8", errors="replace")
        lines = enumerate(text.splitlines(), start=1)
        found += [f"{path.name}:{number}: {line.strip()[:100]}" for number, line in lines if re.search(pattern, line)]
    return found
