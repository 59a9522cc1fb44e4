"""SX01: the engine refuses a statement of the script."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="SX01",
        what="The engine refuses a statement of the script.",
        why="The script really ran on an empty copy of the schema, and a statement failed there.",
        remedy="Report it with the DocType; nothing was changed. It cannot be accepted.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report statements that failed when the script really ran on an empty copy of the schema."""
    for statement, error in evidence.syntax_errors:
        yield Finding(
            rule="SX01",
            group=Group.SQL_SYNTAX,
            severity=Severity.BLOCK,
            object=evidence.plan.table,
            message=f"The engine refuses {statement.splitlines()[0]!r}: {error}.",
            fix="report this with the DocType; nothing was changed",
            acceptable=False,
        )
