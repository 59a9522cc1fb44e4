"""MF03 and MF04: a required column that existing rows have no value for."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import AddColumn, AlterColumn
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Repair, Severity

ABOUT = (
    About(
        rule="MF03",
        what="A new required column has no value for the rows that are there.",
        why="The engine refuses a NULL in a column that is NOT NULL.",
        remedy="Give a value with a backfill, or a default in the DocType. It cannot be accepted.",
    ),
    About(
        rule="MF04",
        what="A column becomes required but rows have no value in it.",
        why="The engine refuses a NULL in a column that is NOT NULL.",
        remedy="Give a value with a backfill, or a default in the DocType. It cannot be accepted.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report rows that would hold NULL in a NOT NULL column; the engine would refuse them."""
    for number, operation in enumerate(evidence.plan.operations):
        empty = evidence.facts.count(number, "nulls")
        if isinstance(operation, (AddColumn, AlterColumn)) and empty.rows:
            added = isinstance(operation, AddColumn)
            column = operation.column.name if isinstance(operation, AddColumn) else operation.after.name
            name, repair = f"{operation.table}.{column}", Repair(action="backfill", column=column)
            yield Finding(
                rule="MF03" if added else "MF04",
                group=Group.DATA_LOSS_RISK,
                severity=Severity.BLOCK,
                object=name,
                message=f"{name} is required but {counted(empty.rows, 'row has', 'rows have')} no value for it.",
                fix=f"give one with {repair.said()}, or a default in the DocType",
                repair=repair,
                count=empty.rows,
                samples=empty.samples,
                acceptable=False,
            )
