"""What a place is about to show: worked out beside it, so that it can be kept before anybody sees it."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from exporter.errors import ImpossibleSamples, Reason
from exporter.samples import Family, Item, Kind, LeftOut, Sample
from exporter.store.places import Layout, Notes, Place, Series, Shelf

_DOUBLE = 8


@dataclass(frozen=True, slots=True)
class Draft:
    """The content of one place: the series, their numbers, and what is rare."""

    layout: Layout | None = None
    values: bytes = b""
    notes: Notes | None = None

    @property
    def size(self) -> int:
        """How many series there are."""
        return len(self.layout.keys) if self.layout else 0


@dataclass(frozen=True, slots=True)
class Coming:
    """What a fetch does to one place, as soon as that is kept.

    Attributes:
        place: whose content it is.
        draft: what is to be shown.
        reason, error: why the fetch failed, also in words; None and empty if it did not.
        reserved: room that is kept free for further series.
    """

    place: Place
    draft: Draft
    reason: Reason | None
    error: str
    reserved: int


class Layouts:
    """Every layout in use, each once."""

    def __init__(self) -> None:
        """Know of none."""
        self._known: WeakValueDictionary[tuple[Series, ...], Layout] = WeakValueDictionary()

    def of(self, keys: tuple[Series, ...]) -> Layout | None:
        """Return the layout of these series; None for no series.

        Raises:
            ImpossibleSamples: no page may show them together.
        """
        layout = self._known.get(keys)
        if layout is None and keys:
            _check(keys)
            layout = self._known[keys] = Layout(keys)
        return layout


def present(shelf: Shelf, row: int) -> Draft:
    """Return what a place shows now."""
    return Draft(shelf.layouts[row], shelf.values[row], shelf.notes.get(row))


def sound(known: Sequence[Series], items: Iterable[Item], room: int) -> tuple[Sequence[Sample], Mapping[str, int]]:
    """Return what can be shown, and how much is left out: label values that are no text, series over the limit.

    ``known`` series are shown before new ones if there is no ``room`` for all.
    """
    left_out: dict[str, int] = {}
    kept = []
    for item in items:
        if isinstance(item, LeftOut):
            left_out[item.reason] = left_out.get(item.reason, 0) + item.count
        elif item.labels and not all(map(_is_text, item.labels)):
            left_out["label_value"] = left_out.get("label_value", 0) + 1
        else:
            kept.append(item)
    if len(kept) > room:
        old = set(known)
        new = [sample for sample in kept if (sample.family, sample.labels) not in old]
        surplus = set(map(id, new[max(0, room - (len(kept) - len(new))) :]))
        left_out["max_series"] = len(surplus)
        kept = [sample for sample in kept if id(sample) not in surplus]
    return kept, left_out


def drafted(before: Draft, samples: Sequence[Sample], left_out: Mapping[str, int], layouts: Layouts) -> Draft:
    """Return what a place is to show once a fetch has brought these samples.

    Raises:
        ImpossibleSamples: no page may show them together.
    """
    keys = tuple([(sample.family, sample.labels) for sample in samples])
    layout, notes = before.layout, before.notes
    rest: Mapping[Series, float] = notes.marks if notes else {}
    marks: Iterable[float | None]
    if layout is not None and layout.keys == keys:
        marks = layout.numbers.unpack(before.values)
    else:
        layout = layouts.of(keys)
        known = marks_of(before)
        marks = [known.pop(key, None) for key in keys]
        rest = known
    fallen: dict[str, float] = {}
    numbers = [_exposed(sample, mark, fallen) for sample, mark in zip(samples, marks, strict=True)]
    new: Notes | None = None
    if notes or rest or fallen or left_out:
        held, corrections = _held(notes or Notes(), samples, fallen)
        new = _or_none(Notes(dict(rest), held, corrections, left_out))
    return Draft(layout, layout.numbers.pack(*numbers) if layout else b"", new)


def cleared(before: Draft) -> Draft:
    """Return what a place is to show when its series leave: nothing, but its counters will go on."""
    notes = before.notes or Notes()
    return Draft(notes=_or_none(Notes(marks_of(before), notes.held, notes.corrections, notes.left_out)))


def unkept(draft: Draft, before: Draft, layouts: Layouts) -> Draft:
    """Return what may be shown of a draft that could not be kept: counters stay as they were kept last."""
    known = marks_of(before)
    pairs = zip(draft.layout.keys, draft.layout.numbers.unpack(draft.values), strict=True) if draft.layout else ()
    shown = {key: known.get(key, value) for key, value in pairs if not is_counter(key[0]) or key in known}
    layout = layouts.of(tuple(shown))
    old, new = before.notes or Notes(), draft.notes or Notes()
    held = {name: excess for name, excess in new.held.items() if name in old.held}
    rest = {key: mark for key, mark in known.items() if key not in shown}
    notes = _or_none(Notes(rest, held, old.corrections, new.left_out))
    return Draft(layout, layout.numbers.pack(*shown.values()) if layout else b"", notes)


def marks_of(draft: Draft) -> dict[Series, float]:
    """Return where each counter goes on, be it shown or not."""
    marks = dict(draft.notes.marks) if draft.notes else {}
    if draft.layout is not None:
        pairs = zip(draft.layout.keys, draft.layout.numbers.unpack(draft.values), strict=True)
        marks.update((key, value) for key, value in pairs if is_counter(key[0]))
    return marks


def changed_families(layout: Layout, old: bytes, new: bytes) -> Iterator[Family]:
    """Yield each family of which some number is another one."""
    for family, (start, labels) in layout.parts.items():
        span = slice(_DOUBLE * start, _DOUBLE * (start + len(labels)))
        if old[span] != new[span]:
            yield family


def is_counter(family: Family) -> bool:
    """Return whether samples of a family only ever grow."""
    return family.kind is Kind.COUNTER


def _exposed(sample: Sample, mark: float | None, fallen: dict[str, float]) -> float:
    """Return what to show for a sample: a counter that fell is held, until the vendor passes it again."""
    value = sample.value
    if mark is None or value >= mark or not is_counter(sample.family) or _began_anew(mark, value):
        return value
    fallen[sample.family.name] = mark - value
    return mark


def _began_anew(exposed: float, value: float) -> bool:
    """Return whether a total fell so far that its account began anew, rather than being corrected."""
    return value < exposed / 2 and exposed - value >= 100  # noqa: PLR2004 - the contract's own number


def _held(
    notes: Notes, samples: Sequence[Sample], fallen: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, int]]:
    """Return how far counters are held now, and how often they fell so far; a fall counts once."""
    held, corrections = dict(notes.held), dict(notes.corrections)
    for sample in samples if held else ():
        held.pop(sample.family.name, None)
    for name, excess in fallen.items():
        held[name] = excess
        if name not in notes.held:
            corrections[name] = corrections.get(name, 0) + 1
    return held, corrections


def _or_none(notes: Notes) -> Notes | None:
    return notes if notes.marks or notes.held or notes.corrections or notes.left_out else None


def _check(keys: tuple[Series, ...]) -> None:
    if len(set(keys)) < len(keys):
        raise ImpossibleSamples("a collector gave the same series twice")
    if len([*itertools.groupby(family for family, _ in keys)]) > len({family for family, _ in keys}):
        raise ImpossibleSamples("a collector mixed the samples of two families")
    if any(len(labels) != len(family.labels) for family, labels in keys):
        raise ImpossibleSamples("a collector gave a sample too few label values, or too many")


def _is_text(label: str) -> bool:
    try:
        return label.isascii() or bool(label.encode())
    except UnicodeEncodeError:
        return False
