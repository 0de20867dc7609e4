"""The page that a scrape reads: blocks of rendered lines, plain or deflated, one after the other."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import is_

from prometheus_client import CollectorRegistry

from exporter.exposition.block import Block, Chapter, Form, Run
from exporter.exposition.columns import MOST_RECENT, Recent
from exporter.exposition.deflate import join_crc
from exporter.exposition.excerpt import WHOLE, Excerpt, OwnExcerpt
from exporter.exposition.own import OwnLines
from exporter.exposition.text import Format, header, lines
from exporter.samples import Family
from exporter.store import Group, Store, health

# RFC 1952: magic, deflate, no flags, no time, unknown system; then the data, an empty final block, CRC-32 and length.
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_DEFLATE_END = b"\x03\x00"
# So many bytes are kept plain. A page that is larger is made from its deflated blocks, as it is asked for.
_MOST_PLAIN = 48 * 1024 * 1024
# Pieces of a page are at least so long, but for the last; longer ones have left the processor's cache when sent.
_PIECE = 256 * 1024
# A compressed page that is no larger is kept in one piece until something changes.
_MOST_JOINED = 4 * 1024 * 1024
# So many changed blocks at most, which are those of one to three groups, are rendered in a hurry.
_HURRIED = 96
# After so many times without a scrape, nothing is rendered ahead until the next one.
_FOR_NOBODY = 300


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was at one moment, whatever changes while it is sent.

    Attributes:
        length: how many bytes it has.
        parts: what it consists of, if all of it is in memory as it is sent.
        blocks: the same, if some of it has to be inflated first.
    """

    length: int
    parts: Sequence[bytes] = ()
    blocks: Sequence[Block] = ()

    def whole(self) -> bytes:
        """Return all of it."""
        return b"".join(self._bytes())

    def pieces(self) -> Iterator[bytes]:
        """Yield it in pieces of a size that a connection can take in one go, for pages that are very long."""
        gathered: list[bytes] = []
        size = 0
        for part in self._bytes():
            gathered.append(part)
            size += len(part)
            if size >= _PIECE:
                yield b"".join(gathered)
                gathered, size = [], 0
        yield b"".join(gathered)

    def _bytes(self) -> Iterable[bytes]:
        # Asking each of thousands of parts what it is would take longer than sending them.
        return (part.plain for part in self.blocks) if self.blocks else self.parts


class _Joined:
    """The vendors' part of a compressed page: the same until something changes, and in one piece if it is small."""

    def __init__(self) -> None:
        self._of: Sequence[Block | Run] = ()
        self._run = Run.of_runs(())

    def run(self, chapters: Iterable[tuple[Block, Chapter]]) -> Run:
        """Return these chapters with their headers as one."""
        of = [part for head, chapter in chapters for part in (head, chapter.deflated())]
        # Whether they are the very same is seen at once; whether they are equal, by looking at all that is in them.
        if len(of) != len(self._of) or not all(map(is_, of, self._of)):
            run = Run.of_runs(Run.of_blocks([part]) if isinstance(part, Block) else part for part in of)
            is_small = run.size <= _MOST_JOINED
            self._of, self._run = of, run._replace(parts=[b"".join(run.parts)]) if is_small else run
        return self._run


