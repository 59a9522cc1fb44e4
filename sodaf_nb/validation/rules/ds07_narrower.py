"""DS07: a text column's declared length shrinks below values it holds."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import AlterColumn
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="DS07",
        what="Values are longer than a text column is to allow.",
        why="SQLite keeps them whole, so nothing is lost; other databases and the application may refuse them.",
        remedy="Shorten those values, or declare a greater length. It does not stop an apply.",
    ),
)


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
                message=f"{counted(long.rows, f'value of {name} is', f'values of {name} are')} longer than "
                f"{operation.after.type}; {'it is' if long.rows == 1 else 'they are'} kept whole.",
                fix="shorten them, or declare a greater length",
                count=long.rows,
                samples=long.samples,
            )
