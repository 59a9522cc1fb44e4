"""DS03: a column is dropped."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import DropColumn
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group
from sodaf_nb.validation.severity import for_loss

IDS = ("DS03",)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report each dropped column with the rows where it holds more than its default."""
    for number, operation in enumerate(evidence.plan.operations):
        if isinstance(operation, DropColumn):
            filled = evidence.facts.count(number, "filled")
            name = f"{operation.table}.{operation.column.name}"
            yield Finding(
                rule="DS03",
                group=Group.DATA_LOSS_RISK,
                severity=for_loss(evidence.plan, filled.rows),
                object=name,
                message=f"{name} is dropped; {filled.rows} rows hold a value in it.",
                fix="keep the column, or name its new field as a rename" if filled.rows else "",
                count=filled.rows,
                samples=filled.samples,
            )
