"""DS08: values do not convert exactly to a column's new type."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import AlterColumn
from sodaf_nb.validation.evidence import Count, Evidence
from sodaf_nb.validation.findings import Finding, Group
from sodaf_nb.validation.severity import for_loss

IDS = ("DS08",)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report values that would be lost: converted back they would not be what they were."""
    for number, operation in enumerate(evidence.plan.operations):
        inexact = evidence.facts.count(number, "inexact")
        if isinstance(operation, AlterColumn) and inexact.rows:
            yield _finding(evidence, operation, inexact)


def _finding(evidence: Evidence, operation: AlterColumn, inexact: Count) -> Finding:
    name = f"{operation.table}.{operation.after.name}"
    fate = "are numbered anew" if operation.after.autoincrement else "become empty"
    unfillable = not operation.after.nullable and operation.backfill is None and operation.after.default is None
    return Finding(
        rule="DS08",
        group=Group.DATA_LOSS_RISK,
        severity=for_loss(evidence.plan, inexact.rows),
        object=name,
        message=f"{inexact.rows} values of {name} are no exact {operation.after.type} and {fate}.",
        fix="correct those values first",
        count=inexact.rows,
        samples=inexact.samples,
        acceptable=operation.after.autoincrement or not unfillable,
    )
