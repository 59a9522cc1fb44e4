"""MF07: rows hold what a Select does not offer."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="MF07",
        what="Rows hold a value that their Select field does not offer.",
        why="The form shows such a row but cannot save it; this happens when a choice is taken away that is in use.",
        remedy="Offer the choice again, or change those rows first. It does not stop an apply.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Warn of values beyond the choices; empty ones are no choice and do not count."""
    for column, other in evidence.facts.other_choices.items():
        if other.rows:
            name = f"{evidence.plan.table}.{column}"
            yield Finding(
                rule="MF07",
                group=Group.OTHERS,
                severity=Severity.WARN,
                object=name,
                message=f"{counted(other.rows, 'row holds', 'rows hold')} a value in {name} that is not among "
                "its choices.",
                fix="offer the choice again, or change those rows first",
                count=other.rows,
                samples=other.samples,
            )
