"""HY13: the structure cannot be taken back exactly."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="HY13",
        what="The structure cannot be taken back exactly.",
        why="Run up and down on an empty copy of the schema, the change did not lead back to where it began.",
        remedy="Take a copy of the database first if you may want to go back. It does not stop an apply.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Warn when running up and down on an empty copy did not lead back to the same schema."""
    if evidence.script.problem:
        yield Finding(
            rule="HY13",
            group=Group.ROLLBACK_POSSIBILITY,
            severity=Severity.WARN,
            object=evidence.plan.table,
            message=f"The change cannot be taken back exactly: {evidence.script.problem}.",
            fix="take a copy of the database first if you may want to go back",
        )
