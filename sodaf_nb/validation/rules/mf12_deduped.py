"""MF12: values are changed because rows share them and their field becomes unique."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sodaf_nb.options import Dedupe
from sodaf_nb.plan import DedupeColumn
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="MF12",
        what="Values are changed because rows share them and their field becomes unique.",
        why="It was asked for (`dedupe`), and only the row with the lowest key keeps the value as it is.",
        remedy="Look at the rows in the preview; all values are backed up before, and a rollback brings them back.",
    ),
)

_FATES: Mapping[Dedupe, str] = MappingProxyType(
    {"blank": "emptied there", "suffix": "followed there by the key of its row"}
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Say what the answer to a question about equal values does; it was asked for, so it stops nothing."""
    for number, operation in enumerate(evidence.plan.operations):
        later = evidence.facts.count(number, "filled")
        if isinstance(operation, DedupeColumn) and later.rows:
            name = f"{operation.table}.{operation.column}"
            yield Finding(
                rule="MF12",
                group=Group.DATA_LOSS_RISK,
                severity=Severity.WARN,
                object=name,
                message=f"{counted(later.rows, 'row holds', 'rows hold')} a value of {name} that an earlier row keeps; "
                f"it is {_FATES[operation.how]}.",
                count=later.rows,
                samples=later.samples,
            )
