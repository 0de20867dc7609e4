"""The page that a scrape reads: blocks of rendered lines, and their compressed twins, joined."""

import struct
import zlib
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.exposition.deflate import deflate, join_crc
from exporter.exposition.text import Format, header, lines
from exporter.samples import Family
from exporter.store import Group, Store, health

# RFC 1952: magic, deflate, no flags, no time, unknown system; then the data, an empty final block, CRC-32 and length.
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_DEFLATE_END = b"\x03\x00"


class Block:
    """Rendered bytes, with the deflated ones and the CRC-32 made when they are first asked for."""

    __slots__ = ("_crc", "_deflated", "plain")

    def __init__(self, plain: bytes) -> None:
        """Keep the bytes; nothing is compressed yet."""
        self.plain = plain
        self._deflated: bytes | None = None
        self._crc = 0

    @property
    def deflated(self) -> bytes:
        """The bytes as a run of deflate blocks that others may follow."""
        if self._deflated is None:
            self._deflated = deflate(self.plain)
            self._crc = zlib.crc32(self.plain)
        return self._deflated

    @property
    def crc(self) -> int:
        """CRC-32 of the bytes; known once they have been compressed."""
        return self._crc


class Exposition:
    """Renders the store and the exporter's own metrics; a scrape asks nothing else."""

    def __init__(self, store: Store, families: Sequence[Family], registry: CollectorRegistry) -> None:
        """Render these vendor families, in this order, then the health of fetches, then the registry."""
        self._store = store
        self._registry = registry
        self._headers: dict[tuple[Family, Format], Block] = {}
        # A family that nobody named before joins the vendors' when its first sample comes.
        self._vendor: dict[Family, dict[Group, Block]] = {family: {} for family in families}
        self._health: dict[Family, dict[Group, Block]] = {family: {} for family in health.FAMILIES}

    def render(self, format_: Format, *, is_compressed: bool = False) -> bytes:
        """Return the whole page as it is now, as one gzip member if ``is_compressed``."""
        # Samples that are to leave by now leave before they are counted.
        self._store.advance()
        own = Block(self._own(format_))
        with self._store.lock:
            self._refresh()
            blocks = [*self._page(format_), own]
            return _gzip(blocks) if is_compressed else b"".join([block.plain for block in blocks])

    def _own(self, format_: Format) -> bytes:
        if format_ is Format.OPENMETRICS:
            return bytes(generate_openmetrics(self._registry))
        return bytes(generate_latest(self._registry))

    def _refresh(self) -> None:
        for group, families in self._store.take_changed():
            for family in families:
                plain = lines(family, group)
                blocks = (self._health if family in self._health else self._vendor).setdefault(family, {})
                if plain:
                    blocks[group] = Block(plain)
                else:
                    blocks.pop(group, None)

    def _page(self, format_: Format) -> Iterator[Block]:
        for family, blocks in (*self._vendor.items(), *self._health.items()):
            if blocks:
                if (family, format_) not in self._headers:
                    self._headers[family, format_] = Block(header(family, format_))
                yield self._headers[family, format_]
                yield from blocks.values()


def _gzip(blocks: Sequence[Block]) -> bytes:
    """Return one gzip member: readers that stop after the first member, as some do, must not lose series."""
    parts = [_GZIP_HEAD, *(block.deflated for block in blocks), _DEFLATE_END]
    crc = length = 0
    for block in blocks:
        crc = join_crc(crc, block.plain, block.crc)
        length += len(block.plain)
    parts.append(struct.pack("<II", crc, length & 0xFFFFFFFF))
    return b"".join(parts)
