"""LK17: many rows are filled while nobody else can write."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import AddColumn, AlterColumn
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity
from sodaf_nb.validation.large import LARGE

ABOUT = (
    About(
        rule="LK17",
        what="Rows of a large table are filled in the transaction of the change.",
        why="Every row is written while the write lock is held; other writers wait, and fail when their patience ends.",
        remedy="Add the field first, fill it in batches, then require it; or pick a quiet hour.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Warn of a backfill over a large table; a default alone is read from the catalog and writes no row."""
    for operation in evidence.plan.operations:
        rows = evidence.facts.rows.get(evidence.plan.table, 0)
        fills = isinstance(operation, (AddColumn, AlterColumn)) and operation.backfill is not None
        if fills and isinstance(operation, (AddColumn, AlterColumn)) and rows >= LARGE:
            column = operation.column if isinstance(operation, AddColumn) else operation.after
            yield Finding(
                rule="LK17",
                group=Group.OTHERS,
                severity=Severity.WARN,
                object=f"{operation.table}.{column.name}",
                message=f"{operation.table} has {counted(rows, 'row')}; filling {column.name} holds the write lock "
                "meanwhile.",
                fix="fill it in batches before it is required, or pick a quiet hour",
                count=rows,
            )
