"""A migration that was planned, judged and accepted, ready to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from sodaf_nb.backup import MigrationBackupManager
from sodaf_nb.diff.renames import Trait
from sodaf_nb.options import Accept, ConflictPolicy
from sodaf_nb.plan import AlterColumn, Operation, Plan, RestoreColumn, RestoreRows, summary
from sodaf_nb.plan.names import concerned, endangered_now
from sodaf_nb.plan.rollback import Risk
from sodaf_nb.schema import Schema
from sodaf_nb.schema.closure import schema_fingerprint
from sodaf_nb.sql import Script
from sodaf_nb.sql.dialect import Dialect
from sodaf_nb.validation import Evidence, Facts, Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The backup that a rollback reads.

    Args:
        backup_id: Its id.
        recorded: The folder it had when it was taken; None when the record does not say.
        sha256: SHA-256 of its manifest then; None when the record does not say.
        sql: CREATE TABLE texts of the tables it gives back.
    """

    backup_id: str
    recorded: str | None = None
    sha256: str | None = None
    sql: tuple[str, ...] = ()

    def opened(self, backups: MigrationBackupManager) -> AbstractContextManager[Path]:
        """Yield its data as a fully checked SQLite file, which is deleted when the block ends."""
        return backups.open_data(self.backup_id, recorded=self.recorded, sha256=self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything the executor needs, decided before it starts.

    Args:
        plan: What to do.
        script: Its SQL.
        live: The schema it starts from.
        dialect: The engine's dialect.
        evidence: What the rules judged.
        findings: What they said.
        accept: Ids the user takes on.
        managed: Columns the DocType has after the migration.
        fields: What the DocType says of its columns, by which renames are found later.
        source: The backup a rollback reads; None when it reads none.
        kept: Objects and columns of the table, or built on it, that no DocType mentions.
    """

    plan: Plan
    script: Script
    live: Schema
    dialect: Dialect
    evidence: Evidence
    findings: Findings
    accept: Accept = ()
    managed: tuple[str, ...] = ()
    fields: Mapping[str, Trait] = field(default_factory=lambda: MappingProxyType({}))
    source: Source | None = None
    kept: tuple[str, ...] = ()

    @property
    def risks(self) -> tuple[Risk, ...]:
        """(table, column) of live rows' data that the plan may take away."""
        return tuple(dict.fromkeys(_risks(self.plan, self.evidence.facts, self.dialect)))

    @property
    def on_conflict(self) -> ConflictPolicy:
        """What a rollback does with values edited since."""
        return next(filter(None, map(_conflict_policy, self.plan.operations)), "keep_newer")

    @property
    def changes(self) -> tuple[str, ...]:
        """One line a change, for the history and for people."""
        return tuple(" ".join(summary(operation)) for operation in self.plan.operations)

    def with_facts(self, facts: Facts) -> Job:
        """Return the same job judged on other facts."""
        return replace(self, evidence=replace(self.evidence, facts=facts))


def _conflict_policy(operation: Operation) -> ConflictPolicy | None:
    """Return what an operation does with later writes; None where it meets none."""
    match operation:
        case RestoreColumn(column=column, key=key, on_conflict=policy) if column != key:
            return policy
        case RestoreRows(on_conflict=policy):
            return policy
        case _:
            return None


def _risks(plan: Plan, facts: Facts, dialect: Dialect) -> Iterator[Risk]:
    for number, table, column in endangered_now(plan.operations):
        operation = plan.operations[number]
        if facts.rows.get(table, 0) and _can_lose(operation, dialect):
            yield table, column


def _can_lose(operation: object, dialect: Dialect) -> bool:
    if isinstance(operation, AlterColumn):
        return operation.fills or not dialect.keeps_values(operation.before.type, operation.after.type)
    return True  # a dropped column or table


def plan_fingerprint(plan: Plan, live: Schema) -> str:
    """Return the fingerprint of what a plan concerns, in a schema."""
    return schema_fingerprint(live, concerned(plan.operations, plan.table))
