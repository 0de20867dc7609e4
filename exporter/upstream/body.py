"""The body of an answer, read whole and never beyond the limit, also when it is compressed."""

import zlib

from urllib3.response import BaseHTTPResponse

from exporter.errors import InvalidResponse
from exporter.upstream.bounds import Bounds

ENCODINGS = "gzip, deflate"
_PIECE = 64 * 1024
# A compressed body may be nothing but empty members, whose rests zlib copies for each: in small pieces that is cheap.
_COMPRESSED_PIECE = 4 * 1024
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


def read_body(raw: BaseHTTPResponse, limit: int, bounds: Bounds) -> bytes:
    """Return the decoded body.

    Raises:
        TooLarge: it is longer than the limit, as it came or decoded.
        InvalidResponse: it can't be decoded.
    """
    if (raw.length_remaining or 0) > limit:
        raise bounds.too_large()
    encoding = raw.headers.get("Content-Encoding", "").strip().lower()
    body = _read(raw, limit, bounds)
    if encoding in {"", "identity"} or not body:
        return body
    if encoding in {"gzip", "x-gzip"}:
        return _decode(body, _GZIP, limit, bounds)
    if encoding == "deflate":
        # Some servers leave out the zlib header that RFC 9110 asks for.
        return _decode(body, _ZLIB if _has_zlib_header(body) else _RAW, limit, bounds)
    raise InvalidResponse("the answer has a Content-Encoding that was not asked for")


def skim(raw: BaseHTTPResponse, bounds: Bounds) -> None:
    """Read a short body that nobody wants, so that its connection can serve again."""
    # The status has been judged; a body that drips must not hold its thread up for the whole deadline.
    bounds.shorten(0.5)
    raw.read(_PIECE, decode_content=False)


def _read(raw: BaseHTTPResponse, limit: int, bounds: Bounds) -> bytes:
    body = bytearray()
    while piece := raw.read(_PIECE, decode_content=False):
        body += piece
        if len(body) > limit:
            raise bounds.too_large()
    return bytes(body)


def _decode(body: bytes, window: int, limit: int, bounds: Bounds) -> bytes:
    decoded = bytearray()
    inflater = zlib.decompressobj(window)
    try:
        for start in range(0, len(body), _COMPRESSED_PIECE):
            bounds.seconds_left()
            piece = body[start : start + _COMPRESSED_PIECE]
            while piece:
                if inflater.eof:
                    inflater = zlib.decompressobj(window)
                decoded += inflater.decompress(piece, limit + 1 - len(decoded))
                if len(decoded) > limit:
                    raise bounds.too_large()
                piece = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    except zlib.error:
        raise InvalidResponse("the answer's compression is broken") from None
    if not inflater.eof:
        raise InvalidResponse("the answer's compressed body is cut")
    return bytes(decoded)


def _has_zlib_header(body: bytes) -> bool:
    return body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2]) % 31 == 0
