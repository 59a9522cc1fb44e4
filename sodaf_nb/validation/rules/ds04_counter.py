"""DS04: the number a table counts up to is lost."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import AlterColumn, DropTable, Operation, table_of
from sodaf_nb.plan.names import Origins
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="DS04",
        what="A table stops numbering its rows, or goes, and with it the highest number it gave out.",
        why="If rows are numbered again later, numbers of deleted rows come back and old links mean other rows.",
        remedy="Keep the naming rule autoincrement, or note the number. It does not stop an apply.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Warn of a counter that ends; a table that gave out no number loses none."""
    origins = Origins(evidence.plan.operations)
    for number, operation in enumerate(evidence.plan.operations):
        table = origins.table(table_of(operation), until=number) if _ends(operation) else None
        highest = evidence.facts.counters.get(table or "", 0)
        if highest and table:
            yield Finding(
                rule="DS04",
                group=Group.ROLLBACK_POSSIBILITY,
                severity=Severity.WARN,
                object=table,
                message=f"{table} has numbered its rows up to {highest} and forgets that number.",
                fix="keep the naming rule autoincrement",
            )


def _ends(operation: Operation) -> bool:
    if isinstance(operation, AlterColumn):
        return operation.before.autoincrement and not operation.after.autoincrement
    return isinstance(operation, DropTable) and any(c.autoincrement for c in operation.table.columns)
