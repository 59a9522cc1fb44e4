"""MF05: converted or filled values break a CHECK."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import AlterColumn
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="MF05",
        what="Values break a CHECK of the table when they are converted or filled.",
        why="The engine refuses the row when it is written; a CHECK passes on NULL, so empty rows do not count.",
        remedy="Correct those values, or fill empty ones with a value that the CHECK lets through.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report rows for which a CHECK would be false; accepting it leaves the last word to the engine."""
    for number, operation in enumerate(evidence.plan.operations):
        broken = evidence.facts.count(number, "broken_check")
        if isinstance(operation, AlterColumn) and broken.rows:
            name = f"{operation.table}.{operation.after.name}"
            yield Finding(
                rule="MF05",
                group=Group.DATA_LOSS_RISK,
                severity=Severity.BLOCK,
                object=name,
                message=f"{counted(broken.rows, f'value of {name} breaks', f'values of {name} break')} "
                f"a CHECK once it is {operation.after.type}.",
                fix="correct those values, or fill empty ones with another value",
                count=broken.rows,
                samples=broken.samples,
            )
