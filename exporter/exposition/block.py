"""Rendered bytes as they are kept between two scrapes: plain while there is room, deflated in any case once asked for.

Nearly every scrape asks for gzip, and plain bytes take seven times the memory of deflated ones.
"""

import zlib
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from itertools import chain, repeat
from typing import NamedTuple

from exporter.exposition.deflate import checksum, deflate, inflate, join_crc, store
from exporter.samples import Family
from exporter.store import Group

# So many blocks are joined to a run that is joined to others again.
_SECTION = 10


class Form(Enum):
    """How rendered bytes are kept: plain until they are asked for otherwise, ready to be sent as gzip, or so alone."""

    PLAIN = auto()
    STORED = auto()
    DEFLATED = auto()
    LEAN = auto()


class Block:
    """Bytes that never change, plain or deflated or both.

    Attributes:
        length: how many there are, when they are plain.
        is_stored: whether they have not been deflated for want of time, and only made to look so.
    """

    __slots__ = ("_crc", "_deflated", "_plain", "is_stored", "length")

    def __init__(self, plain: bytes, form: Form = Form.PLAIN) -> None:
        """Keep the bytes in a form."""
        self.length = len(plain)
        self.is_stored = form is Form.STORED
        self._plain: bytes | None = plain
        self._deflated: bytes | None = None
        self._crc = 0
        if self.is_stored:
            self._crc, self._deflated = checksum(plain), store(plain)
        elif form is not Form.PLAIN:
            self._deflate()
        if form is Form.LEAN:
            self._plain = None

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
            self._deflate()
        return self._deflated or b""

    @property
    def crc(self) -> int:
        """CRC-32 of the bytes."""
        if self._deflated is None:
            self._deflate()
        return self._crc

    def shrink(self) -> None:
        """Keep the bytes deflated alone."""
        if self.deflated:
            self._plain = None

    def _deflate(self) -> None:
        if (plain := self._plain) is not None:
            self._crc = zlib.crc32(plain)
            self._deflated = deflate(plain)


class Run(NamedTuple):
    """Deflated bytes, one after the other.

    Attributes:
        parts: the bytes.
        size: how many there are.
        crc: CRC-32 of what they deflate.
        length: how many bytes that is.
    """

    parts: list[bytes]
    size: int
    crc: int
    length: int

    @classmethod
    def of_blocks(cls, blocks: Iterable[Block]) -> "Run":
        """Return the run of some blocks."""
        parts: list[bytes] = []
        crc = length = 0
        for block in blocks:
            parts.append(block.deflated)
            crc = join_crc(crc, block.crc, block.length)
            length += block.length
        return cls(parts, sum(map(len, parts)), crc, length)

    @classmethod
    def of_runs(cls, runs: Iterable["Run"]) -> "Run":
        """Return several runs as one."""
        parts: list[bytes] = []
        size = crc = length = 0
        for run in runs:
            parts += run.parts
            size += run.size
            crc = join_crc(crc, run.crc, run.length)
            length += run.length
        return cls(parts, size, crc, length)


_NOTHING = Run([], 0, 0, 0)


class Chapter:
    """The blocks of one family, one for each group that has samples of it.

    Attributes:
        family: the family.
        length: how many bytes all its blocks have, when they are plain.
    """

    __slots__ = ("_blocks", "_run", "_sections", "family", "length")

    def __init__(self, family: Family) -> None:
        """Make a chapter without blocks."""
        self.family = family
        self.length = 0
        self._blocks: dict[Group, Block] = {}
        self._run: Run | None = None
        # Blocks in a row, and their run, so that few CRCs have to be joined again where few blocks have changed.
        self._sections: list[tuple[list[Block], Run]] = []

    def __iter__(self) -> Iterator[Block]:
        """Yield the blocks, in the order in which their groups first had samples."""
        return iter(self._blocks.values())

    def put(self, group: Group, plain: bytes, form: Form = Form.PLAIN) -> None:
        """Take the lines of a group in the place of its earlier ones."""
        old = self._blocks.get(group)
        self.length += len(plain) - (old.length if old else 0)
        self._run = None
        if plain:
            self._blocks[group] = Block(plain, form)
        else:
            self._blocks.pop(group, None)

    def settle(self, group: Group, form: Form) -> None:
        """Deflate the lines of a group, if there was no time for that when they were put."""
        block = self._blocks.get(group)
        if block is not None and block.is_stored:
            self.put(group, block.plain, form)

    def of(self, groups: Iterable[Group]) -> "Chapter":
        """Return a chapter with the blocks of some groups alone."""
        part = Chapter(self.family)
        part._blocks = {group: self._blocks[group] for group in groups if group in self._blocks}
        part.length = sum(block.length for block in part)
        return part

    def deflated(self) -> Run:
        """Return all its bytes deflated; the same for as long as nothing changes."""
        if self._run is None:
            blocks = list(self)
            rows = [blocks[start : start + _SECTION] for start in range(0, len(blocks), _SECTION)]
            known = chain(self._sections, repeat(([], _NOTHING)))
            self._sections = [
                section if section[0] == row else (row, Run.of_blocks(row))
                for row, section in zip(rows, known, strict=False)
            ]
            self._run = Run.of_runs(run for _, run in self._sections)
        return self._run
