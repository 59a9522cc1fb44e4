"""DS08: values do not convert exactly to a column's new type."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import AlterColumn
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Count, Evidence
from sodaf_nb.validation.findings import Finding, Group, Repair
from sodaf_nb.validation.severity import for_loss

ABOUT = (
    About(
        rule="DS08",
        what="Values do not convert exactly to the new type of their column.",
        why="Converted back they would not be what they were, such as 640 p. for a number; they become empty instead.",
        remedy="Keep the type there is (`widen`), correct those values first, or accept it: they are backed up before.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report values that would be lost: converted back they would not be what they were."""
    for number, operation in enumerate(evidence.plan.operations):
        inexact = evidence.facts.count(number, "inexact")
        if isinstance(operation, AlterColumn) and inexact.rows:
            yield _finding(operation, inexact)


def _finding(operation: AlterColumn, inexact: Count) -> Finding:
    name = f"{operation.table}.{operation.after.name}"
    fates = ("is numbered anew", "are numbered anew")
    if not operation.after.autoincrement:
        fates = ("becomes empty", "become empty")
    unfillable = not operation.after.nullable and operation.backfill is None and operation.after.default is None
    repair = None if operation.after.autoincrement else Repair(action="widen", column=operation.after.name)
    return Finding(
        rule="DS08",
        group=Group.DATA_LOSS_RISK,
        severity=for_loss(inexact.rows),
        object=name,
        message=f"{counted(inexact.rows, f'value of {name} is', f'values of {name} are')} no exact "
        f"{operation.after.type} and {fates[inexact.rows != 1]}.",
        fix=f"{f'keep the type there is with {repair.said()}, or ' if repair else ''}correct those values first",
        repair=repair,
        count=inexact.rows,
        samples=inexact.samples,
        acceptable=operation.after.autoincrement or not unfillable,
    )
