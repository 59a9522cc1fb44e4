"""MF01: a unique index on columns that hold duplicates."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import CreateIndex
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

IDS = ("MF01",)


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
                message=f"{name} is to be unique but holds {groups.rows} groups of equal values.",
                fix="make those values differ, or leave the field not unique",
                count=groups.rows,
                samples=groups.samples,
                acceptable=False,
            )
