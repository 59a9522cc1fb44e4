"""A plan as SQL: steps up, steps down, and the catalog they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sodaf_nb.schema import SchemaObject, fingerprint, storable

Path = Literal["metadata only", "in place", "rebuild"]


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Statements that belong together; the executor runs each step inside a savepoint.

    Args:
        title: What the step does, in words.
        path: How it is done, cheapest first: no row is touched, rows are updated, the table is rebuilt.
        table: The table it works on.
        statements: Its SQL, one statement each.
    """

    title: str
    path: Path
    table: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Both directions of a plan.

    Args:
        up: The steps that carry the plan out.
        down: The steps that take its structure back; empty when there is no way.
        objects: The catalog the steps up lead to, found by running them on an empty copy.
        problem: Why the structure cannot be taken back exactly; empty when it can.
    """

    up: tuple[Step, ...] = ()
    down: tuple[Step, ...] = ()
    objects: tuple[SchemaObject, ...] = ()
    problem: str = ""

    @property
    def sql(self) -> tuple[str, ...]:
        """All statements up, in order."""
        return tuple(text for step in self.up for text in step.statements)

    @property
    def rollback_sql(self) -> tuple[str, ...]:
        """All statements down, in order."""
        return tuple(text for step in self.down for text in step.statements)

    @property
    def digest(self) -> str:
        """Hash of the statements up: a dry run and its apply have the same."""
        return fingerprint(self.sql)
