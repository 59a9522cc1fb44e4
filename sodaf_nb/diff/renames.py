"""Which removed and added columns may be one column renamed. Only ever a question, never an act.

What each sign is worth was set on real DocType histories (tests/diff/test_renames_measured.py says how well it
does): a signal that stands alone, such as the same type, is never enough to ask.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from sodaf_nb.diff.values import RenameCandidate
from sodaf_nb.schema import Column

# Below this a pair is not worth a person's attention.
_WORTH_ASKING = 0.5

_Order = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """What a DocType says of a field beside its column.

    Args:
        fieldtype: Its fieldtype.
        label: What people read; empty when there is none.
        options: Link target or choices; empty when there are none.
    """

    fieldtype: str
    label: str = ""
    options: str = ""


def _none() -> Mapping[str, Trait]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What is known of both sides beside their columns; everything may be missing.

    Args:
        old: Column to what its field was when it was last migrated.
        new: Column to what its field is now.
        old_order: All columns as they were ordered then.
        new_order: All columns as they are ordered now.
        standard: Columns that every table has, which no field becomes.
    """

    old: Mapping[str, Trait] = field(default_factory=_none)
    new: Mapping[str, Trait] = field(default_factory=_none)
    old_order: tuple[str, ...] = ()
    new_order: tuple[str, ...] = ()
    standard: frozenset[str] = frozenset()


def candidates(
    removed: Sequence[Column], added: Sequence[Column], clues: Clues | None = None
) -> tuple[RenameCandidate, ...]:
    """Return the likely renames, each column at most once, best first.

    Args:
        removed: Live columns without a field.
        added: Fields without a column.
        clues: What else is known of them; None when nothing is.
    """
    known = clues or Clues()
    pairs = sorted(_scored(removed, added, known), key=lambda c: (-c.score, c.old, c.new))
    seen: set[str] = set()
    best = []
    for pair in pairs:
        if seen.isdisjoint({f"-{pair.old}", f"+{pair.new}"}):
            best.append(pair)
            seen |= {f"-{pair.old}", f"+{pair.new}"}
    return tuple(best)


def _scored(removed: Sequence[Column], added: Sequence[Column], clues: Clues) -> Iterator[RenameCandidate]:
    olds = [column for column in removed if column.name not in clues.standard]
    news = [column for column in added if column.name not in clues.standard]
    alone = len(olds) == len(news) == 1
    for old in olds:
        for new in news:
            candidate = _judge(old, new, clues, alone=alone)
            if candidate.score >= _WORTH_ASKING:
                yield candidate


def _judge(old: Column, new: Column, clues: Clues, *, alone: bool) -> RenameCandidate:
    signs = [*_of_names(old.name, new.name), *_of_columns(old, new, alone=alone), *_of_fields(old, new, clues)]
    score = min(1.0, max(0.0, sum(worth for worth, _reason in signs)))
    reasons = tuple(reason for _worth, reason in signs if reason)
    return RenameCandidate(old=old.name, new=new.name, score=round(score, 3), reasons=reasons)


Sign = tuple[float, str]
"""(what it is worth, in words; empty for one that speaks against)"""


def _of_names(old: str, new: str) -> Iterator[Sign]:
    words_old, words_new = old.lower().split("_"), new.lower().split("_")
    likeness = max(_alike(old, new), _alike(" ".join(sorted(words_old)), " ".join(sorted(words_new))))
    yield 0.3 * likeness, f"names are {likeness:.0%} alike"
    shared = sorted({*words_old} & {*words_new} - _COMMON)
    if shared:
        yield 0.2, f"shared words {', '.join(shared)}"
    if likeness >= _NEARLY_EQUAL:
        yield 0.1, ""
    if old.replace("_", "").lower() == new.replace("_", "").lower():
        yield 0.3, "the same letters"
    elif short := _abbreviated(words_old, words_new) or _abbreviated(words_new, words_old):
        yield 0.4, f"{short} abbreviates the other"


_NEARLY_EQUAL = 0.9

# Words that half of all names have.
_COMMON = frozenset({"name", "is", "has", "of", "to", "from", "id", "no", "by", "in", "for", "the", "time"})


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one.lower(), other.lower()).ratio()


def _abbreviated(short: Sequence[str], long: Sequence[str]) -> str:
    """Return the word of one name that is the first letters of several words of the other; empty when none is."""
    initials = "".join(word[:1] for word in long)
    return next((word for word in short if len(word) > 2 and word in initials and word not in long), "")  # noqa: PLR2004


def _of_columns(old: Column, new: Column, *, alone: bool) -> Iterator[Sign]:
    if old.type == new.type:
        yield 0.25, f"same type {old.type}"
        if alone:
            yield 0.1, "nothing else was removed or added"


def _of_fields(old: Column, new: Column, clues: Clues) -> Iterator[Sign]:
    yield from _of_traits(clues.old.get(old.name), clues.new.get(new.name))
    before = _neighbours(old.name, clues.old_order, clues.new_order)
    after = _neighbours(new.name, clues.new_order, clues.old_order)
    same = [name for name, other in zip(before, after, strict=True) if name and name == other]
    if same:
        yield 0.1 * len(same), f"stands beside {' and '.join(same)} as before"


def _of_traits(old: Trait | None, new: Trait | None) -> Iterator[Sign]:
    if old is None or new is None:
        return
    if old.fieldtype != new.fieldtype:
        yield -0.15, ""
    elif old.fieldtype not in _EVERYWHERE:
        yield 0.1, f"both are {old.fieldtype}"
    else:  # so many fields have it that it says less than the same type seems to
        yield -0.1 if old.fieldtype == "Check" else -0.05, ""
    if old.label and old.label.lower() == new.label.lower():
        yield 0.25, f"same label {old.label}"
    yield from _of_options(old, new)


_EVERYWHERE = frozenset({"Data", "Select", "Check", "Int"})


def _of_options(old: Trait, new: Trait) -> Iterator[Sign]:
    if not (old.options and new.options):
        return
    if old.options == new.options:
        yield 0.2, "same options"
    elif old.fieldtype == new.fieldtype == "Select":
        if {*old.options.split("\n")} - {""} <= {*new.options.split("\n")}:
            yield 0.1, "offers all of the old choices"
        elif {*old.options.split("\n")}.isdisjoint(new.options.split("\n")):
            yield -0.1, ""
    elif {*old.options.split()} & {*new.options.split()}:
        yield 0.05, f"{old.options} and {new.options} are alike"


def _neighbours(name: str, order: _Order, other: _Order) -> tuple[str, str]:
    """Return the nearest columns before and after one that stand on the other side, too; empty where none does."""
    if name not in order:
        return "", ""
    place, there = order.index(name), set(other)
    before = (each for each in reversed(order[:place]) if each in there)
    after = (each for each in order[place + 1 :] if each in there)
    return next(before, ""), next(after, "")
