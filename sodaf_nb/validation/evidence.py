"""What the rules judge: the plan, its script, and facts counted on the live rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from sodaf_nb.plan import Plan
from sodaf_nb.sql import Script

Aspect = Literal[
    "filled", "inexact", "nulls", "duplicates", "merged", "too_long", "too_wide", "broken_check", "pointing_here"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many rows something is true of, and the keys of up to five of them."""

    rows: int
    samples: tuple[str, ...] = ()


def _none() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a DocType says about its rows beyond the columns they stand in.

    Args:
        choices: Column of a Select to what it offers; a Select without choices is left out.
        children: Child table to the Table fields of the DocType whose rows lie in it.
        names: Names of the DocType that rows of child tables may bear.
    """

    choices: Mapping[str, tuple[str, ...]] = field(default_factory=_none)
    children: Mapping[str, tuple[str, ...]] = field(default_factory=_none)
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseKey:
    """A foreign key to columns that are not unique, which no engine can check.

    Args:
        child: Where it points from, as `table.columns`.
        parent: Where it points to.
        index: The unique index that the plan drops and that it needs; None when it was loose before.
    """

    child: str
    parent: str
    index: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a change of rows alone did to its table, counted exactly.

    Args:
        inserted: Rows it made.
        updated: Rows that were there and hold another value.
        deleted: Rows it took away.
        filled: Column to the rows that held NULL in it and hold a value.
        overwritten: Column to the rows that held a value in it and hold another one, or NULL.
        samples: Column to the keys of up to five rows in which its value was overwritten; of deleted rows under "".
    """

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    filled: Mapping[str, int] = field(default_factory=_none)
    overwritten: Mapping[str, int] = field(default_factory=_none)
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=_none)

    @property
    def rows(self) -> int:
        """How many rows it wrote."""
        return self.inserted + self.updated + self.deleted

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of which a value changed, in the order of the table."""
        return tuple(dict.fromkeys((*self.filled, *self.overwritten)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Counts on the live rows, taken in one snapshot.

    Args:
        rows: Table name now to its number of rows.
        counts: (number of the operation, aspect) to the rows it is true of.
        counters: Table whose keys the engine numbers to the highest number it gave out.
        other_choices: Column of a Select to the rows that hold what it does not offer.
        strays: Child table to the rows that no Table field of their parent leads to.
        loose_keys: Foreign keys from or to the tables of the plan that cannot be checked.
        effect: What a change of rows alone did, on a copy or just now; None where the plan makes none.
    """

    rows: Mapping[str, int] = field(default_factory=_none)
    counts: Mapping[tuple[int, Aspect], Count] = field(default_factory=_none)
    counters: Mapping[str, int] = field(default_factory=_none)
    other_choices: Mapping[str, Count] = field(default_factory=_none)
    strays: Mapping[str, Count] = field(default_factory=_none)
    loose_keys: tuple[LooseKey, ...] = ()
    effect: Effect | None = None

    def count(self, operation: int, aspect: Aspect) -> Count:
        """Return the rows an aspect of an operation is true of; none when it was not asked."""
        return self.counts.get((operation, aspect), Count(rows=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All a rule may look at.

    Args:
        plan: The plan.
        script: Its SQL.
        facts: The counts.
        syntax_errors: (statement, error) that an empty copy of the schema refused.
        managed: Columns the DocType had at its last migration; None when there is no record.
        rename_candidates: (old, new) of kept and new columns that look like one column renamed.
        unsettled: What would still differ after the plan, found by comparing once more on an empty copy.
    """

    plan: Plan
    script: Script
    facts: Facts
    syntax_errors: tuple[tuple[str, str], ...] = ()
    managed: frozenset[str] | None = None
    rename_candidates: tuple[tuple[str, str], ...] = ()
    unsettled: tuple[str, ...] = ()
