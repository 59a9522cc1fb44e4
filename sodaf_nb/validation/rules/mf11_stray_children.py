"""MF11: rows of a child table that no field of their parent leads to."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="MF11",
        what="Rows of a child table belong to a Table field that their parent no longer has.",
        why="No form shows them and no parent deletes them; a renamed Table field leaves rows like this.",
        remedy="Give the rows the new name in parentfield, or delete them. It does not stop an apply.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Warn of child rows without a field, a finding for each child table."""
    for table, strays in evidence.facts.strays.items():
        if strays.rows:
            yield Finding(
                rule="MF11",
                group=Group.OTHERS,
                severity=Severity.WARN,
                object=table,
                message=f"{counted(strays.rows, 'row')} of {table} belong{'s' * (strays.rows == 1)} to a Table field "
                f"that {evidence.plan.doctype} does not have.",
                fix="write the field's present name into parentfield, or delete those rows",
                count=strays.rows,
                samples=strays.samples,
            )
