import gzip
import io
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.response import HTTPResponse

from exporter.errors import InvalidResponse, TooLarge
from exporter.upstream.body import read_body
from exporter.upstream.bounds import Bounds

LIMIT = 100_000


def read(data, limit=LIMIT, seconds=10.0, **headers):
    bounds = Bounds()
    bounds.begin(seconds, limit)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = HTTPResponse(io.BytesIO(data), named, preload_content=False, decode_content=False)
    return read_body(raw, limit, bounds)


def raw_deflate(data):
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


@given(st.binary(max_size=3000), st.integers(0, 3))
def test_a_body_is_what_the_vendor_packed(body, level):
    assert read(body) == body
    assert read(gzip.compress(body, level), Content_Encoding="gzip") == body
    assert read(gzip.compress(body, level), Content_Encoding=" X-GZIP ") == body
    assert read(zlib.compress(body, level), Content_Encoding="deflate") == body
    assert read(body, Content_Encoding="identity") == body


@given(st.binary(min_size=1, max_size=3000))
def test_deflate_without_its_header_is_understood(body):
    assert read(raw_deflate(body), Content_Encoding="deflate") == body


def test_gzip_may_come_in_members():
    assert read(gzip.compress(b"one ") + gzip.compress(b"two"), Content_Encoding="gzip") == b"one two"


def test_nothing_packed_is_nothing():
    assert read(b"", Content_Encoding="gzip") == b""


@pytest.mark.parametrize(
    ("encoding", "pack"), [("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not(encoding, pack):
    assert len(read(pack(bytes(LIMIT)), Content_Encoding=encoding)) == LIMIT
    with pytest.raises(TooLarge, match=r"limits\.max_response_bytes \(100000 bytes\)"):
        read(pack(bytes(LIMIT + 1)), Content_Encoding=encoding)


def test_an_announced_length_over_the_limit_is_refused_without_reading():
    with pytest.raises(TooLarge):
        read(b"", Content_Length=str(LIMIT + 1))


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip,deflate", "compress", "\xe9"])
def test_an_encoding_that_was_not_asked_for_is_refused(encoding):
    with pytest.raises(InvalidResponse):
        read(gzip.compress(b"{}", mtime=0), Content_Encoding=encoding)


@pytest.mark.parametrize(
    "packed",
    [
        b"{}",
        gzip.compress(b"hello" * 50)[:-1],
        gzip.compress(b"hello" * 50)[:20],
        gzip.compress(b"hello") + b"rubbish",
        gzip.compress(b"hello" * 50)[:-8] + bytes(8),
    ],
    ids=["plain", "cut trailer", "cut", "trailing", "checksum"],
)
def test_broken_gzip_is_refused(packed):
    with pytest.raises(InvalidResponse):
        read(packed, Content_Encoding="gzip")


@given(st.binary(min_size=1, max_size=200), st.sampled_from(["gzip", "deflate"]))
def test_rubbish_is_refused_or_read_but_breaks_nothing(data, encoding):
    try:
        read(data, Content_Encoding=encoding)
    except (InvalidResponse, TooLarge):
        return


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_bomb_takes_no_more_memory_than_a_few_bodies(encoding, pack):
    bomb = pack(bytes(50_000_000))

    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            read(bomb, Content_Encoding=encoding)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 5 * LIMIT + 200_000


def test_a_flood_of_empty_members_ends_at_the_deadline():
    flood = gzip.compress(b"", mtime=0) * 400_000

    with pytest.raises(TimeoutError):
        read(flood, limit=len(flood), seconds=0.2, Content_Encoding="gzip")
