"""MF01: a unique index on columns that hold duplicates."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import CreateIndex
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="MF01",
        what="A column is to be unique but holds equal values.",
        why="The engine would refuse the unique index whoever accepts it; rows without a value do not count as equal.",
        remedy="Make those values differ, or leave the field not unique. It cannot be accepted.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report groups of equal values; NULLs are distinct to the engine and do not count."""
    for number, operation in enumerate(evidence.plan.operations):
        groups = evidence.facts.count(number, "duplicates")
        if isinstance(operation, CreateIndex) and groups.rows:
            name = f"{operation.index.table}.{', '.join(operation.index.columns)}"
            yield Finding(
                rule="MF01",
                group=Group.DATA_LOSS_RISK,
                severity=Severity.BLOCK,
                object=name,
                message=f"{name} is to be unique but holds {counted(groups.rows, 'group')} of equal values.",
                fix="make those values differ, or leave the field not unique",
                count=groups.rows,
                samples=groups.samples,
                acceptable=False,
            )
