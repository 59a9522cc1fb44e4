"""LK18: an index on a large table."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import CreateIndex
from sodaf_nb.plan.names import Origins
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity
from sodaf_nb.validation.large import LARGE

ABOUT = (
    About(
        rule="LK18",
        what="An index is made on a large table.",
        why="All rows are read and sorted while the write lock is held; readers in WAL mode go on.",
        remedy="Pick a quiet hour; the dry run says how long it took on the copy. It does not stop an apply.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Note each index on a table with many rows; on a new or small table it costs nothing worth a word."""
    origins = Origins(evidence.plan.operations)
    for number, operation in enumerate(evidence.plan.operations):
        if isinstance(operation, CreateIndex):
            rows = evidence.facts.rows.get(origins.table(operation.index.table, until=number) or "", 0)
            if rows >= LARGE:
                yield Finding(
                    rule="LK18",
                    group=Group.OTHERS,
                    severity=Severity.INFO,
                    object=str(operation.index.name),
                    message=f"The index {operation.index.name} reads {counted(rows, 'row')} "
                    "while nobody else can write.",
                    count=rows,
                )
