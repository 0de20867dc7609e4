"""Runs of deflated bytes that join into one stream, with isal and with zlib in its place."""

import gzip
import subprocess
import sys
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import exporter.exposition.deflate
from exporter.exposition.deflate import deflate, inflate, isal_zlib, join_crc, store

CODECS = [pytest.param(isal_zlib, id="isal"), pytest.param(None, id="zlib")]
runs = st.lists(st.binary(max_size=300), max_size=5)


@pytest.mark.parametrize("codec", CODECS)
@given(runs)
def test_runs_join_into_one_gzip_member(codec: Any, plain: list[bytes]):
    crc = 0
    for run in plain:
        crc = join_crc(crc, zlib.crc32(run), len(run), codec)
    whole = b"".join(plain)
    trailer = crc.to_bytes(4, "little") + len(whole).to_bytes(4, "little")
    member = b"\x1f\x8b\x08" + bytes(7) + b"".join(deflate(run, codec) for run in plain) + b"\x03\x00" + trailer

    assert gzip.decompress(member) == whole


@pytest.mark.parametrize("codec", CODECS)
@given(st.binary(max_size=3_000))
def test_a_run_gives_back_its_bytes(codec: Any, plain: bytes):
    assert inflate(deflate(plain, codec), codec) == plain


@pytest.mark.parametrize("codec", CODECS)
@given(st.binary(max_size=300), st.integers(0, 140_000), st.binary(max_size=300))
def test_what_is_stored_stands_among_runs(codec: Any, before: bytes, length: int, after: bytes):
    stored = bytes(length)
    runs = deflate(before, codec) + store(stored) + deflate(after, codec)

    assert inflate(runs, codec) == before + stored + after


@pytest.mark.parametrize("codec", CODECS)
def test_a_page_becomes_a_fraction_of_its_size(codec: Any):
    page = b"".join(b'sendgrid_requests_total{customer="c%d",source="acme"} %d.0\n' % (n, n * 31) for n in range(1_000))

    assert len(deflate(page, codec)) < len(page) / 5


def test_isal_is_used_where_it_is_installed():
    assert isal_zlib is pytest.importorskip("isal.isal_zlib")


def test_a_machine_without_isal_does_the_same_by_itself():
    """Without site-packages there is nothing but Python."""
    script = """
import runpy, sys
deflate = runpy.run_path(sys.argv[1])
assert deflate["isal_zlib"] is None
run = deflate["deflate"](b"a page")
print(run.hex())
print(deflate["inflate"](run).decode())
print(deflate["join_crc"](1, 2, 6))
"""
    command = [sys.executable, "-I", "-S", "-c", script, exporter.exposition.deflate.__file__]
    run, page, crc = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    assert (inflate(bytes.fromhex(run)), page) == (b"a page", "a page")
    assert int(crc) == join_crc(1, 2, 6)
