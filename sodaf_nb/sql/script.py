"""A plan as SQL: steps up, steps down, and the catalog they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from sodaf_nb.plan import RowChange
from sodaf_nb.schema import SchemaObject, Table, fingerprint, storable

Path = Literal["metadata only", "in place", "rebuild"]


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What the engine does not check by itself when a step takes a short path.

    Args:
        query: SQL that returns no row when all is well.
        otherwise: What is wrong when it returns one, in words.
    """

    query: str
    otherwise: str


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Values that a rollback finds edited since; asked before a step's statements run.

    Args:
        column: `table.column`.
        query: SQL of the keys of the rows.
        stops: True when one of them stops the rollback.
    """

    column: str
    query: str
    stops: bool = False


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What the engine can say of itself, before and after a step.

    Args:
        statement: SQL that changes nothing and that the engine refuses unless all is well.
        otherwise: What is wrong when it does, in words.
        hint: The way out.
    """

    statement: str
    otherwise: str
    hint: str


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Statements that belong together; the executor runs each step inside a savepoint.

    Args:
        title: What the step does, in words.
        path: How it is done, cheapest first: no row is touched, rows are updated, the table is rebuilt.
        why: Why that path, in words.
        table: The table it works on.
        statements: Its SQL, one statement each.
        guards: What must hold when the statements have run.
        checks: What must hold before the first and after the last statement.
        covers: How many of the plan's operations it carries out.
        contest: What it may find edited since; None when there is nothing of the kind.
        rows: The change of rows alone that is run in place of its statements, which then only show it.
    """

    title: str
    path: Path
    table: str
    statements: tuple[str, ...]
    why: str = ""
    guards: tuple[Guard, ...] = ()
    checks: tuple[Check, ...] = ()
    covers: int = 1
    contest: Contest | None = None
    rows: RowChange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Both directions of a plan.

    Args:
        up: The steps that carry the plan out.
        down: The steps that take its structure back; empty when there is no way.
        objects: The catalog the steps up lead to, found by running them on an empty copy.
        tables: The tables of that catalog, by name.
        problem: Why the structure cannot be taken back exactly; empty when it can.
    """

    up: tuple[Step, ...] = ()
    down: tuple[Step, ...] = ()
    objects: tuple[SchemaObject, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=lambda: MappingProxyType({}))
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
    def paths(self) -> tuple[Path, ...]:
        """The path of each of the plan's operations, in their order."""
        return tuple(step.path for step in self.up for _operation in range(step.covers))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why each of the plan's operations takes its path, in their order."""
        return tuple(step.why for step in self.up for _operation in range(step.covers))

    @property
    def digest(self) -> str:
        """Hash of the statements up: a dry run and its apply have the same."""
        return fingerprint(self.sql)
