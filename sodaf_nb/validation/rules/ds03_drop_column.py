"""DS03: a column is dropped."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import DropColumn
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Repair
from sodaf_nb.validation.severity import for_loss

ABOUT = (
    About(
        rule="DS03",
        what="A column that holds values is dropped.",
        why="The values go with the column; rows that hold only its default lose nothing and do not count.",
        remedy="Keep the column, name its new field as a rename, or accept it: the values are backed up before.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report each dropped column with the rows where it holds more than its default."""
    for number, operation in enumerate(evidence.plan.operations):
        if isinstance(operation, DropColumn):
            filled = evidence.facts.count(number, "filled")
            name = f"{operation.table}.{operation.column.name}"
            repair = Repair(action="keep", column=operation.column.name)
            yield Finding(
                rule="DS03",
                group=Group.DATA_LOSS_RISK,
                severity=for_loss(filled.rows),
                object=name,
                message=f"{name} is dropped; {counted(filled.rows, 'row holds', 'rows hold')} a value in it.",
                fix=f"keep the column ({repair.said()}), or name its new field as a rename" if filled.rows else "",
                repair=repair if filled.rows else None,
                count=filled.rows,
                samples=filled.samples,
            )
