"""Which removed and added columns may be one column renamed. Only ever a question, never an act."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from sodaf_nb.diff.values import RenameCandidate
from sodaf_nb.schema import Column

# Below this a pair is not worth a person's attention: it shares neither type nor words.
_WORTH_ASKING = 0.5


def candidates(removed: Sequence[Column], added: Sequence[Column]) -> tuple[RenameCandidate, ...]:
    """Return the likely renames, each column at most once, best first."""
    pairs = sorted(_scored(removed, added), key=lambda c: (-c.score, c.old, c.new))
    seen: set[str] = set()
    best = []
    for pair in pairs:
        if seen.isdisjoint({f"-{pair.old}", f"+{pair.new}"}):
            best.append(pair)
            seen |= {f"-{pair.old}", f"+{pair.new}"}
    return tuple(best)


def _scored(removed: Sequence[Column], added: Sequence[Column]) -> Iterator[RenameCandidate]:
    for old in removed:
        for new in added:
            candidate = _judge(old, new)
            if candidate.score >= _WORTH_ASKING:
                yield candidate


def _judge(old: Column, new: Column) -> RenameCandidate:
    same_type = old.type == new.type
    shared = set(old.name.lower().split("_")) & set(new.name.lower().split("_"))
    likeness = difflib.SequenceMatcher(None, old.name, new.name).ratio()
    score = 0.4 * same_type + 0.3 * bool(shared) + 0.3 * likeness
    reasons = [f"names are {likeness:.0%} alike"]
    reasons += [f"same type {old.type}"] if same_type else []
    reasons += [f"shared words {', '.join(sorted(shared))}"] if shared else []
    return RenameCandidate(old=old.name, new=new.name, score=round(score, 3), reasons=tuple(reasons))
