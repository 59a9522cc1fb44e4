"""What the rules judge: the plan, its script, and facts counted on the live rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from sodaf_nb.plan import Plan
from sodaf_nb.sql import Script

Aspect = Literal["filled", "inexact", "nulls", "duplicates", "too_long"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many rows something is true of, and the keys of up to five of them."""

    rows: int
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Counts on the live rows, taken in one snapshot.

    Args:
        rows: Table name now to its number of rows.
        counts: (number of the operation, aspect) to the rows it is true of.
    """

    rows: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    counts: Mapping[tuple[int, Aspect], Count] = field(default_factory=lambda: MappingProxyType({}))

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
    """

    plan: Plan
    script: Script
    facts: Facts
    syntax_errors: tuple[tuple[str, str], ...] = ()
    managed: frozenset[str] | None = None
    rename_candidates: tuple[tuple[str, str], ...] = ()
