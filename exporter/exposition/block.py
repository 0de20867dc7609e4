"""Rendered bytes as they are kept between two scrapes: plain while there is room, deflated in any case once asked for.

Nearly every scrape asks for gzip, and plain bytes take seven times the memory of deflated ones.
"""

import zlib
from collections.abc import Iterable, Iterator

from exporter.exposition.deflate import deflate, inflate, join_crc
from exporter.samples import Family
from exporter.store import Group


class Block:
    """Bytes that never change, plain or deflated or both.

    Attributes:
        length: how many there are, when they are plain.
    """

    __slots__ = ("_crc", "_deflated", "_plain", "length")

    def __init__(self, plain: bytes) -> None:
        """Keep the bytes; nothing is deflated yet."""
        self.length = len(plain)
        self._plain: bytes | None = plain
        self._deflated: bytes | None = None
        self._crc = 0

    @property
    def plain(self) -> bytes:
        """The bytes themselves."""
        # Another thread may let go of them at any moment, but never before they are deflated.
        plain = self._plain
        return plain if plain is not None else inflate(self.deflated)

    @property
    def deflated(self) -> bytes:
        """The bytes as a run of deflate blocks that others may follow."""
        if self._deflated is None:
            plain = self._plain or b""
            self._crc = zlib.crc32(plain)
            self._deflated = deflate(plain)
        return self._deflated

    @property
    def crc(self) -> int:
        """CRC-32 of the bytes; known once they have been deflated."""
        return self._crc

    def shrink(self) -> None:
        """Keep the bytes deflated alone."""
        if self.deflated:
            self._plain = None


class Chapter:
    """The blocks of one family, one for each group that has samples of it.

    Attributes:
        family: the family.
        length: how many bytes all its blocks have, when they are plain.
    """

    __slots__ = ("_blocks", "_crc", "family", "length")

    def __init__(self, family: Family) -> None:
        """Make a chapter without blocks."""
        self.family = family
        self.length = 0
        self._blocks: dict[Group, Block] = {}
        self._crc: int | None = None

    def __iter__(self) -> Iterator[Block]:
        """Yield the blocks, in the order in which their groups first had samples."""
        return iter(self._blocks.values())

    def put(self, group: Group, plain: bytes, *, is_lean: bool) -> None:
        """Take the lines of a group in the place of its earlier ones; ``is_lean`` keeps them deflated alone."""
        old = self._blocks.get(group)
        self.length += len(plain) - (old.length if old else 0)
        self._crc = None
        if not plain:
            self._blocks.pop(group, None)
            return
        block = self._blocks[group] = Block(plain)
        if is_lean:
            block.shrink()

    def of(self, groups: Iterable[Group]) -> "Chapter":
        """Return a chapter with the blocks of some groups alone."""
        part = Chapter(self.family)
        part._blocks = {group: self._blocks[group] for group in groups if group in self._blocks}
        part.length = sum(block.length for block in part)
        return part

    def crc(self) -> int:
        """Return the CRC-32 of all its bytes, which have been deflated."""
        if self._crc is None:
            self._crc = 0
            for block in self:
                self._crc = join_crc(self._crc, block.crc, block.length)
        return self._crc
