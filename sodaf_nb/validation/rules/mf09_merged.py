"""MF09: a conversion makes values equal that must be unique."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import AlterColumn
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Repair, Severity

ABOUT = (
    About(
        rule="MF09",
        what="Values that must be unique become equal when they are converted or filled.",
        why="Two spellings of one moment or number are one value afterwards, and the engine refuses the second.",
        remedy="Keep the type there is (`widen`), make those values differ, or take the unique flag away first. "
        "It cannot be accepted.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report groups that an existing unique index or key would refuse; what becomes NULL stays distinct."""
    for number, operation in enumerate(evidence.plan.operations):
        groups = evidence.facts.count(number, "merged")
        if isinstance(operation, AlterColumn) and groups.rows:
            name = f"{operation.table}.{operation.after.name}"
            repair = Repair(action="widen", column=operation.after.name) if operation.retypes else None
            yield Finding(
                rule="MF09",
                group=Group.DATA_LOSS_RISK,
                severity=Severity.BLOCK,
                object=name,
                message=f"{counted(groups.rows, 'group')} of values of {name} must be unique and would be equal as "
                f"{operation.after.type}.",
                fix=f"{f'keep the type there is with {repair.said()}, ' if repair else ''}make those values differ, "
                "or take the unique flag away first",
                repair=repair,
                count=groups.rows,
                samples=groups.samples,
                acceptable=False,
            )
