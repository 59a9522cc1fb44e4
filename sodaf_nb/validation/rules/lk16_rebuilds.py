"""LK16: one table is rebuilt more than once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="LK16",
        what="A plan rebuilds one table more than once.",
        why="Each rebuild copies every row while nobody else can write.",
        remedy="Apply the two halves of the change as two migrations. It does not stop an apply.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Note a table that several steps rebuild."""
    rebuilt = Counter(step.table for step in evidence.script.up if step.path == "rebuild")
    for table, times in rebuilt.items():
        if times > 1:
            yield Finding(
                rule="LK16",
                group=Group.OTHERS,
                severity=Severity.INFO,
                object=table,
                message=f"{table} is rebuilt {times} times.",
            )
