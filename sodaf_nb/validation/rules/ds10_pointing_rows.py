"""DS10: rows of other tables point to a table that is dropped."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import DropTable
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="DS10",
        what="Rows of other tables point by a foreign key to a table that is dropped.",
        why="They would point to nothing; with foreign keys on, the engine would delete them or empty their links.",
        remedy="Empty those links or drop their foreign keys first. It cannot be accepted.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report rows that would point to nothing; the executor compares foreign keys before and after."""
    for number, operation in enumerate(evidence.plan.operations):
        pointing = evidence.facts.count(number, "pointing_here")
        if isinstance(operation, DropTable) and pointing.rows:
            name = operation.table.name
            yield Finding(
                rule="DS10",
                group=Group.DATA_LOSS_RISK,
                severity=Severity.BLOCK,
                object=name,
                message=f"{counted(pointing.rows, 'row of other tables points', 'rows of other tables point')} "
                f"to {name}, which is dropped.",
                fix="empty those links or drop their foreign keys first",
                count=pointing.rows,
                samples=pointing.samples,
                acceptable=False,
            )
