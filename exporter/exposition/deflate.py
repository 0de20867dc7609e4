"""Deflate in runs that can be joined, by isal where it is installed and by zlib elsewhere."""

import zlib
from importlib import import_module
from importlib.util import find_spec
from struct import pack
from typing import Any

# Where no wheel is to be had for a machine, zlib takes about five times as long over the same.
isal_zlib: Any = import_module("isal.isal_zlib") if find_spec("isal") else None

_RAW = -zlib.MAX_WBITS
_MOST_STORED = 65_535
# During the CRC of more than 5 KiB zlib lets other threads run, and whoever is in a hurry waits for all of them.
_AT_ONCE = 4096


def deflate(plain: bytes, fast: Any = isal_zlib) -> bytes:
    """Return the bytes deflated, flushed to a byte boundary and without an end, so that another run may follow.

    ``fast`` is isal's module, or None for zlib; so below.
    """
    if fast is not None:
        compressor = fast.compressobj(1, fast.DEFLATED, _RAW)
        return bytes(compressor.compress(plain) + compressor.flush(fast.Z_FULL_FLUSH))
    fallback = zlib.compressobj(1, zlib.DEFLATED, _RAW)
    return fallback.compress(plain) + fallback.flush(zlib.Z_FULL_FLUSH)


def store(plain: bytes) -> bytes:
    """Return the bytes made to look like a run, in next to no time; it is no shorter than they are."""
    pieces = [plain[start : start + _MOST_STORED] for start in range(0, len(plain), _MOST_STORED)]
    # RFC 1951, section 3.2.4: no final block, stored, padded to a byte; then the length and its complement.
    return b"".join([b"\0" + pack("<HH", len(piece), len(piece) ^ 0xFFFF) + piece for piece in pieces])


def checksum(plain: bytes) -> int:
    """Return the CRC-32 of some bytes, without letting another thread run meanwhile."""
    crc, view = 0, memoryview(plain)
    for start in range(0, len(plain), _AT_ONCE):
        crc = zlib.crc32(view[start : start + _AT_ONCE], crc)
    return crc


def inflate(run: bytes, fast: Any = isal_zlib) -> bytes:
    """Return the bytes of a run."""
    return bytes((fast or zlib).decompressobj(_RAW).decompress(run))


def join_crc(crc: int, run_crc: int, length: int, fast: Any = isal_zlib) -> int:
    """Return the CRC-32 of what ``crc`` stands for followed by a run of ``length`` bytes, of which only it is known."""
    if fast is not None:
        return int(fast.crc32_combine(crc, run_crc, length))
    # What comes before a run changes its CRC in the same way as that of as many zeros.
    zeros = bytes(length)
    return zlib.crc32(zeros, crc) ^ zlib.crc32(zeros) ^ run_crc
