"""DS07: a text column's declared length shrinks below values it holds."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import AlterColumn
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

IDS = ("DS07",)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Warn of values longer than the new length. SQLite does not cut them, so none is lost."""
    for number, operation in enumerate(evidence.plan.operations):
        long = evidence.facts.count(number, "too_long")
        if isinstance(operation, AlterColumn) and long.rows:
            name = f"{operation.table}.{operation.after.name}"
            yield Finding(
                rule="DS07",
                group=Group.DATA_LOSS_RISK,
                severity=Severity.WARN,
                object=name,
                message=f"{long.rows} values of {name} are longer than {operation.after.type}; they are kept whole.",
                fix="shorten them, or declare a greater length",
                count=long.rows,
                samples=long.samples,
            )
