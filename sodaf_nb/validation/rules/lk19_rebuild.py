"""LK19: a large table is rebuilt."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity
from sodaf_nb.validation.large import LARGE

ABOUT = (
    About(
        rule="LK19",
        what="A large table is rebuilt.",
        why="Every row is copied: twice the space, and nobody else can write until the commit.",
        remedy="Pick a quiet hour and check the free disk; the dry run says why, and how long it takes.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Warn of each rebuild over many rows; a new or small table is exempt."""
    for step in evidence.script.up:
        rows = evidence.facts.rows.get(step.table, 0)
        if step.path == "rebuild" and rows >= LARGE:
            yield Finding(
                rule="LK19",
                group=Group.OTHERS,
                severity=Severity.WARN,
                object=step.table,
                message=f"{step.table} is rebuilt with its {counted(rows, 'row')}: {step.why}.",
                fix="pick a quiet hour and check the free disk",
                count=rows,
            )