class Exposition:
    """Renders the store and the exporter's own metrics; a scrape asks nothing else."""

    def __init__(
        self, store: Store, families: Sequence[Family], registry: CollectorRegistry, most_plain: int = _MOST_PLAIN
    ) -> None:
        """Render these vendor families, in this order, then the health of fetches, then the registry."""
        self._store = store
        self._registry = registry
        self._own_lines = OwnLines()
        self._joined = _Joined()
        self._most_plain = most_plain
        self._length = 0
        # What the last scrape asked for, and how often rendering ahead has been for none since.
        self._is_compressed = True
        self._unasked = 0
        # What has been rendered in a hurry, and has to be deflated yet.
        self._hurried: list[tuple[Chapter, Group]] = []
        self._recent = Recent()
        self._headers: dict[tuple[Family, Format], Block] = {}
        # A family that nobody named before joins the vendors' when its first sample comes.
        self._vendor = {family: Chapter(family) for family in families}
        self._health = {family: Chapter(family) for family in health.FAMILIES}

    def render(self, format_: Format, *, is_compressed: bool = False, excerpt: Excerpt = WHOLE) -> bytes:
        """Return the whole page as it is now, as one gzip member if ``is_compressed``."""
        return self.page(format_, is_compressed=is_compressed, excerpt=excerpt).whole()

    def page(self, format_: Format, *, is_compressed: bool = False, excerpt: Excerpt = WHOLE) -> Page:
        """Return the page as it is now, or a part of it, for sending; as one gzip member if ``is_compressed``.

        Raises:
            UnknownName: a part is asked for of something that there is not.
        """
        # Samples that are to leave by now leave before they are counted.
        self._store.advance()
        own = Block(self._own(format_, excerpt))
        if excerpt.customers:
            # Nothing is rendered but what is asked for: where each customer has a job, nobody may ask for all.
            with self._store.lock:
                groups, known = excerpt.groups(self._store), list(self._vendor)
            return self._bind(excerpt.render(known, groups), own, format_, _Joined(), is_compressed=is_compressed)
        self._unasked, self._is_compressed = 0, is_compressed
        self._refresh()
        with self._store.lock:
            # What has changed meanwhile.
            self._refresh()
            groups = excerpt.groups(self._store) if excerpt else ()
            chapters = [chapter.of(groups) if excerpt else chapter for chapter in self._chapters()]
            joined = _Joined() if excerpt else self._joined
            return self._bind(chapters, own, format_, joined, is_compressed=is_compressed)

    def render_ahead(self) -> None:
        """Render what has changed, so that the next scrape finds little to do; called again and again.

        What has been rendered in a hurry and has not changed since the last call is deflated.
        """
        self._unasked += 1
        if self._unasked > _FOR_NOBODY:
            return
        with self._store.lock:
            hurried, self._hurried = self._hurried, []
        self._refresh()
        for chapter, group in set(hurried).difference(self._hurried):
            with self._store.lock:
                chapter.settle(group, self._form)

    def _bind(
        self, chapters: Iterable[Chapter], own: Block, format_: Format, joined: _Joined, *, is_compressed: bool
    ) -> Page:
        headed = [(self._header(each.family, format_), each) for each in chapters if each.length]
        if is_compressed:
            return _compressed(joined.run(headed), own)
        blocks = [block for head, chapter in headed for block in (head, *chapter)]
        length = own.length + sum(head.length + chapter.length for head, chapter in headed)
        if self._form is Form.LEAN:
            return Page(length, blocks=[*blocks, own])
        return Page(length, [block.plain for block in (*blocks, own)])

    def _own(self, format_: Format, excerpt: Excerpt) -> bytes:
        if excerpt:
            return OwnLines().page(OwnExcerpt(self._registry, excerpt).collect(), format_)
        return self._own_lines.page(self._registry.collect(), format_)

    def _header(self, family: Family, format_: Format) -> Block:
        if (family, format_) not in self._headers:
            self._headers[family, format_] = Block(header(family, format_))
        return self._headers[family, format_]

    def _chapters(self) -> Iterator[Chapter]:
        yield from self._vendor.values()
        yield from self._health.values()

    def _refresh(self) -> None:
        """Render what has changed; fetches can be committed between any two blocks."""
        changes = self._store.changes
        with self._store.lock:
            changed = changes.all()
        blocks = sum(len(families) for _, families in changed)
        # Little enough is sent as it is, since each call that deflates lets another thread run first.
        is_hurried = self._is_compressed and blocks <= _HURRIED
        # Of so many that none would be known any more when it comes again, none need be kept.
        recent = self._recent if blocks <= MOST_RECENT else None
        for group, families in changed:
            for family in families:
                with self._store.lock:
                    if changes.take(group, family):
                        self._render(group, family, recent, is_hurried=is_hurried)

    def _render(self, group: Group, family: Family, recent: Recent | None, *, is_hurried: bool) -> None:
        chapter = self._health.get(family) or self._vendor.setdefault(family, Chapter(family))
        before = chapter.length
        chapter.put(group, lines(family, group, recent), Form.STORED if is_hurried else self._form)
        self._grow(chapter.length - before)
        if is_hurried:
            self._hurried.append((chapter, group))

    @property
    def _form(self) -> Form:
        if self._length > self._most_plain:
            return Form.LEAN
        return Form.DEFLATED if self._is_compressed else Form.PLAIN

    def _grow(self, length: int) -> None:
        was_lean = self._length > self._most_plain
        self._length += length
        if self._length > self._most_plain and not was_lean:
            for chapter in self._chapters():
                for block in chapter:
                    block.shrink()


def _compressed(vendor: Run, own: Block) -> Page:
    """Return one gzip member: readers that stop after the first member, as some do, must not lose series."""
    crc, length = join_crc(vendor.crc, own.crc, own.length), vendor.length + own.length
    ending = (own.deflated, _DEFLATE_END, struct.pack("<II", crc, length & 0xFFFFFFFF))
    return Page(len(_GZIP_HEAD) + vendor.size + sum(map(len, ending)), [_GZIP_HEAD, *vendor.parts, *ending])
