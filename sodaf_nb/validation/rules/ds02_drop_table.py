"""DS02: a table is dropped."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import DropTable
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="DS02",
        what="A table with rows is dropped.",
        why="Every row of it goes. To take back the migration that made a table does this too, with the rows since.",
        remedy="Move the rows first if they are still needed, or accept it: the whole table is backed up before.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report each dropped table with the rows it holds; an empty one is worth a note only.

    It stops a rollback too: taking back a table's first migration takes every row that came since.
    """
    for operation in evidence.plan.operations:
        if isinstance(operation, DropTable):
            name = operation.table.name
            rows = evidence.facts.rows.get(name, 0)
            yield Finding(
                rule="DS02",
                group=Group.DATA_LOSS_RISK,
                severity=Severity.BLOCK if rows else Severity.INFO,
                object=name,
                message=f"{name} is dropped with its {counted(rows, 'row')}.",
                fix="move the rows first if they are still needed" if rows else "",
                count=rows,
            )
